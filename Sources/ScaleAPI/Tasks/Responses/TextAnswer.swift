extension TaskResponse {
    /// The answers of a text collection: one list for each person who gave them.
    ///
    /// Scale has three shapes for them: by field with kind and response, by field with the bare value, and one such
    /// object for each person (contract C3). All read the same.
    public var textAnswers: [[TextAnswer]] {
        if let people = self.json["responses"]?.array { return people.compactMap(\.object).map(TextAnswer.all(in:)) }
        return self.json["annotations"]?.object.map { [TextAnswer.all(in: $0)] } ?? []
    }
}

/// What one person filled into one field of a text collection (contract C3).
public struct TextAnswer: Sendable, Hashable {
    /// The field.
    public let fieldID: String
    /// What kind of field it is, where Scale says so.
    public let kind: TextCollectionTask.Field.Kind?
    /// For each time it was filled in: the text, the number, or the values or positions of what was chosen.
    public let values: [[JSON]]

    /// All values as text.
    public var texts: [String] {
        self.values.joined()
            .compactMap { value in
                switch value {
                case .string(let text): text
                case .number(let number): number.literal
                case .bool(let bool): bool ? "true" : "false"
                case .null, .array, .object: nil
                }
            }
    }

    static func all(in fields: JSON.Object) -> [TextAnswer] {
        fields.members.map { member in
            guard let answer = member.value.object, let response = answer["response"] else {
                return TextAnswer(fieldID: member.key, kind: nil, values: [member.value.oneOrMany])
            }
            return TextAnswer(
                fieldID: answer["field_id"]?.string ?? member.key,
                kind: answer["type"]?.string.map(TextCollectionTask.Field.Kind.init(rawValue:)),
                values: response.oneOrMany.map(\.oneOrMany)
            )
        }
    }
}
