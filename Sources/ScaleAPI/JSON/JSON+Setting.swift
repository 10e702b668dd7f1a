/// A value with one obvious form in JSON.
protocol JSONWritable {
    var written: JSON { get }
}

extension JSON: JSONWritable { var written: JSON { self } }

extension JSON.Object: JSONWritable { var written: JSON { .object(self) } }

extension String: JSONWritable { var written: JSON { .string(self) } }

extension Bool: JSONWritable { var written: JSON { .bool(self) } }

extension Int: JSONWritable { var written: JSON { .number(JSON.Number(self)) } }

/// Infinities and NaN, which JSON lacks, become null.
extension Double: JSONWritable { var written: JSON { JSON.Number(self).map { .number($0) } ?? .null } }

extension Array: JSONWritable where Element: JSONWritable { var written: JSON { .array(self.map(\.written)) } }

extension ScaleWord { var written: JSON { .string(self.rawValue) } }

extension JSON.Object {
    /// Sets a member; without a value, or with an empty list or object, there is none.
    mutating func set(_ key: String, _ value: (some JSONWritable)?) {
        guard let written = value?.written, written != .array([]), written != .object([:]) else { return }
        self[key] = written
    }

    /// Sets all members of another object.
    mutating func set(_ others: JSON.Object) {
        for member in others.members { self[member.key] = member.value }
    }

    /// An object made in steps.
    static func making(_ fill: (inout Self) -> Void) -> Self {
        var object = Self()
        fill(&object)
        return object
    }
}
