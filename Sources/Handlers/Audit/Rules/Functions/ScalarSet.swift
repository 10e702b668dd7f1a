/// Some of all Unicode scalars: one place of a pattern.
struct ScalarSet: Sendable {
    /// A kind of scalars.
    enum Kind: Sendable {
        case digit
        case space
        case word
        case letter
        case uppercase
        case lowercase
        case number
        case punctuation
    }

    private(set) var ranges: [ClosedRange<UInt32>] = []
    private(set) var kinds: [(kind: Kind, isNegated: Bool)] = []
    var isNegated = false
    var ignoresCase = false

    mutating func insert(_ range: ClosedRange<UInt32>) { self.ranges.append(range) }

    mutating func insert(_ kind: Kind, isNegated: Bool) { self.kinds.append((kind, isNegated)) }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        var isInside = self.holds(scalar)
        if !isInside, self.ignoresCase {
            isInside =
                [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
                .contains { mapped in
                    mapped.unicodeScalars.count == 1 && mapped.unicodeScalars.first.map(self.holds) == true
                }
        }
        return isInside != self.isNegated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        self.ranges.contains { $0.contains(scalar.value) }
            || self.kinds.contains { $0.kind.contains(scalar) != $0.isNegated }
    }

    /// Whether a scalar belongs to words; nothing does not.
    static func isWord(_ scalar: Unicode.Scalar?) -> Bool { scalar.map(Kind.word.contains) ?? false }
}

extension ScalarSet.Kind {
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .digit: ("0"..."9").contains(scalar)
        case .space: scalar.properties.isWhitespace
        case .word:
            scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || scalar.properties.generalCategory == .nonspacingMark
        case .letter: scalar.properties.isAlphabetic
        case .uppercase: scalar.properties.isUppercase
        case .lowercase: scalar.properties.isLowercase
        case .number: scalar.properties.numericType != nil
        case .punctuation:
            switch scalar.properties.generalCategory {
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation:
                true
            default: false
            }
        }
    }
}
