extension Check {
    private static let label = Parameter("label", .text, "look at annotations with this label only")

    /// Why a geometry cannot be judged whose place is not known.
    private static let unplaced = """
        SELECT 'the place of an annotation cannot be read' FROM annotations
        WHERE left IS NULL OR top IS NULL OR width IS NULL OR height IS NULL
        """

    /// The checks of single geometries.
    static let ofGeometry: [Check] = [
        Check(
            "below-minimum-size",
            "an annotation smaller than the task's own `min_width` or `min_height`",
            sql: """
                SELECT a.uuid AS uuid, a.label AS label, a.width AS width, a.height AS height,
                    g.min_width AS min_width, g.min_height AS min_height
                FROM annotations a JOIN geometries g ON g.geometry IS NULL OR g.geometry IS a.type
                WHERE a.width < g.min_width OR a.height < g.min_height
                ORDER BY a.position
                """,
            doubts: """
                SELECT 'the size of an annotation cannot be read'
                FROM annotations a JOIN geometries g ON g.geometry IS NULL OR a.type IS NULL OR g.geometry = a.type
                WHERE a.width IS NULL AND g.min_width IS NOT NULL OR a.height IS NULL AND g.min_height IS NOT NULL
                """
        ),
        Check(
            "outside-image",
            "an annotation that reaches over the edge of its image or page",
            [
                Parameter("width", .number(1...1e9, isWhole: false), "the image's width, default what the task says"),
                Parameter("height", .number(1...1e9, isWhole: false), "its height, likewise"),
                Parameter(
                    "tolerance",
                    .number(0...1e9, isWhole: false),
                    "how many pixels are let pass, default 1",
                    standard: .real(1)
                ),
                Parameter("width-key", .key, "where metadata or params have the width, such as `camera.width`"),
                Parameter("height-key", .key, "where they have the height"),
            ],
            making: { values in
                """
                SELECT uuid, label, left, top, width, height, image_width, image_height
                FROM (\(Self.placed(values)))
                WHERE left < -?3 OR top < -?3 OR left + width > image_width + ?3 OR top + height > image_height + ?3
                ORDER BY position
                """
            },
            doubts: { values in
                """
                SELECT CASE WHEN left IS NULL OR top IS NULL OR width IS NULL OR height IS NULL
                    THEN 'the place of an annotation cannot be read'
                    ELSE 'the size of the image is not known: neither the task nor the rule gives width and height' END
                FROM (\(Self.placed(values)))
                WHERE left IS NULL OR top IS NULL OR width IS NULL OR height IS NULL OR image_width IS NULL
                    OR image_height IS NULL
                """
            }
        ),
        Check(
            "self-crossing",
            "a polygon whose edges cross each other",
            [Self.label],
            sql: """
                SELECT uuid AS uuid, label AS label, vertex_count AS vertex_count FROM annotations
                WHERE type = 'polygon' AND (?1 IS NULL OR label = ?1) AND crosses_itself(vertices)
                ORDER BY position
                """,
            doubts: """
                SELECT 'the vertices of a polygon cannot be read' FROM annotations
                WHERE type = 'polygon' AND (?1 IS NULL OR label = ?1) AND crosses_itself(vertices) IS NULL
                """
        ),
        Check(
            "too-few-vertices",
            "a polygon or line with fewer vertices than the task's own minimum, or than 3 and 2",
            [
                Parameter("count", .number(1...1e6, isWhole: true), "how many there must be instead"), Self.label,
            ],
            sql: """
                SELECT uuid AS uuid, label AS label, vertex_count AS count, minimum AS minimum
                FROM (\(Self.counted)) WHERE vertex_count < minimum ORDER BY position
                """,
            doubts: """
                SELECT 'the vertices of an annotation cannot be read' FROM (\(Self.counted))
                WHERE vertex_count IS NULL
                """
        ),
        Check(
            "zero-area",
            "a box, polygon, ellipse or cuboid without any area",
            [Self.label],
            sql: """
                SELECT uuid AS uuid, label AS label, type AS type, width AS width, height AS height FROM annotations
                WHERE type IN ('box', 'polygon', 'ellipse', 'cuboid') AND (?1 IS NULL OR label = ?1)
                    AND (width <= 0 OR height <= 0 OR area <= 0)
                ORDER BY position
                """,
            doubts: """
                SELECT CASE WHEN width IS NULL OR height IS NULL THEN 'the size of an annotation cannot be read'
                    ELSE 'it is not known whether an annotation of its type has an area' END
                FROM annotations
                WHERE coalesce(type, '') NOT IN ('line', 'point') AND (?1 IS NULL OR label = ?1)
                    AND (width IS NULL OR height IS NULL OR (width <= 0 OR height <= 0 OR area <= 0)
                        AND coalesce(type, '') NOT IN ('box', 'polygon', 'ellipse', 'cuboid'))
                """
        ),
        Check(
            "near-duplicate",
            "two annotations of the same label and geometry in nearly the same place",
            [
                Parameter(
                    "iou",
                    .number(0.01...1, isWhole: false),
                    "from which overlap on, default 0.9",
                    standard: .real(0.9)
                )
            ],
            // The boxes around two polygons say little of the polygons, so those are compared themselves.
            sql: """
                SELECT a.uuid AS uuid, b.uuid AS other_uuid, a.label AS label,
                    round(iou(a.left, a.top, a.width, a.height, b.left, b.top, b.width, b.height), 3) AS iou
                FROM annotations a JOIN annotations b
                    ON coalesce(b.label, '') = coalesce(a.label, '') AND b.left + 0 IS NOT NULL
                    AND b.left + 0 >= a.left AND b.left + 0 <= a.left + a.width
                WHERE b.label IS a.label AND b.type IS a.type AND (b.left > a.left OR b.position > a.position)
                    AND b.frame IS a.frame AND b.camera IS a.camera AND b.page IS a.page
                    AND b.top <= a.top + a.height AND a.top <= b.top + b.height
                    AND iou(a.left, a.top, a.width, a.height, b.left, b.top, b.width, b.height) >= ?1
                    AND coalesce(a.type, 'box') NOT IN ('line', 'point')
                    AND (a.type IS NOT 'polygon' OR iou(a.vertices, b.vertices) >= ?1)
                ORDER BY a.position, b.position
                """,
            doubts: Self.unplaced,
            index: """
                CREATE INDEX annotations_by_place ON annotations (coalesce(label, ''), left + 0)
                WHERE left + 0 IS NOT NULL
                """
        ),
    ]

    /// Annotations with the size of the image or page that they are on.
    private static func placed(_ values: Values) -> String {
        """
        SELECT a.position AS position, a.uuid AS uuid, a.label AS label, a.left AS left, a.top AS top,
            a.width AS width, a.height AS height,
            coalesce(?1, \(self.number(at: "?4", when: values["width-key"])), p.width, t.image_width) AS image_width,
            coalesce(?2, \(self.number(at: "?5", when: values["height-key"])), p.height, t.image_height) AS image_height
        FROM task t JOIN annotations a LEFT JOIN pages p ON p.page = a.page
        """
    }

    /// The number under a key in metadata or params; what is no number above 0 is none.
    private static func number(at parameter: String, when key: RuleValue) -> String {
        guard key != .null else { return "NULL" }
        let found = ["metadata", "params"]
            .map { "nullif(max(CAST(json_extract(t.\($0), \(parameter)) AS REAL), 0), 0)" }
        return "coalesce(\(found.joined(separator: ", ")))"
    }

    /// Polygons and lines with how many vertices they must have.
    private static let counted = """
        SELECT a.position AS position, a.uuid AS uuid, a.label AS label, a.vertex_count AS vertex_count,
            coalesce(?1, (SELECT max(min_vertices) FROM geometries WHERE geometry = a.type),
                CASE a.type WHEN 'polygon' THEN 3 ELSE 2 END) AS minimum
        FROM annotations a WHERE a.type IN ('polygon', 'line') AND (?2 IS NULL OR a.label = ?2)
        """
}
