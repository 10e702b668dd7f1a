import ScaleAPI

/// The record of an audit's verdict as lines for people.
struct VerdictExplanation {
    /// How many rows of evidence are shown.
    private static let shownRows = 5

    /// One fact each, safe for a terminal.
    let lines: [String]

    /// Nil when it is not the record of a verdict.
    ///
    /// - Parameter isWithEffect: Whether there is a mode and an answer to tell.
    init?(_ detail: JSON, isWithEffect: Bool = true) {
        guard let verdict = detail["verdict"]?.string, let reason = detail["reason"]?.string else { return nil }
        var lines: [(title: String, value: String)] = []
        var by = detail["rule"]?.int.map { " by rule \($0)" } ?? ""
        if let line = detail["line"]?.int { by += " (line \(line))" }
        lines.append(("verdict", "\(verdict)\(by): \(reason)"))
        if let condition = detail["condition"]?.string {
            lines.append(("condition", [condition, detail["check"]?.string].compactMap(\.self).joined(separator: " ")))
        }
        if let error = detail["error"]?.string { lines.append(("undecided", error)) }
        if let comment = detail["comment"]?.string { lines.append(("comment", comment)) }
        let evidence = detail["evidence"]?.array ?? []
        for row in evidence.prefix(Self.shownRows) { lines.append(("evidence", Self.text(row))) }
        if evidence.count > Self.shownRows {
            lines.append(("evidence", "and \(evidence.count - Self.shownRows) more rows, see --output json"))
        }
        if isWithEffect {
            if let mode = detail["mode"]?.string { lines.append(("mode", mode)) }
            if let answer = detail["answer"]?.string { lines.append(("answer", answer)) }
        }
        self.lines = lines.map { "\($0.title): \(TerminalText.escaped($0.value))" }
    }

    /// For example `label: van, area: 12.5`.
    private static func text(_ row: JSON) -> String {
        (row.object?.members ?? [])
            .map { "\($0.key): \($0.value.string ?? $0.value.encodedString)" }.joined(separator: ", ")
    }
}
