/// Reads the body of a control call member by member, and knows at its end whether there was one too many.
struct ControlBody {
    private var rest: JSONObject

    /// - Throws: 400 when the body is no JSON object.
    init(_ body: JSON?) throws(APIError) {
        guard let object = body?.object else { throw .notAnObject }
        self.rest = object
    }

    /// A string, nil when absent.
    mutating func text(_ name: String) throws(APIError) -> String? {
        guard let value = self.take(name) else { return nil }
        guard let text = value.string, text.utf8.count <= Realm.maximumStringBytes else {
            throw .invalid("\"\(name)\" must be a string of at most \(Realm.maximumStringBytes) bytes")
        }
        return text
    }

    /// A boolean, false when absent.
    mutating func flag(_ name: String) throws(APIError) -> Bool {
        guard let value = self.take(name) else { return false }
        guard let flag = value.bool else { throw .invalid("\"\(name)\" must be a boolean") }
        return flag
    }

    /// A whole number, nil when absent.
    mutating func count(_ name: String, _ range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = self.take(name) else { return nil }
        guard let count = value.int, range.contains(count) else {
            throw .invalid("\"\(name)\" must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    /// A time of at most ten minutes, 0 when absent.
    mutating func seconds(_ name: String) throws(APIError) -> Double {
        guard let value = self.take(name) else { return 0 }
        guard let seconds = value.double, (0...600).contains(seconds) else {
            throw .invalid("\"\(name)\" must be a number of seconds from 0 to 600")
        }
        return seconds
    }

    /// - Throws: 400 that names the first member nobody asked for.
    func finish() throws(APIError) {
        if let member = self.rest.members.first {
            throw .invalid("there is no \"\(member.key.prefix(100))\" in this order")
        }
    }

    private mutating func take(_ name: String) -> JSON? {
        defer { self.rest[name] = nil }
        return self.rest[name]
    }
}
