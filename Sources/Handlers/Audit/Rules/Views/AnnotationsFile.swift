import ScaleAPI

/// What is known of the file that a response's annotations are in (contract C3).
enum AnnotationsFile: Sendable {
    /// Nobody has looked.
    case unread
    /// What it holds.
    case read(JSONDocument)
    /// Why rules cannot read it.
    case unusable(String)

    /// Its content.
    ///
    /// - Throws: `RuleFailure.unavailable` when there is none that rules can read.
    func content() throws(RuleFailure) -> JSONDocument {
        switch self {
        case .unread: throw .unavailable("the annotations are in a file that was not fetched")
        case .read(let document): return document
        case .unusable(let reason): throw .unavailable(reason)
        }
    }
}
