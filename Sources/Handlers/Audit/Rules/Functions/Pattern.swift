/// A regular expression that is matched in time linear in the text, whatever it is.
///
/// It is compiled into a small machine all of whose possible states are followed at once, so nothing is ever tried
/// again. What cannot be matched this way (references to groups, looking around) it does not know.
struct Pattern: Sendable {
    /// The longest pattern, in characters, and the largest machine.
    static let maximumLength = 1000
    static let maximumInstructions = 5000

    enum Instruction: Sendable {
        /// Goes on when the next scalar is one of these.
        case scalar(ScalarSet)
        /// Goes on at both places.
        case split(Int, Int)
        case jump(Int)
        case assertion(Assertion)
        case match
    }

    /// What must hold between two scalars.
    enum Assertion: Sendable {
        case start
        case end
        case wordBoundary
        case noWordBoundary
    }

    let instructions: [Instruction]

    /// Reads a pattern.
    ///
    /// - Throws: `RuleFailure.unsuitable`, saying what is wrong.
    init(_ text: String) throws(RuleFailure) {
        var parser = PatternParser(text)
        let node = try parser.parse()
        var instructions: [Instruction] = []
        try Self.append(node, to: &instructions)
        instructions.append(.match)
        self.instructions = instructions
    }

    private static func append(_ node: PatternNode, to code: inout [Instruction]) throws(RuleFailure) {
        guard code.count < Self.maximumInstructions else { throw .unsuitable("the pattern repeats too much") }
        switch node {
        case .empty: break
        case .scalar(let set): code.append(.scalar(set))
        case .assertion(let assertion): code.append(.assertion(assertion))
        case .sequence(let nodes): for node in nodes { try self.append(node, to: &code) }
        case .either(let first, let second):
            let split = code.count
            code.append(.match)
            try self.append(first, to: &code)
            let jump = code.count
            code.append(.match)
            code[split] = .split(split + 1, code.count)
            try self.append(second, to: &code)
            code[jump] = .jump(code.count)
        case .repeated(let node, let range, let isEndless):
            for _ in 0..<range.lowerBound { try self.append(node, to: &code) }
            if isEndless {
                let split = code.count
                code.append(.match)
                try self.append(node, to: &code)
                code.append(.jump(split))
                code[split] = .split(split + 1, code.count)
            } else {
                var splits: [Int] = []
                for _ in range.lowerBound..<range.upperBound {
                    splits.append(code.count)
                    code.append(.match)
                    try self.append(node, to: &code)
                }
                for split in splits { code[split] = .split(split + 1, code.count) }
            }
        }
    }

    /// Whether it is found anywhere in a text.
    ///
    /// - Parameter spend: Is told the work that was done, every now and then, and throws when it is too much.
    func isFound(
        in text: String,
        spend: (Int) throws(RuleFailure) -> Void
    ) throws(RuleFailure) -> Bool {
        var machine = Machine(instructions: self.instructions)
        var previous: Unicode.Scalar?
        var work = 0
        var iterator = text.unicodeScalars.makeIterator()
        var next = iterator.next()
        while true {
            machine.enter(at: 0, between: previous, and: next)
            guard !machine.hasMatched, let scalar = next else { break }
            let following = iterator.next()
            machine.step(over: scalar, before: following)
            work += machine.takeWork()
            if work > 10_000 {
                try spend(work)
                work = 0
            }
            if machine.hasMatched { break }
            (previous, next) = (scalar, following)
        }
        try spend(work)
        return machine.hasMatched
    }
}

/// The states that a pattern's machine is in.
private struct Machine {
    private let instructions: [Pattern.Instruction]
    private var states: [Int] = []
    private var waiting: [Int] = []
    /// At which place each instruction was reached last, so that it is followed once there.
    private var marks: [Int]
    private var place = 1
    private var work = 0
    private(set) var hasMatched = false

    init(instructions: [Pattern.Instruction]) {
        self.instructions = instructions
        self.marks = Array(repeating: 0, count: instructions.count)
    }

    /// Follows the machine from an instruction up to those that want a scalar.
    mutating func enter(at start: Int, between previous: Unicode.Scalar?, and next: Unicode.Scalar?) {
        self.waiting.append(start)
        while let index = self.waiting.popLast() {
            self.work += 1
            guard self.marks[index] != self.place else { continue }
            self.marks[index] = self.place
            switch self.instructions[index] {
            case .scalar: self.states.append(index)
            case .split(let first, let second):
                self.waiting.append(first)
                self.waiting.append(second)
            case .jump(let target): self.waiting.append(target)
            case .assertion(let assertion):
                if assertion.holds(between: previous, and: next) { self.waiting.append(index + 1) }
            case .match: self.hasMatched = true
            }
        }
    }

    /// Goes over a scalar with all states.
    mutating func step(over scalar: Unicode.Scalar, before next: Unicode.Scalar?) {
        let states = self.states
        self.states.removeAll(keepingCapacity: true)
        self.place += 1
        self.work += states.count + 1
        for index in states {
            if case .scalar(let set) = self.instructions[index], set.contains(scalar) {
                self.enter(at: index + 1, between: scalar, and: next)
            }
        }
    }

    /// The number of instructions since this was asked last.
    mutating func takeWork() -> Int {
        defer { self.work = 0 }
        return self.work
    }
}

extension Pattern.Assertion {
    fileprivate func holds(between previous: Unicode.Scalar?, and next: Unicode.Scalar?) -> Bool {
        switch self {
        case .start: previous == nil
        case .end: next == nil
        case .wordBoundary: ScalarSet.isWord(previous) != ScalarSet.isWord(next)
        case .noWordBoundary: ScalarSet.isWord(previous) == ScalarSet.isWord(next)
        }
    }
}
