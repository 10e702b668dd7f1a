import CSQLite
import Callbacks

/// Filling the views with an event.
extension RuleDatabase {
    /// The longest `params` and `response` that rules can read, in bytes of JSON text.
    static let maximumDocumentLength = 1_000_000
    /// The longest of the other texts, in bytes.
    static let maximumTextLength = 100_000
    /// With more annotations than this, rules cannot read them; the same for answers and the like.
    static let maximumAnnotations = 10_000
    /// How many labels, geometries, attributes and fields are read of what was asked for, each.
    static let maximumAsked = 5000
    /// How many earlier responses and audits are read.
    static let maximumHistory = 1000

    /// A view of which some query reads something.
    struct Filling {
        let view: RuleView
        /// The columns that are read, by their numbers.
        let columns: [Int]
        let insert: OpaquePointer
        let clear: OpaquePointer
        var isEmpty = false
    }

    /// The views that are read, with the statements that fill them.
    func makeFillings(reading reads: Set<String>) throws(RuleFailure) -> [Filling] {
        var fillings: [Filling] = []
        for view in RuleView.all where reads.contains(view.name) {
            let columns = view.columns.indices.filter { reads.contains("\(view.name).\(view.columns[$0].name)") }
            // Rows are counted also when nothing in them is read.
            let names = columns.map { "\"\(view.columns[$0].name)\"" }.joined(separator: ", ")
            let marks = columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
            let clear = try self.compile("DELETE FROM \(view.name)")
            do throws(RuleFailure) {
                let values = columns.isEmpty ? "DEFAULT VALUES" : "(\(names)) VALUES (\(marks))"
                let insert = try self.compile("INSERT INTO \(view.name) \(values)")
                fillings.append(Filling(view: view, columns: columns, insert: insert, clear: clear))
            } catch {
                sqlite3_finalize(clear)
                for filling in fillings { filling.finalize() }
                throw error
            }
        }
        return fillings
    }

    /// Replaces the rows of one view by those of an event.
    func fill(_ filling: inout Filling, with event: JudgedEvent) throws(RuleFailure) {
        if !filling.isEmpty { try self.run(filling.clear) }
        let view = filling.view
        let rows: [[RuleValue]]
        do throws(RuleFailure) {
            rows = try view.rows(event, filling.columns)
        } catch {
            guard case .unavailable(let problem) = error else { throw error }
            self.unavailable[view.name] = problem
            rows = []
        }
        filling.isEmpty = rows.isEmpty
        for row in rows {
            for (place, value) in row.enumerated() {
                let column = view.columns[filling.columns[place]]
                if case .text(let text) = value, text.utf8.count > column.limit {
                    let name = "\(view.name).\(column.name)"
                    self.unavailable[name] = "\(name) is longer than \(column.limit) bytes"
                    sqlite3_bind_null(filling.insert, Int32(place + 1))
                } else {
                    Self.bind(value, to: filling.insert, at: Int32(place + 1))
                }
            }
            try self.run(filling.insert)
        }
    }
}

extension RuleDatabase.Filling {
    func finalize() {
        sqlite3_finalize(self.insert)
        sqlite3_finalize(self.clear)
    }
}
