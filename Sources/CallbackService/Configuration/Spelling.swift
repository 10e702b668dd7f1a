/// Guessing what a mistyped word was meant to be.
enum Spelling {
    /// The word of `candidates` that is nearest to `word`, when it is near enough to be meant.
    static func suggestion(for word: String, among candidates: [String]) -> String? {
        guard word.count <= 40 else { return nil }
        let limit = max(1, word.count / 3)
        let ranked = candidates.map { (word: $0, distance: Self.distance(Array(word), Array($0))) }
        return ranked.filter { $0.distance <= limit }.min { $0.distance < $1.distance }?.word
    }

    /// How many letters have to be changed, added, removed or swapped with their neighbour.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var rows = [Array(0...right.count)]
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(
                    rows[row][column + 1] + 1,
                    current[column] + 1,
                    rows[row][column] + (letter == other ? 0 : 1)
                )
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    best = min(best, rows[row - 1][column - 1] + 1)
                }
                current.append(best)
            }
            rows.append(current)
        }
        return rows[left.count][right.count]
    }
}
