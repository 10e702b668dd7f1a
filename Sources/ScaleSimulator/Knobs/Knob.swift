/// One line of the table of knobs: its name, its values, and how to read and turn it.
///
/// The table drives the options of the command, the keys of `/simulator/knobs`, the documentation and the validation.
package struct Knob: Sendable {
    /// A heading of the documentation, with the knobs below it.
    package struct Section: Sendable {
        /// For people.
        package let title: String

        /// In the order of the documentation.
        package let knobs: [Knob]
    }

    /// The name in JSON, words joined by underscores.
    package let name: String

    /// Which values it takes, in words.
    package let values: String

    /// What it does, in half a sentence.
    package let help: String

    /// Whether it is on or off, so that the option may stand alone.
    package let isSwitch: Bool

    private let read: @Sendable (Knobs) -> JSON

    /// Turns the knob; false for a value it does not take.
    private let write: @Sendable (inout Knobs, JSON) -> Bool

    /// The name as an option of the command.
    package var option: String { "--" + self.name.replacing("_", with: "-") }

    /// The default as it is written on the command line.
    package var defaultText: String { self.value(in: Knobs()).string ?? self.value(in: Knobs()).text }

    /// The present value.
    func value(in knobs: Knobs) -> JSON { self.read(knobs) }

    /// Turns the knob.
    ///
    /// - Throws: 400 that names the knob and its values.
    func turn(_ knobs: inout Knobs, to value: JSON) throws(APIError) {
        guard self.write(&knobs, value) else { throw .invalid("\"\(self.name)\" must be \(self.values)") }
    }
}

extension Knob {
    /// A number with a fraction.
    static func number(
        _ name: String,
        _ path: any WritableKeyPath<Knobs, Double> & Sendable,
        _ range: ClosedRange<Double>,
        _ help: String
    ) -> Knob {
        Knob(
            name: name,
            values: "a number from \(JSON(range.lowerBound).text) to \(JSON(range.upperBound).text)",
            help: help,
            isSwitch: false,
            read: { JSON($0[keyPath: path]) },
            write: { knobs, value in
                guard let value = value.double, range.contains(value) else { return false }
                knobs[keyPath: path] = value
                return true
            }
        )
    }

    /// A whole number.
    static func count(
        _ name: String,
        _ path: any WritableKeyPath<Knobs, Int> & Sendable,
        _ range: ClosedRange<Int>,
        _ help: String
    ) -> Knob {
        Knob(
            name: name,
            values: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            help: help,
            isSwitch: false,
            read: { JSON($0[keyPath: path]) },
            write: { knobs, value in
                guard let value = value.int, range.contains(value) else { return false }
                knobs[keyPath: path] = value
                return true
            }
        )
    }

    /// On or off.
    static func flag(_ name: String, _ path: any WritableKeyPath<Knobs, Bool> & Sendable, _ help: String) -> Knob {
        Knob(
            name: name,
            values: "true or false",
            help: help,
            isSwitch: true,
            read: { .bool($0[keyPath: path]) },
            write: { knobs, value in
                guard let value = value.bool else { return false }
                knobs[keyPath: path] = value
                return true
            }
        )
    }

    /// One of a few statuses.
    static func status(
        _ name: String,
        _ path: any WritableKeyPath<Knobs, Int> & Sendable,
        _ statuses: [Int],
        _ help: String
    ) -> Knob {
        Knob(
            name: name,
            values: statuses.map(String.init).joined(separator: " or "),
            help: help,
            isSwitch: false,
            read: { JSON($0[keyPath: path]) },
            write: { knobs, value in
                guard let value = value.int, statuses.contains(value) else { return false }
                knobs[keyPath: path] = value
                return true
            }
        )
    }

    /// One of a few words.
    static func choice<Value>(
        _ name: String,
        _ path: any WritableKeyPath<Knobs, Value> & Sendable,
        _ help: String
    ) -> Knob where Value: RawRepresentable<String> & CaseIterable & Sendable {
        Knob(
            name: name,
            values: Value.allCases.map(\.rawValue).joined(separator: " or "),
            help: help,
            isSwitch: false,
            read: { .string($0[keyPath: path].rawValue) },
            write: { knobs, value in
                guard let value = value.string.flatMap(Value.init) else { return false }
                knobs[keyPath: path] = value
                return true
            }
        )
    }

    /// A share of a kind of mishap.
    static func share<Mishap: RawRepresentable<String> & Sendable>(
        _ mishap: Mishap,
        in path: any WritableKeyPath<Knobs, [Mishap: Double]> & Sendable,
        _ help: String
    ) -> Knob {
        Knob(
            name: mishap.rawValue + "_share",
            values: "a number from 0 to 1",
            help: help,
            isSwitch: false,
            read: { JSON($0[keyPath: path][mishap] ?? 0) },
            write: { knobs, value in
                guard let value = value.double, (0...1).contains(value) else { return false }
                // Without a zero, equal behaviour is an equal value.
                knobs[keyPath: path][mishap] = value > 0 ? value : nil
                return true
            }
        )
    }
}
