import ArgumentParser
import ScaleSimulator

/// Reads the options that the table of knobs makes, and writes their help.
enum KnobArguments {
    /// Columns of the help.
    private static let width = 78

    /// Turns the knobs that the arguments name: `--retries 3`, `--retries=3`, and a switch alone is on.
    ///
    /// - Throws: A validation error that names the argument.
    static func knobs(_ arguments: [String]) throws -> Knobs {
        var knobs = Knobs()
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let knob = Knob.all.first(where: { $0.option == parts[0] }) else {
                throw ValidationError("There is no option \(parts[0]); see --help.")
            }
            let value: String
            if parts.count > 1 {
                value = parts[1]
            } else if let next = rest.first, !next.hasPrefix("--") {
                value = next
                rest = rest.dropFirst()
            } else if knob.isSwitch {
                value = "true"
            } else {
                throw ValidationError("\(knob.option) needs a value: \(knob.values).")
            }
            do {
                try knobs.turn(knob, to: value)
            } catch {
                throw ValidationError("\(error)")
            }
        }
        return knobs
    }

    /// The table, one section after the other.
    static var help: String {
        Knob.sections
            .map { section in
                (["\(section.title.uppercased()):"] + section.knobs.flatMap(Self.lines)).joined(separator: "\n")
            }
            .joined(separator: "\n\n")
    }

    private static func lines(_ knob: Knob) -> [String] {
        let indent = String(repeating: " ", count: 8)
        var lines = ["  \(knob.option)"]
        var line = indent
        for word in "\(knob.help) (default: \(knob.defaultText); \(knob.values))".split(separator: " ") {
            if line.count + word.count + 1 > Self.width {
                lines.append(line)
                line = indent
            }
            line += line == indent ? word : " " + word
        }
        return lines + [line]
    }
}
