import Foundation
import Testing

/// Reads the client's sources and the tests of this folder: no call may be without a test against the simulator.
@Suite struct EveryCallTests {
    /// A public function of the client, by its name and the labels of its parameters.
    struct Declaration: Hashable, CustomStringConvertible {
        let name: String
        /// The labels that every call must have.
        let required: [String]
        /// The labels that a call may have besides.
        let optional: [String]

        var description: String { "\(self.name)(\((self.required + self.optional).map { "\($0):" }.joined()))" }

        func isCalled(with labels: [String]) -> Bool {
            Set(labels).isSuperset(of: self.required) && Set(labels).isSubset(of: self.required + self.optional)
        }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static let sources = Self.root.appendingPathComponent("../../../Sources/ScaleAPI").standardized

    @Test func `each public call of the client is made by a test of this folder`() throws {
        let declared = try Self.texts(in: Self.sources)
            .flatMap { Self.extensions(of: "ScaleClient", in: $0).flatMap(Self.declarations) }
        // Were the sources not found or not understood, nothing could fail.
        #expect(declared.count >= 50)
        #expect(Set(declared).count == declared.count)
        let called = try Self.texts(in: Self.root).joined(separator: "\n")
        for declaration in declared {
            let isCalled = Self.parentheses(behind: ".\(declaration.name)(", in: called)
                .contains { declaration.isCalled(with: Self.parts(of: $0).compactMap(Self.label)) }
            #expect(isCalled, "\(declaration) is called by no test of \(Self.root.path)")
        }
    }

    @Test func `a declaration is told by its labels`() {
        let text = """
            extension ScaleClient {
                public func a(_ b: [String: Int] = [:], of c: (Int, Int), d: String) async {}
                func hidden() {}
            }
            extension Other {
                public func not() {}
            }
            """
        let found = Self.extensions(of: "ScaleClient", in: text).flatMap(Self.declarations)
        #expect(found == [Declaration(name: "a", required: ["of", "d"], optional: [])])
        #expect(found.first?.isCalled(with: ["of"]) == false)
        let calls = Self.parentheses(behind: ".a(", in: #"x.a(f(e: 1), of: (1, 2), d: "g: h")"#)
        #expect(calls.map { Self.parts(of: $0).compactMap(Self.label) } == [["of", "d"]])
    }

    // MARK: - Reading

    private static func texts(in folder: URL) throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return try paths.filter { $0.hasSuffix(".swift") && !$0.hasSuffix("EveryCallTests.swift") }
            .map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
    }

    /// The bodies of the extensions of a type; their closing brace stands at the start of a line.
    private static func extensions(of type: String, in text: String) -> [Substring] {
        text.ranges(of: "extension \(type) {\n")
            .map { range in
                let rest = text[range.upperBound...]
                return rest[..<(rest.firstRange(of: "\n}")?.lowerBound ?? rest.endIndex)]
            }
    }

    private static func declarations(in body: Substring) -> [Declaration] {
        let word = "\n    public func "
        return ("\n" + body).ranges(of: word)
            .compactMap { range -> Declaration? in
                let rest = ("\n" + body)[range.upperBound...]
                let name = String(rest.prefix { $0.isLetter || $0.isNumber })
                guard let parameters = Self.parentheses(behind: "\(name)", in: String(rest)).first else { return nil }
                let parts = Self.parts(of: parameters)
                let isOptional = { (part: String) in part.contains("=") }
                let labels = { (parts: [String]) in parts.compactMap(Self.label).filter { $0 != "_" } }
                return Declaration(
                    name: name,
                    required: labels(parts.filter { !isOptional($0) }),
                    optional: labels(parts.filter(isOptional))
                )
            }
    }

    /// What stands between the parentheses that open behind each occurrence of a text.
    private static func parentheses(behind start: String, in text: String) -> [String] {
        text.ranges(of: start)
            .compactMap { range -> String? in
                let from = start.hasSuffix("(") ? text.index(before: range.upperBound) : range.upperBound
                let rest = text[from...]
                guard let open = rest.firstIndex(of: "(") else { return nil }
                var depth = 0
                for index in rest.indices[open...] {
                    if rest[index] == "(" { depth += 1 }
                    if rest[index] == ")" { depth -= 1 }
                    if depth == 0 { return String(rest[rest.index(after: open)..<index]) }
                }
                return nil
            }
    }

    /// The parts between commas that are in no brackets and no string.
    private static func parts(of text: String) -> [String] {
        var parts = [""]
        var depth = 0
        var isString = false
        for character in text {
            if character == "\"" { isString.toggle() }
            if !isString, "([{".contains(character) { depth += 1 }
            if !isString, ")]}".contains(character) { depth -= 1 }
            if character == ",", depth == 0, !isString {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    /// The label of one argument or parameter: its first word, when a colon follows the words it begins with.
    private static func label(of part: String) -> String? {
        let trimmed = part.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let match = trimmed.prefixMatch(of: /(\w+)(?: \w+)?:/) else { return nil }
        return String(match.1)
    }
}
