import Glibc

/// How many files, connections among them, this process may have open.
enum OpenFileLimit {
    /// What is left to the store, the handlers and the console.
    static let reserve = 200

    /// Asks for as many as the system allows without a privilege. Many systems allow 1024 until somebody asks.
    ///
    /// - Returns: How many may be open now.
    static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many connections fit beside all else.
    static func connections(of wanted: Int, files: Int) -> Int { max(1, min(wanted, files - self.reserve)) }
}
