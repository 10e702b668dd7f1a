/// Decides whether a callback may be sent, before anything is resolved or dialled.
///
/// A simulator must not knock at strangers' doors: payloads out of documentation name real hosts. So only loopback
/// addresses are dialled, and the hosts that were allowed by name.
enum CallbackTarget: Sendable, Equatable {
    /// Dial this URL. `localhost` is already replaced by 127.0.0.1; `host` is for the Host header.
    case dial(url: String, host: String)

    /// Do not send, for this reason.
    case notSent(reason: String)

    /// Judges a `callback_url`.
    ///
    /// - Parameters:
    ///   - text: The URL as the task or batch names it.
    ///   - allowedHosts: Names in small letters which may be resolved and dialled.
    init(_ text: String?, allowedHosts: Set<String>) {
        guard let text, !text.isEmpty else {
            self = .notSent(reason: "no callback URL")
            return
        }
        let lowered = text.lowercased()
        guard let scheme = ["http://", "https://"].first(where: { lowered.hasPrefix($0) }) else {
            let isEmail = text.contains("@")
            self = .notSent(reason: isEmail ? "an email address; the simulator sends no mail" : "not an http URL")
            return
        }
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        let end = rest.firstIndex { [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
        let authority = String(Substring(rest[..<(end ?? rest.endIndex)])).lowercased()
        let path = String(Substring(rest[(end ?? rest.endIndex)...]).prefix { $0 != "#" })
        // Whoever reads the URL after us must not see another host than we do: nothing unusual passes.
        guard let (host, port) = Self.split(authority), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !path.utf8.contains(UInt8(ascii: "\\"))
        else {
            self = .notSent(reason: "the URL is not plain")
            return
        }
        let dialled: String
        switch host {
        case "localhost": dialled = "127.0.0.1"
        case "[::1]": dialled = host
        case _ where Self.isLoopback(host) || allowedHosts.contains(host): dialled = host
        default:
            self = .notSent(reason: "the host is not on loopback; allow it with --allow-callbacks-to \(host)")
            return
        }
        let separator = path.hasPrefix("?") ? "/" : ""
        self = .dial(url: scheme + dialled + (port.map { ":\($0)" } ?? "") + separator + path, host: authority)
    }

    /// Host and port of an authority without user information; nil for anything out of the ordinary.
    private static func split(_ authority: String) -> (host: String, port: Int?)? {
        var host = Substring(authority)
        var port: Int?
        if let colon = authority.lastIndex(of: ":"), authority[colon...].contains("]") == false {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
                (1...65535).contains(number)
            else { return nil }
            host = authority[..<colon]
            port = number
        }
        if host == "[::1]" { return ("[::1]", port) }
        let isPlain = host.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
        }
        guard isPlain, !host.isEmpty else { return nil }
        return (String(host), port)
    }

    /// Four plain decimal numbers, the first of them 127.
    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "127" else { return false }
        return parts.allSatisfy { part in
            guard let number = Int(part), (0...255).contains(number) else { return false }
            return String(number) == part
        }
    }
}
