import ArgumentParser

/// How lists are printed.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    /// Aligned columns for people.
    case table
    /// One document: `{"items":[…],"next":…}`.
    case json
    /// One document per line, as it comes.
    case jsonl
}

/// The option that every command has that lists something.
struct OutputOptions: ParsableArguments {
    @Option(
        name: .long,
        help:
            "table: for people; json: one {\"items\":[…],\"next\":…}; jsonl: a document per line, as it comes."
    )
    var output: OutputFormat = .table
}
