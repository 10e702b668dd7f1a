extension String {
    /// The beginning of what another server or program wrote, for one line of a record: with nothing that breaks the line or
    /// steers a terminal.
    init(excerptOf bytes: some Collection<UInt8>, limit: Int = 300) {
        let text = String(decoding: bytes.prefix(4 * limit), as: UTF8.self)
        var excerpt = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .format, .privateUse:
                // A run of them, such as a line break with the indentation that follows, is one gap.
                if excerpt.last != " " { excerpt += " " }
            default: excerpt.unicodeScalars.append(scalar)
            }
        }
        while excerpt.last == " " { excerpt.removeLast() }
        self = String(excerpt.drop { $0 == " " }).cut(to: limit)
    }
}
