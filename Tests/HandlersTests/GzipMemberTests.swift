import Testing

@testable import Handlers

@Suite struct GzipMemberTests {
    private static let texts: [[UInt8]] = [
        Array("{}\n".utf8), [0], Array(repeating: 0x61, count: 3_000_000),
        (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) },
    ]

    @Test(arguments: Self.texts) func `what is packed is unpacked to the same, and its header says how long it is`(
        bytes: [UInt8]
    ) throws {
        let member = try present(GzipMember.packed(bytes))
        #expect(GzipMember.length(of: Array(member.prefix(GzipMember.headerLength))) == member.count)
        #expect(GzipMember.unpacked(member) == bytes)
    }

    @Test func `no member that is cut or changed anywhere is taken for whole`() throws {
        let bytes = Array(#"{"task_id": "5f127f6f26831d0010e985e5", "n": [1, 2, 3]}"#.utf8)
        let member = try present(GzipMember.packed(bytes))
        for length in 0..<member.count { #expect(GzipMember.unpacked(Array(member[..<length])) == nil) }
        for place in member.indices {
            var changed = member
            changed[place] ^= 0x40
            // The last bits before the trailer mean nothing.
            let unpacked = GzipMember.unpacked(changed)
            #expect(unpacked == nil || unpacked == bytes && place == member.count - 9, "byte \(place)")
        }
    }
}
