import ScaleAPI

/// Something that is listed: cells for people, JSON for programs.
protocol Row {
    /// The columns, in their order.
    static var columns: [Column] { get }
    /// One text per column; it need not be safe for a terminal.
    var cells: [String] { get }
    /// All that is known, with camelCase keys.
    var json: JSON { get }
}

/// One column of a table.
struct Column: Sendable, Hashable {
    /// Which side the cells stand on.
    enum Alignment: Sendable, Hashable {
        /// Text.
        case left
        /// Numbers.
        case right
    }

    /// What is written above.
    var title: String
    /// Which side the cells stand on.
    var alignment: Alignment = .left

    /// A column of texts.
    static func text(_ title: String) -> Column { Column(title: title) }

    /// A column of numbers.
    static func number(_ title: String) -> Column { Column(title: title, alignment: .right) }
}
