/// Whether a handler that judges acts on it.
public enum HandlerMode: String, Sendable, Hashable, CaseIterable, Codable {
    /// It records what it would do and does nothing.
    case shadow
    /// It acts.
    case live
}
