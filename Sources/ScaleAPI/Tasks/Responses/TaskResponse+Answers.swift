/// The answers of the types that ask for a word or fill in fields (contract C3).
extension TaskResponse {
    /// The chosen categories of a categorization, one or many.
    public var categories: [String] { self.json["category"]?.oneOrMany.compactMap(\.string) ?? [] }

    /// The ids of the chosen categories, as the task named them; none when it named none.
    public var categoryIDs: [JSON] { self.json["category_id"]?.oneOrMany ?? [] }

    /// What was chosen in a comparison.
    public var choice: String? { self.json["choice"]?.string }

    /// What was filled in, by field, in a data collection or a transcription.
    public var fields: JSON.Object { self.json["fields"]?.object ?? [:] }

    /// What was filled in several times, by field, in a transcription; each value is as Scale sends it.
    public var repeatableFields: JSON.Object { self.json["repeatable_fields"]?.object ?? [:] }

    /// How long a data collection took, in seconds.
    public var secondsSpent: Double? { self.json["time_spent_in_seconds"]?.double }

    /// What is said in a recording; tasks of that type are no longer offered.
    public var transcript: String? { self.json["transcript"]?.string }
}
