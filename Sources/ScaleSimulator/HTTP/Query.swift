/// The parameters behind the question mark, decoded.
///
/// A name may occur many times.
struct Query: Sendable {
    /// A time range whose ends count as inside; without an end it is open there.
    struct TimeRange: Sendable {
        var lowest: Timestamp?
        var highest: Timestamp?

        /// Whether it has no ends.
        var isOpen: Bool { self.lowest == nil && self.highest == nil }

        /// Whether the time is inside; no time at all is inside only when the range has no ends.
        func contains(_ time: Timestamp?) -> Bool {
            guard let time else { return self.isOpen }
            return time >= self.lowest ?? time && time <= self.highest ?? time
        }
    }

    private let items: [(name: String, value: String)]

    /// - Throws: 400 when it is not properly percent-encoded UTF-8.
    init(_ text: String?) throws(APIError) {
        var items: [(name: String, value: String)] = []
        for item in (text ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(parts[0], plusIsBlank: true),
                let value = PercentCoding.decode(
                    parts.count > 1 ? parts[1] : parts[0][...].prefix(0),
                    plusIsBlank: true
                )
            else { throw .badRequest("The query is not properly encoded.") }
            items.append((name, value))
        }
        self.items = items
    }

    /// The first value with this name that is not empty.
    subscript(name: String) -> String? {
        self.items.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    /// Every value with this name that is not empty.
    func all(_ name: String) -> [String] { self.items.filter { $0.name == name && !$0.value.isEmpty }.map(\.value) }

    /// A whole number, nil when absent; anything else and everything outside the range is a 400.
    func int(_ name: String, within range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw .invalid("\"\(name)\" must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The page size of Scale's lists: 1 to 100, else 100.
    func limit() throws(APIError) -> Int { try self.int("limit", within: 1...100) ?? 100 }

    /// `true`, `false`, and the capitals of Python; nil when absent, 400 for anything else.
    func bool(_ name: String) throws(APIError) -> Bool? {
        guard let text = self[name] else { return nil }
        switch text.lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default: throw .invalid("\"\(name)\" must be a boolean")
        }
    }

    /// One of the words of an enumeration, nil when absent; anything else is a 400 that lists them.
    func choice<Value>(_ name: String) throws(APIError) -> Value?
    where Value: RawRepresentable<String> & CaseIterable {
        guard let text = self[name] else { return nil }
        guard let value = Value(rawValue: text) else {
            throw .invalid("\"\(name)\" must be \(Value.allCases.map(\.rawValue).joined(separator: " or "))")
        }
        return value
    }

    /// The time range between two parameters.
    func range(_ lowest: String, _ highest: String) throws(APIError) -> TimeRange {
        TimeRange(lowest: try self.time(lowest), highest: try self.time(highest))
    }

    private func time(_ name: String) throws(APIError) -> Timestamp? {
        guard let text = self[name] else { return nil }
        guard let time = Timestamp(text) else { throw .invalid("\"\(name)\" must be a date") }
        return time
    }
}
