import Foundation
import ScaleAPI
import Yams

/// Reads the text of a configuration file and collects everything that is wrong with it.
///
/// This file knows mappings, scalars and messages; the extensions know the keys.
struct ConfigurationReader {
    /// The largest file that is read, in bytes.
    static let maximumSize = 1 << 20
    /// How many problems are told, and how many warnings. One mistake can show in a million places.
    static let maximumProblems = 100

    /// The variables that `${NAME}` stands for.
    let environment: [String: String]
    /// What is wrong so far, in the order of discovery: the first `maximumProblems` of it.
    private(set) var problems: [ConfigurationProblem] = []
    /// How much is wrong so far.
    private(set) var problemCount = 0
    /// What works but is not good, as many at most.
    private(set) var warnings: [ConfigurationProblem] = []

    /// A reader that expands these variables.
    init(environment: [String: String]) {
        self.environment = environment
    }

    /// Notes something that is wrong.
    mutating func report(_ line: Int, _ message: @autoclosure () -> String) {
        self.problemCount += 1
        guard self.problems.count < Self.maximumProblems else { return }
        self.problems.append(ConfigurationProblem(line: line, message: message()))
    }

    /// Notes something that works but is not good.
    mutating func warn(_ line: Int, _ message: @autoclosure () -> String) {
        guard self.warnings.count < Self.maximumProblems else { return }
        self.warnings.append(ConfigurationProblem(line: line, message: message()))
    }

    // MARK: - Nodes

    /// The root of a YAML document; nil when its syntax is wrong, which is then reported.
    mutating func parse(_ text: String) -> Node? {
        guard text.utf8.count <= Self.maximumSize else {
            self.report(1, "the file has more than \(Quantity.text(bytes: Self.maximumSize)); is it the right one?")
            return nil
        }
        if let line = Self.lineOfAliases(in: text) {
            self.reportAnchor(line)
            return nil
        }
        do {
            let parser = try Parser(yaml: text, encoding: .utf8)
            // The parser owns the anchors that the nodes refer to.
            return try withExtendedLifetime(parser) {
                guard let root = try parser.singleRoot() else {
                    self.report(1, "the file is empty; it needs at least `accounts`")
                    return nil
                }
                if let line = Self.lineOfAnchor(in: root) {
                    self.reportAnchor(line)
                    return nil
                }
                return root
            }
        } catch {
            self.report(syntaxError: error)
            return nil
        }
    }

    private mutating func reportAnchor(_ line: Int) {
        self.report(line, "YAML anchors and aliases are not read here; write the value out where it is needed")
    }

    /// The first line that may hold an anchor, when there are so many aliases that nodes could grow without bound.
    ///
    /// It looks at the text only, because the parser already walks through what aliases stand for. With few aliases it
    /// cannot walk far, so that a `*word` inside of SQL does no harm.
    private static func lineOfAliases(in text: String) -> Int? {
        var aliases = 0
        var anchorLine: Int?
        var line = 1
        var isStart = true
        var sigil: UInt8?
        for byte in text.utf8 {
            if let found = sigil, byte > 0x20, !Array("*&,()[]{}".utf8).contains(byte) {
                if found == UInt8(ascii: "*") { aliases += 1 } else { anchorLine = anchorLine ?? line }
            }
            sigil = isStart && (byte == UInt8(ascii: "*") || byte == UInt8(ascii: "&")) ? byte : nil
            isStart = byte <= 0x20 || Array("[{,?:-".utf8).contains(byte)
            if byte == UInt8(ascii: "\n") { line += 1 }
        }
        return aliases > 8 ? anchorLine : nil
    }

    /// The line of the first anchored node. What an alias stands for comes after its anchor, so this ends early.
    private static func lineOfAnchor(in node: Node) -> Int? {
        if node.anchor != nil { return node.mark?.line ?? 1 }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                if let line = Self.lineOfAnchor(in: key) ?? Self.lineOfAnchor(in: value) { return line }
            }
            return nil
        case .sequence(let sequence):
            for element in sequence {
                if let line = Self.lineOfAnchor(in: element) { return line }
            }
            return nil
        case .scalar, .alias: return nil
        }
    }

    /// Reports what the parser said, without the excerpt of the file that its description holds.
    private mutating func report(syntaxError error: any Error) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let text = [context?.text, problem].compactMap(\.self).joined(separator: " ")
            self.report(mark.line, "this is not YAML: \(text) (column \(mark.column))")
        case .reader(let problem, _, _, _):
            self.report(1, "this is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.sorted().map { Self.quoted($0) }.joined(separator: ", ")
            self.report(context.mark.line, "\(keys) is there more than once in the same mapping; keep one")
        default:
            self.report(1, "this cannot be read as YAML")
        }
    }

    /// What was written, for a message: on one line and not too long.
    static func quoted(_ text: String) -> String {
        let escaped = TerminalText.escaped(text)
        return escaped.count > 200 ? "\"\(escaped.prefix(200))…\"" : "\"\(escaped)\""
    }

    // MARK: - Mappings

    /// One mapping whose keys are known.
    struct Section {
        /// One key with its value.
        struct Entry {
            /// The key.
            let key: String
            /// The line of the key.
            let line: Int
            /// The value.
            let node: Node
        }

        /// What it is called in messages.
        let name: String
        /// The line it begins on.
        let line: Int
        /// The entries in their order.
        let entries: [Entry]
        /// The keys that unknown keys were perhaps meant to be. They do not count as missing too.
        let mistyped: Set<String>

        /// The entry of a key.
        subscript(key: String) -> Entry? { self.entries.first { $0.key == key } }
    }

    /// Reads a mapping and reports keys that it should not have; nil when it is none.
    ///
    /// - Parameter later: Keys that this version does not know yet, or nil to allow any further key.
    mutating func section(_ node: Node, _ name: String, keys: [String], later: [String]? = []) -> Section? {
        guard case .mapping(let mapping) = node else {
            self.report(node.mark?.line ?? 1, "\(name) must be a mapping of keys to values")
            return nil
        }
        var entries: [Section.Entry] = []
        var mistyped: Set<String> = []
        for (key, value) in mapping {
            let line = key.mark?.line ?? 1
            guard case .scalar(let scalar) = key else {
                self.report(line, "a key of \(name) must be a word")
                continue
            }
            if let later, !keys.contains(scalar.string) {
                self.report(unknownKey: scalar.string, line: line, in: name, keys: keys, later: later)
                if let suggestion = Spelling.suggestion(for: scalar.string, among: keys) { mistyped.insert(suggestion) }
            } else {
                entries.append(Section.Entry(key: scalar.string, line: line, node: value))
            }
        }
        return Section(name: name, line: node.mark?.line ?? 1, entries: entries, mistyped: mistyped)
    }

    /// Reports a key that is not known, with the one that was perhaps meant.
    mutating func report(unknownKey key: String, line: Int, in name: String, keys: [String], later: [String] = []) {
        if later.contains(key) {
            self.report(line, "\(Self.quoted(key)) is not in this version; remove it")
        } else if let suggestion = Spelling.suggestion(for: key, among: keys) {
            self.report(line, "unknown key \(Self.quoted(key)); did you mean \"\(suggestion)\"?")
        } else {
            self.report(
                line,
                "unknown key \(Self.quoted(key)); \(name) knows \(keys.map { "\"\($0)\"" }.joined(separator: ", "))"
            )
        }
    }

    /// Reports that a key is missing, unless a mistyped one is reported in its place.
    mutating func report(missing key: String, in section: Section, _ advice: String) {
        guard !section.mistyped.contains(key) else { return }
        self.report(section.line, "\(section.name) has no \"\(key)\"; \(advice)")
    }
}
