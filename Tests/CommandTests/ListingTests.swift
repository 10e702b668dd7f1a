import ScaleAPI
import Testing

@testable import CallbackService

@Suite struct ListingTests {
    private struct Fruit: Row {
        static var columns: [Column] { [.text("NAME"), .number("COUNT"), .text("NOTE")] }
        var name: String
        var count: Int
        var note = ""
        var cells: [String] { [self.name, "\(self.count)", self.note] }
        var json: JSON { ["name": .string(self.name), "count": .number(JSON.Number(self.count))] }
    }

    private static func output(
        _ format: OutputFormat,
        _ rows: [Fruit],
        next: String? = nil,
        measuredRows: Int = 1000
    ) throws -> String {
        let sink = MemorySink()
        var listing = Listing(of: Fruit.self, format: format, to: sink, measuredRows: measuredRows)
        for row in rows { try listing.add(row) }
        try listing.finish(next: next)
        return sink.text
    }

    @Test func `a table aligns by the width that a terminal shows`() throws {
        let rows = [
            Fruit(name: "apple", count: 3), Fruit(name: "林檎", count: 12_000, note: "wide"),
            Fruit(name: "cafe\u{301} 🍏", count: 0, note: "end"),
        ]
        #expect(
            try Self.output(.table, rows, next: "c4") == """
                NAME     COUNT  NOTE
                apple        3
                林檎     12000  wide
                cafe\u{301} 🍏      0  end
                There are more: go on with --after c4

                """
        )
    }

    @Test func `text from outside cannot steer the terminal`() throws {
        let rows = [Fruit(name: "a\u{1B}[2J\nb\u{202E}c\u{85}\u{200B}\t", count: 1)]
        let escaped = #"a\u{1b}[2J\nb\u{202e}c\u{85}\u{200b}\t"#
        let padding = String(repeating: " ", count: escaped.count - "NAME".count)
        #expect(try Self.output(.table, rows) == "NAME\(padding)  COUNT  NOTE\n\(escaped)      1\n")
    }

    @Test func `JSON is one document with the next page's token`() throws {
        #expect(try Self.output(.json, []) == "{\"items\":[],\"next\":null}\n")
        #expect(
            try Self.output(.json, [Fruit(name: "a\n", count: 1), Fruit(name: "b", count: 2)], next: "x")
                == #"{"items":[{"name":"a\n","count":1},{"name":"b","count":2}],"next":"x"}"# + "\n"
        )
    }

    @Test func `JSON Lines come one by one`() throws {
        let sink = MemorySink()
        var listing = Listing(of: Fruit.self, format: .jsonl, to: sink)
        try listing.add(Fruit(name: "a", count: 1))
        #expect(sink.text == "{\"name\":\"a\",\"count\":1}\n")
        try listing.add(Fruit(name: "b", count: 2))
        try listing.finish(next: "x")
        #expect(sink.text == "{\"name\":\"a\",\"count\":1}\n{\"name\":\"b\",\"count\":2}\n")
    }

    @Test func `a long table goes on with the widths of its first rows`() throws {
        let rows = [Fruit(name: "a", count: 1), Fruit(name: "longer", count: 2), Fruit(name: "longest", count: 3)]
        #expect(
            try Self.output(.table, rows, measuredRows: 2) == """
                NAME    COUNT  NOTE
                a           1
                longer      2
                longest      3

                """
        )
    }
}
