extension Check {
    /// The checks of a task as a whole.
    static let ofTasks: [Check] = [
        Check(
            "changed-too-little",
            "a response that was rejected and came back nearly as it was",
            [
                Parameter(
                    "changes",
                    .number(1...1e6, isWhole: true),
                    "how many annotations or answers must have changed, default 1",
                    standard: .integer(1)
                )
            ],
            sql: """
                SELECT changes, ?1 AS minimum FROM (
                    SELECT changes(\(Self.before), response) AS changes FROM task WHERE \(Self.isRejected))
                WHERE changes < ?1
                """,
            doubts: """
                SELECT 'the response that was rejected is not known' FROM task
                WHERE \(Self.isRejected) AND changes(\(Self.before), response) IS NULL
                """
        ),
        Check(
            "result-file-missing",
            "a result file that the response should name and does not",
            sql: """
                SELECT role AS role, label AS label, url AS url FROM files
                WHERE url IS NULL OR NOT (url LIKE 'http://_%' OR url LIKE 'https://_%')
                ORDER BY position
                """
        ),
        Check(
            "time-implausible",
            "work that took less or more time than it can have taken",
            [
                Parameter(
                    "minimum",
                    .number(0...1e9, isWhole: false),
                    "the least seconds, default 1",
                    standard: .real(1)
                ),
                Parameter("maximum", .number(0...1e9, isWhole: false), "the most seconds, default any"),
                Parameter("key", .key, "where response or metadata have the seconds, default where Scale puts them"),
            ],
            making: { values in
                """
                SELECT seconds, ?1 AS minimum, ?2 AS maximum FROM (\(Self.seconds(values)))
                WHERE seconds < ?1 OR seconds > ?2
                """
            },
            doubts: { values in
                "SELECT 'how long the work took is not known' FROM (\(Self.seconds(values))) WHERE seconds IS NULL"
            }
        ),
    ]

    private static let isRejected = "EXISTS (SELECT 1 FROM history WHERE review_status = 'rejected')"

    /// The response before this one.
    private static let before =
        "(SELECT response FROM history WHERE response IS NOT NULL ORDER BY position DESC LIMIT 1)"

    private static func seconds(_ values: Values) -> String {
        guard values["key"] != .null else {
            return "SELECT seconds_spent AS seconds FROM task"
        }
        let found = ["response", "metadata"]
            .map { "CASE WHEN json_type(\($0), ?3) IN ('integer', 'real') THEN json_extract(\($0), ?3) END" }
        return """
            SELECT coalesce(\(found.joined(separator: ", "))) AS seconds FROM task
            """
    }
}
