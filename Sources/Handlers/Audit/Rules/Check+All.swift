extension Check {
    /// The ready-made checks, by name in alphabetical order.
    ///
    /// | check | finds | parameters |
    /// |---|---|---|
    /// | `attribute-missing` | an annotation without an attribute that has choices, or with a value not among them | `attribute`: look at this one only, also when it has no choices; `label`: look at annotations with this label only |
    /// | `below-minimum-size` | an annotation smaller than the task's own `min_width` or `min_height` | – |
    /// | `empty` | a response without any work in it | – |
    /// | `label-not-asked-for` | an annotation whose label was not asked for with its geometry | – |
    /// | `near-duplicate` | two annotations of the same label and geometry in nearly the same place | `iou`: from which overlap on, default 0.9 |
    /// | `outside-image` | an annotation that reaches over the image's edge | `width`, `height`: the image's size, default what the task says; `tolerance`: pixels that are let pass, default 1 |
    /// | `too-few` | fewer annotations than this | `count`, default 1; `label`: count only this one |
    /// | `too-many` | more annotations than this | `count`; `label`: count only this one |
    static let all: [Check] = [
        Check(
            name: "attribute-missing",
            parameters: [Parameter(name: "attribute", kind: .text), Parameter(name: "label", kind: .text)],
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
            name: "below-minimum-size",
            sql: """
                SELECT a.uuid AS uuid, a.label AS label, a.width AS width, a.height AS height,
                    g.min_width AS min_width, g.min_height AS min_height
                FROM annotations a JOIN geometries g ON g.geometry IS NULL OR g.geometry IS a.type
                WHERE a.width < g.min_width OR a.height < g.min_height
                ORDER BY a.position
                """
        ),
        Check(
            name: "empty",
            sql: "SELECT task_id AS task_id FROM task WHERE is_empty"
        ),
        Check(
            name: "label-not-asked-for",
            // The legacy types may do without labels, so only where geometries are asked for is a missing one wrong.
            sql: """
                SELECT a.uuid AS uuid, a.label AS label, a.type AS type
                FROM annotations a
                WHERE EXISTS (SELECT 1 FROM labels)
                    AND (a.label IS NOT NULL OR EXISTS (SELECT 1 FROM labels WHERE geometry IS NOT NULL))
                    AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.label = a.label
                        AND (l.geometry IS NULL OR a.type IS NULL OR l.geometry = a.type))
                ORDER BY a.position
                """
        ),
        Check(
            name: "near-duplicate",
            parameters: [
                Parameter(name: "iou", kind: .number(0.01...1, isWhole: false), standard: .real(0.9))
            ],
            // The box around a polygon says little of the polygon, so its area has to agree too.
            sql: """
                SELECT a.uuid AS uuid, b.uuid AS other_uuid, a.label AS label,
                    round(iou(a.left, a.top, a.width, a.height, b.left, b.top, b.width, b.height), 3) AS iou
                FROM annotations a JOIN annotations b
                    ON coalesce(b.label, '') = coalesce(a.label, '') AND b.left + 0 IS NOT NULL
                    AND b.left + 0 >= a.left AND b.left + 0 <= a.left + a.width
                WHERE b.label IS a.label AND b.type IS a.type AND (b.left > a.left OR b.position > a.position)
                    AND b.top <= a.top + a.height AND a.top <= b.top + b.height
                    AND iou(a.left, a.top, a.width, a.height, b.left, b.top, b.width, b.height) >= ?1
                    AND coalesce(a.type, 'box') NOT IN ('line', 'point')
                    AND (a.type IS NOT 'polygon' OR min(a.area, b.area) >= ?1 * max(a.area, b.area))
                ORDER BY a.position, b.position
                """
        ),
        Check(
            name: "outside-image",
            parameters: [
                Parameter(name: "width", kind: .number(1...1e9, isWhole: false)),
                Parameter(name: "height", kind: .number(1...1e9, isWhole: false)),
                Parameter(name: "tolerance", kind: .number(0...1e9, isWhole: false), standard: .real(1)),
            ],
            sql: """
                SELECT a.uuid AS uuid, a.label AS label, a.left AS left, a.top AS top, a.width AS width,
                    a.height AS height, coalesce(?1, t.image_width) AS image_width,
                    coalesce(?2, t.image_height) AS image_height
                FROM annotations a JOIN task t
                WHERE a.left < -?3 OR a.top < -?3 OR a.left + a.width > coalesce(?1, t.image_width) + ?3
                    OR a.top + a.height > coalesce(?2, t.image_height) + ?3
                ORDER BY a.position
                """,
            precondition: (
                """
                SELECT 1 FROM task WHERE ?3 IS NOT NULL
                    AND coalesce(?1, image_width) IS NOT NULL AND coalesce(?2, image_height) IS NOT NULL
                    OR NOT EXISTS (SELECT 1 FROM annotations WHERE left IS NOT NULL)
                """,
                "the size of the image is not known: neither the task nor the rule gives width and height"
            )
        ),
        Check(
            name: "too-few",
            parameters: [
                Parameter(name: "count", kind: .number(1...1e6, isWhole: true), standard: .integer(1)),
                Parameter(name: "label", kind: .text),
            ],
            sql: """
                SELECT n AS count, ?1 AS minimum
                FROM (SELECT count(*) AS n FROM annotations WHERE ?2 IS NULL OR label = ?2) WHERE n < ?1
                """
        ),
        Check(
            name: "too-many",
            parameters: [
                Parameter(name: "count", kind: .number(0...1e6, isWhole: true), isRequired: true),
                Parameter(name: "label", kind: .text),
            ],
            sql: """
                SELECT n AS count, ?1 AS maximum
                FROM (SELECT count(*) AS n FROM annotations WHERE ?2 IS NULL OR label = ?2) WHERE n > ?1
                """
        ),
    ]

    /// The check of this name.
    static func named(_ name: String) -> Check? { self.all.first { $0.name == name } }
}
