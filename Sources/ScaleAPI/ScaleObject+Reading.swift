import Foundation

extension JSON {
    /// The object, when it has a string under `key` that is not empty: what makes it a task, a batch and so on.
    func object(identifiedBy key: String) -> JSON.Object? {
        guard let object = self.object, let id = object[key]?.string, !id.isEmpty else { return nil }
        return object
    }

    /// The elements of a list, or the one value where Scale sends it without a list; none when missing or null.
    ///
    /// Scale does both for the same field (contract C4).
    var oneOrMany: [JSON] {
        switch self {
        case .null: []
        case .array(let elements): elements
        default: [self]
        }
    }
}

extension JSON.Object {
    /// The value of the first of these keys that has one.
    ///
    /// Sources name some fields in two ways, and null means the same as a missing key (contract C4).
    func first(of keys: String...) -> JSON? {
        for key in keys {
            if let value = self[key], !value.isNull { return value }
        }
        return nil
    }
}

extension ScaleObject {
    /// The moment under `key`.
    func date(_ key: String) -> Date? { self.json[key]?.string.flatMap(ScaleDate.date(from:)) }

    /// The string under `key`, empty when there is none.
    func text(_ key: String) -> String { self.json[key]?.string ?? "" }

    /// The strings of the list under `key`.
    func strings(_ key: String) -> [String] { self.json[key]?.array?.compactMap(\.string) ?? [] }

    /// The objects of the list under `key` that are what they should be.
    func objects<Object: ScaleObject>(_ key: String, as type: Object.Type = Object.self) -> [Object] {
        self.json[key]?.array?.compactMap(Object.init(json:)) ?? []
    }
}
