import Foundation

/// Where a result file is, checked: URLs of files come from the wire, so they may be anything.
struct ResultLocation: Sendable, Hashable {
    /// Why a URL is not followed.
    struct Refusal: Error { let reason: String }

    /// The URL as it came.
    let url: String
    /// Whether it is `https`.
    let isEncrypted: Bool
    /// The name or address, without brackets.
    let host: String
    let port: Int

    /// Longer ones are no addresses of files; presigned ones have some 2,000 characters.
    static let maximumLength = 8192

    /// Checks a URL: `http` or `https`, a host, no user name, nothing that two parsers could read in two ways.
    init(_ url: String) throws(Refusal) {
        guard url.utf8.count <= Self.maximumLength else { throw Refusal(reason: "the URL is too long") }
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
            let parsed = URL(string: url)
        else { throw Refusal(reason: "the URL holds characters that no URL has") }
        let scheme = parsed.scheme?.lowercased()
        guard scheme == "https" || scheme == "http" else { throw Refusal(reason: "the URL is neither https nor http") }
        let authority = Self.authority(of: url)
        guard parsed.user == nil, parsed.password == nil, !authority.contains("@") else {
            throw Refusal(reason: "the URL holds a user name")
        }
        var host = parsed.host ?? ""
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let isEncrypted = scheme == "https"
        let port = parsed.port ?? (isEncrypted ? 443 : 80)
        // Behind `%` any character can hide.
        guard !host.isEmpty, host.utf8.allSatisfy(Self.canStandInHost), !authority.contains("%"),
            (1...65_535).contains(port)
        else {
            throw Refusal(reason: "the URL has no proper host")
        }
        self.url = url
        self.isEncrypted = isEncrypted
        self.host = host
        self.port = port
    }

    /// Where a redirect from here leads to.
    func redirected(to target: String) throws(Refusal) -> ResultLocation {
        guard let url = URL(string: target, relativeTo: URL(string: self.url)) else {
            throw Refusal(reason: "the redirect leads nowhere")
        }
        let next = try ResultLocation(url.absoluteURL.absoluteString)
        guard next.isEncrypted || !self.isEncrypted else { throw Refusal(reason: "the redirect gives up encryption") }
        return next
    }

    /// Whether it is at the same scheme, host and port, which is what a server's credentials are for.
    func hasSameOrigin(as other: ResultLocation) -> Bool {
        self.isEncrypted == other.isEncrypted && self.port == other.port
            && self.host.lowercased() == other.host.lowercased()
    }

    private static func authority(of url: String) -> Substring {
        guard let start = url.firstRange(of: "//")?.upperBound else { return "" }
        return url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    }

    /// Letters, digits and what stands between them in names and addresses.
    private static func canStandInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
