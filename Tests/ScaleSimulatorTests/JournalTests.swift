import Testing

@testable import ScaleSimulator

@Suite struct JournalTests {
    private static func request(_ path: String) -> JournalEntry {
        JournalEntry(
            time: Timestamp(milliseconds: 0),
            event: .request(method: "GET", path: path, operation: nil, status: 200)
        )
    }

    @Test func `the journal keeps the newest entries and numbers them through`() {
        var journal = Journal(capacity: 3)
        for number in 1...7 {
            journal.record(Self.request("/\(number)"))
        }
        #expect(journal.entries(after: 0, limit: 10).map(\.number) == [5, 6, 7])
        #expect(journal.entries(after: 5, limit: 1).map { $0.json["path"] } == ["/6"])
        #expect(journal.entries(after: 7, limit: 10).isEmpty)
        #expect(journal.entries(after: Int.max, limit: 10).isEmpty)
    }

    @Test func `a huge path does not fill the memory`() {
        var journal = Journal(capacity: 3)
        let path = String(repeating: "x", count: 1_000_000)
        journal.record(Self.request(path))
        let kept = journal.entries(after: 0, limit: 1).first?.json["path"]?.string
        #expect((kept?.utf8.count ?? .max) < 1025)
    }
}
