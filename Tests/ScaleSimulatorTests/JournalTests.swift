import Testing

@testable import ScaleSimulator

@Suite struct JournalTests {
    @Test func `the journal keeps the newest entries and numbers them through`() {
        var journal = Journal(capacity: 3)
        for number in 1...7 {
            journal.record(
                .request(method: "GET", path: "/\(number)", status: 200),
                mode: .live,
                at: Timestamp(milliseconds: 0)
            )
        }
        #expect(journal.entries(after: 0, limit: 10).map(\.number) == [5, 6, 7])
        #expect(journal.entries(after: 5, limit: 1).map { $0.json["path"] } == ["/6"])
        #expect(journal.entries(after: 7, limit: 10).isEmpty)
        #expect(journal.entries(after: Int.max, limit: 10).isEmpty)
    }

    @Test func `a huge path does not fill the memory`() {
        var journal = Journal(capacity: 3)
        let path = String(repeating: "x", count: 1_000_000)
        journal.record(.request(method: "GET", path: path, status: 200), mode: nil, at: Timestamp(milliseconds: 0))
        let kept = journal.entries(after: 0, limit: 1).first?.json["path"]?.string
        #expect((kept?.utf8.count ?? .max) < 1025)
    }
}
