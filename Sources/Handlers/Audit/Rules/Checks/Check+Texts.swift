extension Check {
    private static let places = [
        Parameter(
            "in",
            .word(["answers", "annotations", "attributes"]),
            "which texts, default `answers`; `annotations` are entities and texts in documents",
            standard: .text("answers")
        ),
        Parameter("field", .text, "look at this field, label or attribute only; needed for `attributes`"),
    ]

    /// The checks of texts.
    static let ofTexts: [Check] = [
        Self.ofTexts(
            "text-matches",
            "a text in which this pattern is found",
            Parameter("pattern", .pattern, "a regular expression", isRequired: true),
            where: "text REGEXP ?3"
        ),
        Self.ofTexts(
            "text-not-matching",
            "a text in which this pattern is not found",
            Parameter("pattern", .pattern, "a regular expression", isRequired: true),
            where: "NOT text REGEXP ?3"
        ),
        Self.ofTexts(
            "text-too-long",
            "a text longer than this",
            Parameter("maximum", .number(0...1e6, isWhole: true), "how many characters it may have", isRequired: true),
            where: "length(text) > ?3"
        ),
        Self.ofTexts(
            "text-too-short",
            "a text shorter than this",
            Parameter("minimum", .number(1...1e6, isWhole: true), "how many characters it must have", isRequired: true),
            where: "length(text) < ?3"
        ),
        Check(
            "span-differs",
            "an entity whose text is not what stands at its offsets in the task's text",
            [
                Parameter(
                    "unit",
                    .word(["any", "utf16", "codepoints"]),
                    "what the offsets count, default `any`: one of the two must fit",
                    standard: .text("any")
                )
            ],
            sql: """
                SELECT id AS id, label AS label, text AS text, start_offset AS start_offset, end_offset AS end_offset,
                    coalesce(utf16_text, codepoint_text) AS found
                FROM entities
                WHERE \(Self.isOff) AND NOT \(Self.isUnclear)
                ORDER BY position
                """,
            doubts: """
                SELECT CASE
                    WHEN text IS NULL OR start_offset IS NULL OR end_offset IS NULL
                        THEN 'an entity has no text or no offsets'
                    WHEN (SELECT params ->> '$.text' FROM task) IS NULL THEN 'the task does not show its text'
                    ELSE 'the task merges line breaks, so the offsets may be those of another text' END
                FROM entities WHERE \(Self.isUnclear) AND (text IS NULL OR \(Self.isOff))
                """
        ),
    ]

    private static let isOff = """
        (NOT (?1 IN ('any', 'utf16') AND text IS utf16_text)
            AND NOT (?1 IN ('any', 'codepoints') AND text IS codepoint_text))
        """

    private static let isUnclear = """
        (text IS NULL OR start_offset IS NULL OR end_offset IS NULL
            OR EXISTS (SELECT 1 FROM task WHERE params ->> '$.text' IS NULL
                OR params ->> '$.merge_newlines' AND instr(params ->> '$.text', char(10))))
        """

    /// A check of the texts that its first parameters choose.
    private static func ofTexts(_ name: String, _ finds: String, _ parameter: Parameter, where condition: String)
        -> Check
    {
        Check(
            name,
            finds,
            self.places + [parameter],
            making: { values in
                """
                SELECT uuid, field, respondent, text FROM (\(Self.texts(values)))
                WHERE typeof(text) = 'text' AND \(condition) ORDER BY position
                """
            },
            doubts: { values in
                """
                SELECT 'a text is missing' FROM (\(Self.texts(values)))
                WHERE typeof(text) <> 'text' AND (?2 IS NOT NULL OR text IS NULL)
                UNION ALL SELECT 'there is no text ' || ?2 WHERE ?2 IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM (\(Self.texts(values))))
                """
            }
        )
    }

    /// The texts to look at; NULL where one is missing. What was chosen is not a text.
    private static func texts(_ values: Values) -> String {
        switch values["in"] {
        case .text("annotations"):
            """
            SELECT position, uuid, label AS field, NULL AS respondent, text FROM annotations
            WHERE ?2 IS NULL OR label = ?2
            """
        case .text("attributes"):
            """
            SELECT a.position AS position, a.uuid AS uuid, ?2 AS field, NULL AS respondent, j.value AS text
            FROM annotations a LEFT JOIN json_each(coalesce(a.attributes, '{}')) j ON j.key = ?2
            """
        default:
            """
            SELECT position, NULL AS uuid, field, respondent, value AS text FROM answers
            WHERE source = 'response' AND field IS NOT NULL AND choice IS NULL AND (?2 IS NULL OR field = ?2)
                AND (type IS NULL OR type NOT IN ('category', 'ranking_order', 'number'))
            """
        }
    }
}
