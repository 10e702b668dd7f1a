/// What was asked for does not exist. The process ends with `ExitCode.nothingFound`.
struct NothingFound: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
