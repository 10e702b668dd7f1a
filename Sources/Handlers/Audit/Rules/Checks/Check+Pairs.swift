extension Check {
    private static let pair = [
        Parameter("label", .text, "look at annotations with this label", isRequired: true),
        Parameter("other", .text, "the label of those they are compared with", isRequired: true),
    ]

    private static func share(_ meaning: String, standard: Double) -> [Parameter] {
        [
            Parameter(
                "share",
                .number(0.001...1, isWhole: false),
                "\(meaning), default \(standard)",
                standard: .real(standard)
            )
        ]
    }

    /// The checks of how annotations of two labels lie to each other. They are compared in the same image, frame or
    /// page.
    static let ofPairs: [Check] = [
        Check(
            "not-inside",
            "an annotation of one label that lies in none of another label",
            Self.pair + Self.share("how much of its area must lie in it", standard: 0.95),
            sql: Self.missingOverlap,
            doubts: Self.unreadable
        ),
        Check(
            "not-overlapping",
            "an annotation of one label that overlaps none of another label",
            Self.pair + Self.share("from which share of its area on it overlaps", standard: 0.01),
            sql: Self.missingOverlap,
            doubts: Self.unreadable
        ),
        Check(
            "overlapping",
            "an annotation of one label that overlaps one of another label, or of the same",
            Self.pair + Self.share("from which share of the smaller one's area on they overlap", standard: 0.01),
            sql: """
                SELECT a.uuid AS uuid, b.uuid AS other_uuid, a.label AS label, b.label AS other,
                    round(max(overlap(a.shape, b.shape), overlap(b.shape, a.shape)), 3) AS share
                FROM annotations a JOIN annotations b
                WHERE a.label = ?1 AND b.label = ?2 AND (?1 <> ?2 OR b.position > a.position)
                    AND \(Self.together)
                    AND max(overlap(a.shape, b.shape), overlap(b.shape, a.shape)) >= ?3
                ORDER BY a.position, b.position
                """,
            doubts: Self.unreadable
        ),
    ]

    /// That two annotations are in one picture and the boxes around them touch.
    private static let together = """
        b.frame IS a.frame AND b.camera IS a.camera AND b.page IS a.page
            AND b.left <= a.left + a.width AND a.left <= b.left + b.width
            AND b.top <= a.top + a.height AND a.top <= b.top + b.height
        """

    /// Annotations of which too little lies in any single one of the others. While one of those cannot be read, it
    /// might.
    private static let missingOverlap = """
        SELECT uuid AS uuid, label AS label, ?2 AS other, round(share, 3) AS share
        FROM (
            SELECT a.position AS position, a.uuid AS uuid, a.label AS label, coalesce((
                SELECT max(overlap(a.shape, b.shape)) FROM annotations b
                WHERE b.label = ?2 AND b.position <> a.position AND \(Check.together)), 0) AS share
            FROM annotations a
            WHERE a.label = ?1 AND a.shape IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM annotations WHERE label = ?2 AND shape IS NULL))
        WHERE share < ?3
        ORDER BY position
        """

    private static let unreadable = """
        SELECT 'the place of an annotation cannot be read' FROM annotations
        WHERE shape IS NULL AND label IN (?1, ?2)
        """
}
