import NIOHTTP1
import Testing

@testable import CallbackServer

/// The one pass over the fields of a head finds what a search for each name would find.
@Suite struct HeadFieldsTests {
    private static let names = [
        "host", "expect", "upgrade", "content-length", "content-encoding", "transfer-encoding", "scale-callback-auth",
    ]
    /// Of the same lengths, and not the same.
    private static let others = [
        "hosT\u{1}", "hos\u{14}", "accept", "upgrad_", "content_length", "contentMlength", "content-encodinG-",
        "scale-callback-aut", "scale-callback-auth2", "", "\u{212A}ost",
    ]

    private func expectSame(_ fields: [(String, String)], sourceLocation: SourceLocation = #_sourceLocation) {
        let headers = HTTPHeaders(fields)
        let found = HeadFields(headers)
        let hosts = headers["host"]
            .flatMap { $0.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) }
        #expect(found.hostCount == hosts.count, sourceLocation: sourceLocation)
        #expect(found.keys == headers["scale-callback-auth"], sourceLocation: sourceLocation)
        #expect(found.contentLength == headers.first(name: "content-length"), sourceLocation: sourceLocation)
        #expect(found.hasContentEncoding == headers.contains(name: "content-encoding"), sourceLocation: sourceLocation)
        #expect(
            found.hasTransferEncoding == headers.contains(name: "transfer-encoding"),
            sourceLocation: sourceLocation
        )
        #expect(found.hasExpectation == headers.contains(name: "expect"), sourceLocation: sourceLocation)
        #expect(found.hasUpgrade == headers.contains(name: "upgrade"), sourceLocation: sourceLocation)
    }

    @Test func `every name is found in any case, once or more often, among others`() {
        self.expectSame([])
        for name in Self.names {
            for spelling in [name, name.uppercased(), name.prefix(1).uppercased() + name.dropFirst()] {
                self.expectSame([(spelling, "a")])
                self.expectSame([("accept", "x"), (spelling, "a"), (name, "b"), ("cookie", "y")])
            }
        }
        self.expectSame(Self.names.map { ($0, "1") } + Self.names.reversed().map { ($0.uppercased(), "2") })
    }

    @Test func `no other name is taken for one of them`() {
        for name in Self.others where !name.utf8.contains(where: { $0 >= 0x80 || $0 < 0x20 }) {
            self.expectSame([(name, "a")])
        }
        let found = HeadFields(HTTPHeaders(Self.others.map { ($0, "a") }))
        #expect(found.hostCount == 0 && found.keys.isEmpty && found.contentLength == nil)
        #expect(!found.hasContentEncoding && !found.hasTransferEncoding && !found.hasExpectation && !found.hasUpgrade)
    }

    @Test(arguments: ["", "a", "a,b", ",", "a,", ",a", ",,", "a, b ,c", " ", "a,\u{301}b", "\u{301}"])
    func `hosts are counted as a list`(value: String) {
        self.expectSame([("Host", value)])
        self.expectSame([("Host", value), ("hOST", "x")])
    }
}
