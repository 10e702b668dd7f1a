extension Check {
    private static let field = Parameter("field", .text, "look at this field only")

    /// The checks of what was answered.
    static let ofAnswers: [Check] = [
        Check(
            "answer-missing",
            "a field that somebody left empty, unless the task lets it be empty",
            [Parameter("field", .text, "look at this field only, also when it may be empty")],
            sql: """
                WITH wanted (field) AS (
                    SELECT field FROM fields WHERE ?1 IS NULL AND is_required UNION SELECT ?1 WHERE ?1 IS NOT NULL),
                    given (respondent, field) AS (
                    SELECT respondent, field FROM answers
                    WHERE source = 'response' AND value IS NOT NULL AND value <> '')
                SELECT w.field AS field, r.respondent AS respondent
                FROM (SELECT DISTINCT respondent FROM answers WHERE source = 'response') r JOIN wanted w
                WHERE (r.respondent, w.field) NOT IN (SELECT respondent, field FROM given)
                ORDER BY r.respondent, w.field
                """,
            doubts: """
                SELECT 'the task does not say which fields it asks for'
                WHERE ?1 IS NULL AND NOT EXISTS (SELECT 1 FROM fields)
                UNION ALL SELECT 'there is no response' WHERE NOT EXISTS (SELECT 1 FROM answers)
                """
        ),
        Check(
            "answer-not-offered",
            "a category or choice that is not among those that were offered",
            [Self.field],
            sql: """
                SELECT a.field AS field, a.value AS value, a.respondent AS respondent
                FROM answers a JOIN fields f ON f.field = a.field
                WHERE f.choices IS NOT NULL AND a.source = 'response' AND a.value IS NOT NULL AND a.choice IS NULL
                    AND (?1 IS NULL OR a.field = ?1)
                ORDER BY a.position
                """,
            doubts: """
                SELECT 'the task does not say which choices it offers' FROM answers a
                WHERE a.value IS NOT NULL AND a.choice IS NULL AND (?1 IS NULL OR a.field = ?1)
                    AND (a.type IN ('category', 'ranking_order') OR a.field = ?1)
                    AND NOT EXISTS (SELECT 1 FROM fields f WHERE f.field = a.field AND f.choices IS NOT NULL)
                UNION ALL SELECT 'nobody has answered the field ' || ?1
                WHERE ?1 IS NOT NULL AND ?1 NOT IN (SELECT field FROM answers WHERE field IS NOT NULL)
                """
        ),
        Check(
            "answers-disagree",
            "a choice or number for which not enough people gave the same answer",
            [
                Parameter("field", .text, "look at this field only, also when it is a text"),
                Parameter(
                    "agreement",
                    .number(0.01...1, isWhole: false),
                    "the share of people who must agree, default 1",
                    standard: .real(1)
                ),
            ],
            sql: """
                WITH \(Self.sheets)
                SELECT field AS field, round(1.0 * max(n) / sum(n), 3) AS agreement, sum(n) AS respondents
                FROM (SELECT field, answer, count(*) AS n FROM sheet GROUP BY field, answer)
                GROUP BY field HAVING sum(n) > 1 AND 1.0 * max(n) / sum(n) < ?2
                ORDER BY field
                """,
            doubts: """
                WITH \(Self.sheets)
                SELECT 'the answers of single people are not known' FROM task
                WHERE responses_required > 1
                    AND (SELECT count(DISTINCT respondent) FROM answers WHERE source = \(Self.source)) < 2
                UNION ALL SELECT 'nobody has answered the field ' || ?1
                WHERE ?1 IS NOT NULL AND ?1 NOT IN (SELECT field FROM sheet)
                """
        ),
    ]

    /// Where the answers of single people are: what was made of them is no answer of anybody.
    private static let source = """
        CASE WHEN EXISTS (SELECT 1 FROM answers WHERE source = 'attempt') THEN 'attempt' ELSE 'response' END
        """

    /// One row for each person and field: all that they answered. The order matters only where it is what was asked
    /// for.
    private static let sheets = """
        sheet (field, respondent, answer) AS (
            SELECT field, respondent, group_concat(answer, char(31)) FROM (
                SELECT field, respondent, coalesce(choice, value) AS answer FROM answers
                WHERE source = \(Self.source) AND value IS NOT NULL
                    AND (field = ?1 OR ?1 IS NULL AND (
                        choice IS NOT NULL OR type IN ('category', 'ranking_order', 'number')
                        OR typeof(value) IN ('integer', 'real')))
                ORDER BY field, respondent,
                    CASE WHEN type = 'ranking_order' THEN position ELSE coalesce(choice, value) END)
            GROUP BY field, respondent)
        """
}
