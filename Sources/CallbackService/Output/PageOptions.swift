import ArgumentParser

/// The options of every command that lists by pages.
struct PageOptions: ParsableArguments {
    @Option(name: .long, help: "At most so many.")
    var limit = 50

    @Option(name: .long, help: "Go on where the page before ended.")
    var after: Int64?

    func validate() throws {
        guard (1...10_000).contains(self.limit) else { throw ValidationError("--limit must be 1 to 10000.") }
    }
}
