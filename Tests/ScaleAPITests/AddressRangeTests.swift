import Testing

@testable import ScaleAPI

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false), ("0.0.0.0/0", "127.0.0.1", true), ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ("10.128.0.0/9", "10.127.0.1", false), ("10.128.0.0/9", "10.128.0.1", true), ("fd00::/8", "fd12::1", true),
        ("fd00::/8", "fc12::1", false), ("::1", "::1", true), ("::/0", "10.0.0.1", false),
        ("0.0.0.0/0", "fd12::1", false), ("10.0.0.0/8", "localhost", false), ("fe80::/10", "fe80::1%lo", false),
        ("10.0.0.0/8", "10.1", false),
    ]) func `a range holds the addresses with its prefix`(range: String, address: String, expected: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(address) == expected)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.1/8",
        "fd00::1/8",
        "fd00::/129", "10.1/16", "host/8", "10.0.0.0/8/8", " 10.0.0.0/8", "10.0.0.0 /8", "fe80::1%lo",
    ]) func `what is no range is refused`(text: String) { #expect(AddressRange(text) == nil) }

    @Test(arguments: [
        ("127.0.0.1", true), ("10.9.9.9", true), ("172.31.0.1", true), ("192.168.7.7", true), ("::1", true),
        ("fd00::1", true), ("169.254.169.254", false), ("fe80::1", false), ("100.64.0.1", false), ("0.0.0.0", false),
        ("224.0.0.1", false), ("8.8.8.8", false),
    ]) func `private networks are this machine and those for private use`(address: String, expected: Bool) {
        #expect(AddressRange.privateNetworks.contains { $0.contains(address) } == expected)
        #expect(AddressRange.privateNetworks.count == 6)
    }
}
