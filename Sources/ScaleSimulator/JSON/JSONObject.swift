/// The members of a JSON object in the order they were written.
///
/// Looking up walks the members: objects here are small, or searched for a few known names only.
struct JSONObject: Sendable, Equatable {
    /// One name and its value.
    struct Member: Sendable, Equatable {
        /// The name, unescaped.
        var key: String

        /// The value.
        var value: JSON
    }

    /// All members.
    ///
    /// A parsed object may hold a name twice; the last one counts.
    var members: [Member]

    /// An object with these members, which may be none.
    init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value of the last member with this name.
    ///
    /// Setting keeps its place, or appends; setting nil removes.
    subscript(key: String) -> JSON? {
        get { self.members.last { $0.key == key }?.value }
        set {
            guard let newValue else {
                self.members.removeAll { $0.key == key }
                return
            }
            if let index = self.members.lastIndex(where: { $0.key == key }) {
                self.members[index].value = newValue
            } else {
                self.members.append(Member(key: key, value: newValue))
            }
        }
    }

    /// Adds the members of `other`; where both have a name, the value of `other` counts.
    mutating func merge(_ other: JSONObject) {
        var places: [String: Int] = [:]
        for (index, member) in self.members.enumerated() {
            places[member.key] = index
        }
        for member in other.members {
            if let place = places[member.key] {
                self.members[place].value = member.value
            } else {
                places[member.key] = self.members.count
                self.members.append(member)
            }
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object with its members in the written order.
    init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.map { Member(key: $0.0, value: $0.1) })
    }
}
