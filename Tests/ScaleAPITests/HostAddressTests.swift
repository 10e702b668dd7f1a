import Testing

@testable import ScaleAPI

@Suite(.timeLimit(.minutes(1))) struct HostAddressTests {
    @Test(arguments: [
        "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.0.1", "100.128.0.1", "192.167.0.1",
        "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ])
    func `an address of the internet is public`(address: String) {
        #expect(HostAddress.isPublic(address))
    }

    @Test(arguments: [
        "0.0.0.0", "10.1.2.3", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "100.64.0.1", "100.127.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.19.0.1",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1",
        "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::1",
        "2001::1", "2001:db8::1", "fe80::1%lo", "localhost", "", "1.2.3",
    ])
    func `every other is not`(address: String) {
        #expect(!HostAddress.isPublic(address))
    }

    @Test(arguments: [
        "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0x7F000001", "10.0.0.1.", "192.168.257", "::1",
        "fd12::1", "localhost", "LocalHost.", "a.localhost", "0",
    ])
    func `a private host is known in all spellings`(host: String) {
        #expect(HostAddress.isPrivate(host))
    }

    @Test(arguments: ["8.8.8.8", "134744072", "0x8.8.8.8", "2606:4700::1111", "example.com", "localhost.com", "", "."])
    func `other hosts are not private`(host: String) {
        #expect(!HostAddress.isPrivate(host))
    }

    @Test func `this machine is known by its name`() async throws {
        let addresses = try await HostAddress.look(up: "localhost")
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { !HostAddress.isPublic($0) })
    }
}
