/// A table that rules can read: what it holds, and how it is filled from an event.
///
/// All of them are in `all`. Only the columns that some rule reads are filled.
package struct RuleView: Sendable {
    /// A column of a view.
    package struct Column: Sendable, Hashable {
        /// Its name in SQL.
        package let name: String
        /// What stands in it.
        package let meaning: String
        /// The longest text that rules can read in it, in bytes.
        let limit: Int
    }

    /// A column with a way to read it from a row.
    struct Field<Row> {
        let column: Column
        let value: @Sendable (Row) -> RuleValue

        init(
            _ name: String,
            _ meaning: String,
            limit: Int = RuleDatabase.maximumTextLength,
            _ value: @escaping @Sendable (Row) -> RuleValue
        ) {
            self.column = Column(name: name, meaning: meaning, limit: limit)
            self.value = value
        }
    }

    /// Its name in SQL.
    package let name: String
    /// What a row stands for.
    package let meaning: String
    /// Its columns in their order. One named `position` is the key, so that rows come in its order.
    package let columns: [Column]

    /// The values of some columns, by their numbers, row by row.
    ///
    /// It throws `RuleFailure.unavailable` when an event does not have them in readable form. To give no rows then
    /// would let
    /// a task pass that nobody has looked at.
    let rows: @Sendable (JudgedEvent, _ columns: [Int]) throws(RuleFailure) -> [[RuleValue]]

    init<Row>(
        _ name: String,
        _ meaning: String,
        _ fields: [Field<Row>],
        rows: @escaping @Sendable (JudgedEvent) throws(RuleFailure) -> [Row]
    ) {
        self.name = name
        self.meaning = meaning
        self.columns = fields.map(\.column)
        let values = fields.map(\.value)
        self.rows = { event, columns throws(RuleFailure) in
            let wanted = columns.map { values[$0] }
            return try rows(event).map { row in wanted.map { $0(row) } }
        }
    }

    /// The statement that makes its table.
    var definition: String {
        let columns = self.columns.map { $0.name == "position" ? "position INTEGER PRIMARY KEY" : "\"\($0.name)\"" }
        return "CREATE TABLE \(self.name) (\(columns.joined(separator: ", ")))"
    }
}

extension RuleView {
    /// Every view, the most used first.
    package static let all: [RuleView] = [
        task, annotations, answers, entities, links, segments, files, pages, history, labels, geometries, attributes,
        fields,
    ]
}
