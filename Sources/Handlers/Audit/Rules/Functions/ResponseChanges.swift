import ScaleAPI

/// Counts what differs between two responses.
enum ResponseChanges {
    /// How many annotations or answers were added, removed or changed; one that was changed counts once.
    ///
    /// Names that Scale makes anew (`uuid`, `id`), the order of a list and of members, and the spelling of numbers do
    /// not
    /// matter.
    static func count(from before: JSON, to after: JSON) -> Int {
        var surplus: [String: Int] = [:]
        for item in self.items(of: after) { surplus[item, default: 0] += 1 }
        for item in self.items(of: before) { surplus[item, default: 0] -= 1 }
        let added = surplus.values.reduce(0) { $0 + max($1, 0) }
        let removed = surplus.values.reduce(0) { $0 - min($1, 0) }
        return max(added, removed)
    }

    /// The parts of a response that are counted: the elements and members one level below it.
    private static func items(of response: JSON) -> [String] {
        guard let object = response.object else { return [self.canonical(response)] }
        return object.members.filter { $0.key != "is_customer_fix" && !$0.value.isNull }
            .flatMap { member -> [String] in
                if let elements = member.value.array { return elements.map { "\(member.key) \(self.canonical($0))" } }
                if let parts = member.value.object {
                    return parts.members.map { "\(member.key) \($0.key) \(self.canonical($0.value))" }
                }
                return ["\(member.key) \(self.canonical(member.value))"]
            }
    }

    private static func canonical(_ json: JSON) -> String {
        switch json {
        case .number(let number): RuleValue(number.double).asJSON.encodedString
        case .array(let elements): "[\(elements.map(self.canonical).joined(separator: ","))]"
        case .object(let object):
            "{"
                + object.members.filter { $0.key != "uuid" && $0.key != "id" && !$0.value.isNull }
                .map { "\(JSON.string($0.key).encodedString):\(self.canonical($0.value))" }.sorted()
                .joined(separator: ",") + "}"
        case .null, .bool, .string: json.encodedString
        }
    }
}
