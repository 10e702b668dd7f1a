import Foundation

/// The part of a URL after the question mark, in Scale's spelling (contract B0, T3).
struct Query: Sendable, ExpressibleByDictionaryLiteral {
    /// Keys may repeat.
    private(set) var items: [(key: String, value: String)] = []

    init(dictionaryLiteral elements: (String, String)...) {
        self.items = elements.map { (key: $0.0, value: $0.1) }
    }

    /// Adds a value, when there is one.
    mutating func add(_ key: String, _ value: String?) {
        if let value { self.items.append((key, value)) }
    }

    /// Adds a number, when there is one.
    mutating func add(_ key: String, _ number: Int?) { self.add(key, number.map(String.init)) }

    /// Adds a moment, when there is one.
    mutating func add(_ key: String, _ moment: Date?) { self.add(key, moment.map(ScaleDate.string)) }

    /// Adds a flag, when it is set.
    mutating func add(_ key: String, _ isSet: Bool) {
        if isSet { self.add(key, "true") }
    }

    /// Adds a key once for each value.
    mutating func add(_ key: String, each values: [String]) {
        for value in values { self.add(key, value) }
    }
}
