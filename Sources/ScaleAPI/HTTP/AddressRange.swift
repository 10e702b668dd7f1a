#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A range of IP addresses, such as `10.1.0.0/16` or `fd00::/8`; one address is a range too.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    private let bytes: [UInt8]
    private let prefix: Int

    /// The range as it was written.
    package let description: String

    /// Reads an address, or the first of a range with the length of their common prefix behind a slash.
    ///
    /// - Returns: nil for anything else, also for bits behind the prefix, which hint at a mistake.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = Self.bytes(of: String(parts[0])) else { return nil }
        var prefix = bytes.count * 8
        if parts.count == 2 {
            guard let length = Int(parts[1]), (0...prefix).contains(length), String(length) == parts[1] else {
                return nil
            }
            prefix = length
        }
        guard (prefix..<bytes.count * 8).allSatisfy({ bytes[$0 / 8] & (0x80 >> UInt8($0 % 8)) == 0 }) else {
            return nil
        }
        self.bytes = bytes
        self.prefix = prefix
        self.description = text
    }

    /// Whether an address in figures is in the range. An IPv6 address that stands for an IPv4 one is that one.
    package func contains(_ address: String) -> Bool {
        guard var other = Self.bytes(of: address) else { return false }
        if self.bytes.count == 4, other.starts(with: Self.mapped) { other = Array(other[12...]) }
        guard other.count == self.bytes.count else { return false }
        return (0..<self.prefix).allSatisfy { (self.bytes[$0 / 8] ^ other[$0 / 8]) & (0x80 >> UInt8($0 % 8)) == 0 }
    }

    /// This machine and the networks for private use (RFC 1918, RFC 4193); not the link, where clouds keep metadata.
    package static let privateNetworks =
        ["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"].compactMap { Self($0) }

    private static let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]

    private static func bytes(of address: String) -> [UInt8]? {
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, address, &four) == 1 { return four }
        var six = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, address, &six) == 1 ? six : nil
    }
}
