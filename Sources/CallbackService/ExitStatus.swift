import ArgumentParser

/// The exit codes of all commands, by the numbers of `sysexits.h`.
extension ExitCode {
    /// The command is understood but what was asked for did not succeed.
    static let failed = ExitCode(1)
    /// Nothing matches what was asked for.
    static let nothingFound = ExitCode(2)
    /// The other side cannot be reached, or another process has what is needed.
    static let unavailable = ExitCode(69)
    /// A file cannot be read or written.
    static let inputOutput = ExitCode(74)
    /// The configuration is wrong.
    static let configuration = ExitCode(78)
}
