import Foundation

/// Where a load goes.
struct BenchTarget: Sendable, Hashable {
    /// The host to connect to.
    let host: String
    /// The port to connect to.
    let port: Int
    /// The path, with a query when there is one.
    let path: String
    /// The value of `Host`.
    let authority: String

    /// Reads an `http` URL; nil when it is none. TLS is for a proxy to measure.
    init?(_ text: String) {
        guard let components = URLComponents(string: text), components.scheme == "http",
            let host = components.host, !host.isEmpty, components.user == nil, components.fragment == nil
        else { return nil }
        let isIPv6 = host.contains(":")
        self.host = isIPv6 ? host.trimmingCharacters(in: ["[", "]"]) : host
        self.port = components.port ?? 80
        let path = components.percentEncodedPath.isEmpty ? "/" : components.percentEncodedPath
        self.path = components.percentEncodedQuery.map { "\(path)?\($0)" } ?? path
        let name = isIPv6 ? "[\(self.host)]" : host
        self.authority = components.port.map { "\(name):\($0)" } ?? name
        guard (1...65_535).contains(self.port), self.path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            self.authority.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
    }
}
