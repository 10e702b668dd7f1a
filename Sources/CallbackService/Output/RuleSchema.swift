import Handlers
import ScaleAPI

/// What rules can read and use, from the descriptions by which they are compiled.
struct RuleSchema {
    /// Prints it: one JSON document, a document a line for each thing, or a page for people.
    func write(as format: OutputFormat, to sink: some OutputSink) throws {
        switch format {
        case .json:
            let object: JSON = [
                "views": .array(RuleView.all.map(\.json)),
                "functions": .array(RuleFunction.all.map(\.json)),
                "sqlite_functions": .array(AuditHandler.functionNames.map { .string($0) }),
                "checks": .array(Check.all.map(\.json)),
            ]
            try sink.writeLine(object.encodedString)
        case .jsonl:
            for (kind, documents) in [
                ("view", RuleView.all.map(\.json)), ("function", RuleFunction.all.map(\.json)),
                ("check", Check.all.map(\.json)),
            ] {
                for document in documents {
                    var object: JSON.Object = ["kind": .string(kind)]
                    for member in document.object?.members ?? [] { object[member.key] = member.value }
                    try sink.writeLine(JSON.object(object).encodedString)
                }
            }
        case .table:
            try self.writePage(to: sink)
        }
    }

    private func writePage(to sink: some OutputSink) throws {
        try sink.writeLine("VIEWS: tables that `when` and `find` can read")
        for view in RuleView.all {
            try sink.writeLine("\n\(view.name): \(view.meaning)")
            try Self.write(view.columns.map { ($0.name, $0.meaning) }, to: sink)
        }
        try sink.writeLine("\nFUNCTIONS\n")
        try Self.write(RuleFunction.all.map { ($0.signature, $0.meaning) }, to: sink)
        try sink.writeLine("\nand of SQLite's own: \(AuditHandler.functionNames.joined(separator: " "))")
        try sink.writeLine("\nCHECKS: for `check`, with their parameters beside it")
        for check in Check.all {
            try sink.writeLine("\n\(check.name): \(check.finds)")
            try Self.write(
                check.parameters.map { ($0.name, $0.isRequired ? "\($0.meaning) (required)" : $0.meaning) },
                to: sink
            )
            try sink.writeLine("  columns for the text: \(check.columns.joined(separator: " "))")
        }
    }

    private static func write(_ rows: [(name: String, meaning: String)], to sink: some OutputSink) throws {
        let width = rows.map(\.name.count).max() ?? 0
        for row in rows {
            try sink.writeLine("  \(row.name)\(String(repeating: " ", count: width - row.name.count))  \(row.meaning)")
        }
    }
}

extension RuleView {
    fileprivate var json: JSON {
        [
            "name": .string(self.name),
            "meaning": .string(self.meaning),
            "columns": .array(self.columns.map { ["name": .string($0.name), "meaning": .string($0.meaning)] }),
        ]
    }
}

extension RuleFunction {
    fileprivate var json: JSON { ["signature": .string(self.signature), "meaning": .string(self.meaning)] }
}

extension Check {
    fileprivate var json: JSON {
        [
            "name": .string(self.name),
            "finds": .string(self.finds),
            "parameters": .array(
                self.parameters.map { parameter in
                    [
                        "name": .string(parameter.name),
                        "meaning": .string(parameter.meaning),
                        "default": JSON(parameter.defaultText),
                        "required": .bool(parameter.isRequired),
                    ]
                }
            ),
            "columns": .array(self.columns.map { .string($0) }),
        ]
    }
}
