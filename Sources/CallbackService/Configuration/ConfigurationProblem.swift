/// One thing that is wrong in a configuration, and what to do about it. It never contains a secret.
struct ConfigurationProblem: Sendable, Hashable {
    /// The line of the file, from 1; nil when it is not about a line.
    var line: Int?
    /// A sentence without the place.
    var message: String
}

/// Why there is no configuration: everything that is wrong with it, in the order of the file.
struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// The path of the file as it was given; nil without a file.
    var file: String?
    /// At least one.
    var problems: [ConfigurationProblem]

    /// One line for each problem: `file.yaml:12: what is wrong`.
    var description: String {
        self.problems.map { Self.line(for: $0, in: self.file) }.joined(separator: "\n")
    }

    /// The line that tells a problem, or a warning.
    static func line(for problem: ConfigurationProblem, in file: String?) -> String {
        let place = [file, problem.line.map(String.init)].compactMap(\.self).joined(separator: ":")
        return place.isEmpty ? problem.message : "\(place): \(problem.message)"
    }
}
