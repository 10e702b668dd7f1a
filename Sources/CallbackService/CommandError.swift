import ArgumentParser

/// An error of a command in words for the person who called it.
struct CommandError: Error, CustomStringConvertible {
    let description: String
    /// How the process ends.
    let exitCode: ExitCode

    init(_ description: String, exitCode: ExitCode = .failed) {
        self.description = description
        self.exitCode = exitCode
    }
}
