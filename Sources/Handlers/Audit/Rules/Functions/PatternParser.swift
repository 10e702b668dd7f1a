/// A pattern as it is read.
indirect enum PatternNode {
    case empty
    case scalar(ScalarSet)
    case assertion(Pattern.Assertion)
    case sequence([PatternNode])
    case either(PatternNode, PatternNode)
    /// So many times, or from the lower bound on without end.
    case repeated(PatternNode, Range<Int>, isEndless: Bool)
}

/// Reads the usual notation of regular expressions, as far as `Pattern` can match it.
struct PatternParser {
    private static let maximumDepth = 50
    private static let maximumCount = 1000

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var ignoresCase = false

    init(_ text: String) {
        self.scalars = Array(text.unicodeScalars.prefix(Pattern.maximumLength + 1))
    }

    mutating func parse() throws(RuleFailure) -> PatternNode {
        guard self.scalars.count <= Pattern.maximumLength else {
            throw .unsuitable("the pattern is longer than \(Pattern.maximumLength) characters")
        }
        if self.take("(?i)") { self.ignoresCase = true }
        let node = try self.alternatives()
        guard self.position == self.scalars.count else { throw self.error("it closes a group that is not open") }
        return node
    }

    private mutating func alternatives() throws(RuleFailure) -> PatternNode {
        var branches = [try self.sequence()]
        while self.take("|") { branches.append(try self.sequence()) }
        var node = branches.removeLast()
        while let branch = branches.popLast() { node = .either(branch, node) }
        return node
    }

    private mutating func sequence() throws(RuleFailure) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = self.peek(), scalar != "|", scalar != ")" {
            let node = try self.atom()
            nodes.append(try self.repeated(node))
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func repeated(_ node: PatternNode) throws(RuleFailure) -> PatternNode {
        var node = node
        var times = 0
        while let scalar = self.peek(), "*+?{".unicodeScalars.contains(scalar) {
            guard times == 0 else { throw self.error("it repeats a repetition") }
            times += 1
            self.position += 1
            switch scalar {
            case "*": node = .repeated(node, 0..<0, isEndless: true)
            case "+": node = .repeated(node, 1..<1, isEndless: true)
            case "?": node = .repeated(node, 0..<1, isEndless: false)
            default: node = try self.counted(node)
            }
            // Whether it takes much or little makes no difference to whether it is found.
            _ = self.take("?")
        }
        return node
    }

    /// `{3}`, `{3,}` or `{3,5}`, behind its brace.
    private mutating func counted(_ node: PatternNode) throws(RuleFailure) -> PatternNode {
        guard let least = self.count() else {
            throw self.error("a brace needs a number; write \\{ for the brace itself")
        }
        var most: Int? = least
        if self.take(",") { most = self.count() }
        guard self.take("}"), least <= most ?? least, most ?? least <= Self.maximumCount else {
            throw self.error(
                "a number of repetitions is not {3}, {3,} or {3,5} with numbers up to \(Self.maximumCount)"
            )
        }
        return .repeated(node, least..<(most ?? least), isEndless: most == nil)
    }

    private mutating func count() -> Int? {
        var digits = ""
        while let scalar = self.peek(), ("0"..."9").contains(scalar), digits.count < 6 {
            digits.unicodeScalars.append(scalar)
            self.position += 1
        }
        return Int(digits)
    }

    private mutating func atom() throws(RuleFailure) -> PatternNode {
        let scalar = try self.next()
        switch scalar {
        case "(": return try self.group()
        case "[": return .scalar(try self.set())
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case ".":
            var set = ScalarSet()
            set.isNegated = true
            set.insert(0x0A...0x0A)
            return .scalar(set)
        case "\\":
            if self.take("b") { return .assertion(.wordBoundary) }
            if self.take("B") { return .assertion(.noWordBoundary) }
            var set = self.emptySet
            if let scalar = try self.escape(into: &set) { set.insert(scalar...scalar) }
            return .scalar(set)
        case "*", "+", "?": throw self.error("there is nothing that \(scalar) could repeat")
        case "{": throw self.error("there is nothing that a brace could repeat; write \\{ for the brace itself")
        default:
            var set = self.emptySet
            set.insert(scalar.value...scalar.value)
            return .scalar(set)
        }
    }

    private mutating func group() throws(RuleFailure) -> PatternNode {
        if self.take("?:") == false, self.peek() == "?" {
            throw self.error("it looks around or has options inside, which rules do not know")
        }
        self.depth += 1
        guard self.depth <= Self.maximumDepth else { throw self.error("its groups are nested too deeply") }
        let node = try self.alternatives()
        self.depth -= 1
        guard self.take(")") else { throw self.error("it does not close a group") }
        return node
    }

    /// `[a-z_]` or `[^0-9]`, behind its bracket.
    private mutating func set() throws(RuleFailure) -> ScalarSet {
        var set = self.emptySet
        set.isNegated = self.take("^")
        var isFirst = true
        while isFirst || self.peek() != "]" {
            isFirst = false
            guard let low = try self.setMember(of: &set) else { continue }
            guard self.peek() == "-", self.position + 1 < self.scalars.count, self.scalars[self.position + 1] != "]"
            else {
                set.insert(low...low)
                continue
            }
            self.position += 1
            guard let high = try self.setMember(of: &set), low <= high else {
                throw self.error("a range in brackets goes backwards")
            }
            set.insert(low...high)
        }
        self.position += 1
        return set
    }

    /// A scalar in brackets; nil when it was a whole kind, which is put in at once.
    private mutating func setMember(of set: inout ScalarSet) throws(RuleFailure) -> UInt32? {
        let scalar = try self.next()
        guard scalar == "\\" else { return scalar.value }
        return try self.escape(into: &set)
    }

    /// The scalar that stands behind a backslash; nil when it was a whole kind, which is put in at once.
    private mutating func escape(into set: inout ScalarSet) throws(RuleFailure) -> UInt32? {
        let scalar = try self.next()
        switch scalar {
        case "d", "D": set.insert(.digit, isNegated: scalar == "D")
        case "s", "S": set.insert(.space, isNegated: scalar == "S")
        case "w", "W": set.insert(.word, isNegated: scalar == "W")
        case "p", "P": set.insert(try self.property(), isNegated: scalar == "P")
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        default:
            guard !ScalarSet.isWord(scalar) else {
                throw self.error("rules do not know \\\(scalar), such as references to groups")
            }
            return scalar.value
        }
        return nil
    }

    private mutating func property() throws(RuleFailure) -> ScalarSet.Kind {
        let known: [(String, ScalarSet.Kind)] = [
            ("{L}", .letter), ("{Lu}", .uppercase), ("{Ll}", .lowercase), ("{N}", .number), ("{P}", .punctuation),
        ]
        for (name, kind) in known where self.take(name) { return kind }
        throw self.error("of properties it may have \\p{L}, \\p{Lu}, \\p{Ll}, \\p{N} and \\p{P}")
    }

    // MARK: - Reading

    private var emptySet: ScalarSet {
        var set = ScalarSet()
        set.ignoresCase = self.ignoresCase
        return set
    }

    private func peek() -> Unicode.Scalar? {
        self.position < self.scalars.count ? self.scalars[self.position] : nil
    }

    private mutating func next() throws(RuleFailure) -> Unicode.Scalar {
        guard let scalar = self.peek() else { throw self.error("it ends too early") }
        self.position += 1
        return scalar
    }

    private mutating func take(_ text: String) -> Bool {
        guard self.scalars[self.position...].starts(with: text.unicodeScalars) else { return false }
        self.position += text.unicodeScalars.count
        return true
    }

    private func error(_ problem: String) -> RuleFailure {
        .unsuitable("the pattern cannot be read: \(problem)")
    }
}
