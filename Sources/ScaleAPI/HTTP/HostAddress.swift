import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The addresses of hosts, and which of them are out in the world.
enum HostAddress {
    /// Whether an address in figures belongs to the public internet.
    ///
    /// By the registries of RFC 6890: not this machine, not a private network, not the link, nothing reserved. An IPv6
    /// address that stands for an IPv4 one is judged by that. What is no address in figures is not public.
    static func isPublic(_ address: String) -> Bool {
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, address, &four) == 1 { return Self.isPublic(four: four[...]) }
        var six = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, address, &six) == 1 else { return false }
        let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]
        let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B] + Array(repeating: 0, count: 8)
        if six.starts(with: mapped) || six.starts(with: translated) { return Self.isPublic(four: six[12...]) }
        // 6to4.
        if six.starts(with: [0x20, 0x02]) { return Self.isPublic(four: six[2..<6]) }
        // Of the rest only global unicast (2000::/3), without the special blocks 2001::/23 and documentation.
        return six[0] & 0xE0 == 0x20
            && !(six[0] == 0x20 && six[1] == 0x01 && six[2] < 2)
            && !six.starts(with: [0x20, 0x01, 0x0D, 0xB8])
            && !(six[0] == 0x3F && six[1] == 0xFF && six[2] < 0x10)
    }

    /// Whether a host is an address in figures that is not public, or this machine by one of its usual names.
    ///
    /// IPv4 addresses have more spellings than one, such as `127.1` and `0x7f000001`, and a dot may end any name.
    static func isPrivate(_ host: String) -> Bool {
        let name = (host.hasSuffix(".") ? host.dropLast() : host[...]).lowercased()
        var four = in_addr()
        if inet_aton(name, &four) != 0 {
            return !withUnsafeBytes(of: four.s_addr) { Self.isPublic(four: Array($0)[...]) }
        }
        var six = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, name, &six) == 1 { return !Self.isPublic(name) }
        return name == "localhost" || name.hasSuffix(".localhost")
    }

    /// The address that a host is when it is one in figures, in any spelling; nil for a name.
    static func figures(_ host: String) -> String? {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        var four = in_addr()
        if inet_aton(name, &four) != 0 {
            return withUnsafeBytes(of: four.s_addr) { $0.map(String.init).joined(separator: ".") }
        }
        var six = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, name, &six) == 1 ? name : nil
    }

    private static func isPublic(four bytes: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(bytes)
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (224..., _, _): return false
        case (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 168, _), (198, 18...19, _): return false
        case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 51, 100), (203, 0, 113): return false
        default: return true
        }
    }

    /// The addresses of a host as the system knows them, in figures; empty when it knows none.
    ///
    /// The system's resolver cannot be interrupted; a cancelled caller does not wait for it.
    static func look(up host: String) async throws -> [String] {
        let (answers, continuation) = AsyncStream.makeStream(of: [String].self)
        NIOThreadPool.singleton.submit { state in
            continuation.yield(state == .active ? Self.blockingLook(up: host) : [])
            continuation.finish()
        }
        for await addresses in answers { return addresses }
        throw CancellationError()
    }

    private static func blockingLook(up host: String) -> [String] {
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, nil, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        var next = first
        while let entry = next {
            var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let length = socklen_t(name.count)
            if getnameinfo(entry.pointee.ai_addr, entry.pointee.ai_addrlen, &name, length, nil, 0, NI_NUMERICHOST) == 0
            {
                let address = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                // Each address comes once per kind of socket.
                if !addresses.contains(address) { addresses.append(address) }
            }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}
