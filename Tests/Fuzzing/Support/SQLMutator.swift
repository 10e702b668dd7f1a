/// Changes SQL word by word: what libFuzzer makes of it byte by byte is seldom SQL any more.
struct SQLMutator {
    private static let names = [
        "task", "annotations", "labels", "geometries", "attributes", "json_each", "json_tree", "sqlite_schema",
        "position",
        "uuid", "type", "label", "left", "top", "width", "height", "area", "vertices", "response", "params", "metadata",
        "tags", "status", "task_id", "min_width", "image_width", "rowid", "key", "value", "atom", "a", "b", "x",
    ]
    private static let functions = [
        "count", "sum", "max", "group_concat", "json_group_array", "length", "substr", "instr", "hex", "quote", "abs",
        "iou",
        "json_extract", "json_object", "strftime", "julianday", "row_number", "lag", "ntile", "coalesce", "iif",
        "likely",
        "replace", "printf", "zeroblob", "randomblob", "load_extension", "sqlite_version", "changes", "char", "round",
    ]
    private static let values = [
        "0", "1", "-1", "3.5", "1e999", "9223372036854775807", "NULL", "''", "'a'", "'$.a'", "'%a%'", "x'00ff'",
        "'{\"a\":[1]}'",
        "?1", ":a", "*", "'now'",
    ]
    private static let operators = [
        "+", "-", "*", "/", "%", "||", "->", "->>", "<", ">=", "=", "<>", "AND", "OR", "IS", "IS NOT", "LIKE", "GLOB",
        "IN",
        "&", "<<", "COLLATE", "MATCH", "REGEXP", "ESCAPE", "NOT IN",
    ]
    private static let phrases = [
        "SELECT", "FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "UNION ALL SELECT",
        "UNION SELECT",
        "INTERSECT SELECT", "EXCEPT SELECT", "WITH", "WITH RECURSIVE x(a) AS (", "AS", "AS MATERIALIZED (", ",", "JOIN",
        "LEFT JOIN", "FULL JOIN", "CROSS JOIN", "NATURAL JOIN", "ON", "USING (", "(", ")", "(SELECT", "EXISTS (SELECT",
        "CASE WHEN", "THEN", "ELSE", "END", "CAST (", "AS TEXT)", "DISTINCT", "OVER (ORDER BY", "PARTITION BY",
        "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", "RANGE 1 PRECEDING", "FILTER (WHERE", "VALUES (", "BETWEEN", "DESC",
        "NULLS LAST", "COLLATE NOCASE", "INDEXED BY annotations_by_place", "main.", ";", "--", "/*", "DELETE FROM",
        "RETURNING",
        "INSERT INTO", "UPDATE", "SET", "CREATE TABLE", "PRAGMA", "ATTACH", "EXPLAIN",
    ]

    private var generator: SeededGenerator

    /// The text with one to four changes.
    static func mutated(_ text: [UInt8], seed: UInt64) -> [UInt8]? {
        var mutator = Self(generator: SeededGenerator(seed: seed))
        var words = Self.words(of: String(decoding: text, as: UTF8.self))
        for _ in 0..<mutator.random(4) + 1 { mutator.change(&words) }
        return Array(words.joined(separator: " ").utf8)
    }

    private mutating func change(_ words: inout [String]) {
        let index = self.random(words.count)
        switch self.random(6) {
        case 0 where !words.isEmpty: words.remove(at: index)
        case 1 where !words.isEmpty:
            // A piece comes a second time, somewhere else.
            let piece = words[index..<min(index + 1 + self.random(8), words.count)]
            words.insert(contentsOf: Array(piece), at: self.random(words.count + 1))
        case 2 where !words.isEmpty: words.swapAt(index, self.random(words.count))
        case 3 where !words.isEmpty: words[index] = self.word(like: words[index])
        case 4 where words.contains("("):
            words.insert(contentsOf: [self.one(of: Self.functions), "("], at: index)
            words.insert(")", at: min(index + 3, words.count))
        default:
            words.insert(self.one(of: self.random(2) == 0 ? Self.phrases : self.anyList()), at: min(index, words.count))
        }
    }

    /// A word that could stand in the place of another one.
    private mutating func word(like word: String) -> String {
        if Self.functions.contains(word.lowercased()) { return self.one(of: Self.functions) }
        if Self.names.contains(word.lowercased()) { return self.one(of: Self.names) }
        if Self.operators.contains(word.uppercased()) { return self.one(of: Self.operators) }
        if word.first.map({ $0.isNumber || $0 == "'" }) == true { return self.one(of: Self.values) }
        return self.one(of: self.anyList())
    }

    private mutating func anyList() -> [String] {
        [Self.names, Self.functions, Self.values, Self.operators, Self.phrases][self.random(5)]
    }

    private mutating func one(of words: [String]) -> String { words[self.random(words.count)] }

    private mutating func random(_ count: Int) -> Int { Int.random(in: 0..<max(count, 1), using: &self.generator) }

    /// Names, numbers, quoted texts, and every other character by itself.
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace {
                rest = rest.dropFirst()
                continue
            }
            var word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            if first == "'", let end = rest.dropFirst().firstIndex(of: "'") { word = rest[...end] }
            if word.isEmpty { word = rest.prefix(["->", "||", "<=", ">=", "<>"].contains(rest.prefix(2)) ? 2 : 1) }
            words.append(String(word))
            rest = rest[word.endIndex...]
        }
        return words
    }
}
