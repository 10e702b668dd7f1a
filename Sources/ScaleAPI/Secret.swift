/// A key or token that does not show itself.
///
/// It prints as `<redacted>` in interpolation, in `dump` and in a debugger's description, so that it cannot reach a log
/// line or an error by accident.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself.
    ///
    /// Hand it only to the place that compares or sends it.
    public let exposed: String

    /// Wraps a secret.
    public init(_ value: String) { self.exposed = value }

    /// Always `<redacted>`.
    public var description: String { "<redacted>" }

    /// Always `<redacted>`.
    public var debugDescription: String { "<redacted>" }

    /// Empty, so that `dump` shows nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
