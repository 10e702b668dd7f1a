import ScaleAPI

/// Prints rows as they come.
///
/// JSON Lines go out one by one, and so does the JSON document. A table waits for its first rows to know how wide its
/// columns are; then it goes on with these widths, so that a list without end needs no memory.
struct Listing<Item: Row, Sink: OutputSink> {
    private let format: OutputFormat
    private let sink: Sink
    private let measuredRows: Int
    private var waiting: [[String]] = []
    private var widths: [Int]?
    private var count = 0

    /// A list that goes to `sink`.
    ///
    /// - Parameter measuredRows: How many rows of a table are held back to find the widths.
    init(of item: Item.Type = Item.self, format: OutputFormat, to sink: Sink, measuredRows: Int = 1000) {
        self.format = format
        self.sink = sink
        self.measuredRows = measuredRows
    }

    /// Prints a row, or holds it back for a moment.
    mutating func add(_ row: Item) throws {
        self.count += 1
        switch self.format {
        case .jsonl:
            try self.sink.writeLine(row.json.encodedString)
        case .json:
            let separator = self.count == 1 ? #"{"items":["# : ","
            try self.sink.write(Array(separator.utf8) + row.json.encoded)
        case .table:
            let cells = row.cells.map(TerminalText.escaped)
            if self.widths != nil {
                try self.writeLine(of: cells)
            } else {
                self.waiting.append(cells)
                if self.waiting.count >= self.measuredRows { try self.flush() }
            }
        }
    }

    /// Prints what is left. Call it once, at the end.
    ///
    /// - Parameter next: What asks for the next page; nil when there is none. JSON Lines leave it out.
    mutating func finish(next: String? = nil) throws {
        switch self.format {
        case .jsonl: break
        case .json:
            let start = self.count == 0 ? #"{"items":["# : ""
            let next = next.map { JSON.string($0) } ?? .null
            try self.sink.writeLine(start + #"],"next":"# + next.encodedString + "}")
        case .table:
            if self.widths == nil { try self.flush() }
            if let next { try self.sink.writeLine("There are more: go on with --after \(TerminalText.escaped(next))") }
        }
    }

    private mutating func flush() throws {
        let titles = Item.columns.map(\.title)
        var widths = titles.map(TerminalText.width)
        for cells in self.waiting {
            for (index, cell) in cells.enumerated() where index < widths.count {
                widths[index] = max(widths[index], TerminalText.width(cell))
            }
        }
        self.widths = widths
        try self.writeLine(of: titles)
        for cells in self.waiting { try self.writeLine(of: cells) }
        self.waiting = []
    }

    private func writeLine(of cells: [String]) throws {
        var line = ""
        for (index, column) in Item.columns.enumerated() where index < cells.count {
            let padding = String(
                repeating: " ",
                count: max(0, (self.widths?[index] ?? 0) - TerminalText.width(cells[index]))
            )
            line += (index == 0 ? "" : "  ")
            line += column.alignment == .left ? cells[index] + padding : padding + cells[index]
        }
        while line.last == " " { line.removeLast() }
        try self.sink.writeLine(line)
    }
}
