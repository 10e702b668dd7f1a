import Foundation

/// What can be fuzzed.
enum TargetName: String, CaseIterable {
    case peek, fingerprint, yaml, rules, events, head

    /// A new target of this name.
    func make() -> any FuzzTarget {
        switch self {
        case .peek: PeekTarget()
        case .fingerprint: FingerprintTarget()
        case .yaml: ConfigurationTarget()
        case .rules: RuleTarget()
        case .events: EventTarget()
        case .head: HeadTarget()
        }
    }
}

/// A part of the program with the properties that hold for every input.
protocol FuzzTarget {
    /// Tries an input. A property that does not hold ends the process.
    ///
    /// - Returns: Whether it is of any use to change this input further.
    mutating func tryOut(_ input: [UInt8]) -> Bool
}

/// One target under way, and what it cost so far.
struct FuzzRun {
    /// Changes the structure of an input by a seed; nil for targets whose bytes are changed.
    let mutator: (@Sendable ([UInt8], UInt64) -> [UInt8]?)?

    private let name: TargetName
    private var target: any FuzzTarget
    private var slowest: (time: Duration, input: [UInt8]) = (.zero, [])

    init(of name: TargetName) {
        self.name = name
        self.target = name.make()
        self.mutator =
            switch name {
            case .peek, .fingerprint, .events: { JSONMutator.mutated($0, seed: $1) }
            case .rules: { SQLMutator.mutated($0, seed: $1) }
            case .yaml, .head: nil
            }
    }

    /// Tries an input and remembers it when none was slower.
    mutating func tryOut(_ input: [UInt8]) -> Bool {
        let start = processorTime()
        defer {
            let time = processorTime() - start
            // The first input of all is empty, and pays for what is made only once.
            if time > self.slowest.time, !input.isEmpty { self.slowest = (time, input) }
        }
        return self.target.tryOut(input)
    }

    /// Tells what the slowest input was, and keeps it in the file that `SCALE_CALLBACKS_FUZZ_SLOWEST` names.
    func report() {
        let milliseconds = self.slowest.time / .milliseconds(1)
        complain("stat::slowest_input_ms:         \(Int(milliseconds.rounded(.up)))")
        complain("stat::slowest_input_bytes:      \(self.slowest.input.count)")
        if let path = ProcessInfo.processInfo.environment["SCALE_CALLBACKS_FUZZ_SLOWEST"] {
            _ = FileManager.default.createFile(atPath: path, contents: Data(self.slowest.input))
        }
    }
}
