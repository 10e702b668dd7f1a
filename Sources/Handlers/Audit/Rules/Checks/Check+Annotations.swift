extension Check {
    private static let label = Parameter("label", .text, "look at annotations with this label only")

    /// The checks of labels, attributes and numbers of annotations.
    static let ofAnnotations: [Check] = [
        Check(
            "attribute-missing",
            "an annotation without an attribute that has choices, or with a value not among them",
            [
                Parameter("attribute", .text, "look at this one only, also when it has no choices"), Self.label,
            ],
            sql: """
                WITH wanted (name, choices) AS (
                    SELECT name, choices FROM attributes WHERE ?1 IS NULL AND choices IS NOT NULL
                    UNION ALL SELECT ?1, (SELECT choices FROM attributes WHERE name = ?1) WHERE ?1 IS NOT NULL)
                SELECT a.uuid AS uuid, a.label AS label, w.name AS attribute, j.value AS value
                FROM annotations a JOIN wanted w LEFT JOIN json_each(coalesce(a.attributes, '{}')) j ON j.key = w.name
                WHERE (?2 IS NULL OR a.label = ?2) AND CASE coalesce(j.type, 'null')
                    WHEN 'null' THEN 1
                    WHEN 'array' THEN json_array_length(j.value) = 0 OR w.choices IS NOT NULL AND EXISTS (
                        SELECT 1 FROM json_each(j.value) e WHERE e.type = 'null'
                            OR CASE e.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'
                                ELSE CAST(e.value AS TEXT) END NOT IN (SELECT c.value FROM json_each(w.choices) c))
                    ELSE w.choices IS NOT NULL
                        AND CASE j.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(j.value AS TEXT) END
                            NOT IN (SELECT c.value FROM json_each(w.choices) c)
                    END
                ORDER BY a.position, w.name
                """
        ),
        Check(
            "empty",
            "a response without any work in it",
            sql: "SELECT task_id AS task_id FROM task WHERE is_empty",
            doubts:
                "SELECT 'the work is in a file that was not fetched, or that rules cannot read' FROM task WHERE is_empty IS NULL"
        ),
        Check(
            "label-not-asked-for",
            "an annotation whose label was not asked for with its geometry",
            // The legacy types may do without labels, so only where geometries are asked for is a missing one wrong.
            sql: """
                SELECT a.uuid AS uuid, a.label AS label, a.type AS type
                FROM annotations a
                WHERE EXISTS (SELECT 1 FROM labels)
                    AND (a.label IS NOT NULL OR EXISTS (SELECT 1 FROM labels WHERE geometry IS NOT NULL))
                    AND NOT EXISTS (SELECT 1 FROM labels l WHERE coalesce(l.label, '') = a.label
                        AND (l.geometry IS NULL OR a.type IS NULL OR l.geometry = a.type))
                ORDER BY a.position
                """,
            doubts: """
                SELECT 'the task does not say which labels it asks for' FROM annotations
                WHERE label IS NOT NULL AND NOT EXISTS (SELECT 1 FROM labels)
                """,
            index: "CREATE INDEX labels_by_label ON labels (coalesce(label, ''))"
        ),
        Check(
            "segment-missing",
            "a label that was asked for and that a segmentation does not mention",
            sql: """
                SELECT l.label AS label FROM labels l
                WHERE l.label NOT IN (SELECT label FROM segments)
                    AND NOT EXISTS (SELECT 1 FROM labels c WHERE c.parent = l.label)
                """,
            doubts: "SELECT 'the task does not say which labels it asks for' WHERE NOT EXISTS (SELECT 1 FROM labels)"
        ),
        Check(
            "segment-not-asked-for",
            "a label of a segmentation that was not asked for",
            sql: """
                SELECT DISTINCT label AS label FROM segments
                WHERE EXISTS (SELECT 1 FROM labels) AND label NOT IN (SELECT label FROM labels)
                """,
            doubts: """
                SELECT 'the task does not say which labels it asks for' FROM segments
                WHERE NOT EXISTS (SELECT 1 FROM labels)
                """
        ),
        Check(
            "too-few",
            "fewer annotations than this",
            [
                Parameter(
                    "count",
                    .number(1...1e6, isWhole: true),
                    "how many there must be, default 1",
                    standard: .integer(1)
                ),
                Self.label,
            ],
            sql: """
                SELECT n AS count, ?1 AS minimum
                FROM (SELECT count(*) AS n FROM annotations WHERE ?2 IS NULL OR label = ?2) WHERE n < ?1
                """
        ),
        Check(
            "too-many",
            "more annotations than this",
            [
                Parameter("count", .number(0...1e6, isWhole: true), "how many there may be", isRequired: true),
                Self.label,
            ],
            sql: """
                SELECT n AS count, ?1 AS maximum
                FROM (SELECT count(*) AS n FROM annotations WHERE ?2 IS NULL OR label = ?2) WHERE n > ?1
                """
        ),
    ]
}
