import Synchronization

extension World {
    /// Where the simulator is reached, without `/v1`; empty until it listens.
    ///
    /// URLs in answers begin with it. The Host header of a request is never used: anyone may write anything there.
    var rootURL: String { self.read { $0.live.responses.results.root } }

    /// Says where the simulator listens.
    func listens(at port: Int) {
        var address = self.configuration.address
        // An address for all interfaces is none to dial.
        if address == "0.0.0.0" { address = "127.0.0.1" }
        if address == "::" { address = "::1" }
        let root = self.configuration.publicURL ?? "http://\(address.contains(":") ? "[\(address)]" : address):\(port)"
        let results = ResultURLs(root: root, areSecure: self.configuration.secureResultURLs)
        self.state.withLock { state in
            state.live.responses.results = results
            state.test.responses.results = results
        }
    }
}
