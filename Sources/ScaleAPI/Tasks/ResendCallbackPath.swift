/// How the call that sends a callback again is spelled, which sources dispute (contract A7).
public struct ResendCallbackPath: Sendable, Hashable {
    /// The last segments of the path to try, one after the other.
    let segments: [String]

    /// Only this spelling: the segment behind `/task/{id}/`.
    public init(segment: String) { self.segments = [segment] }

    private init(segments: [String]) { self.segments = segments }

    /// `send_callback`, and when Scale answers 404 also `send-callback`.
    public static let automatic = Self(segments: ["send_callback", "send-callback"])
    /// Only `send_callback`.
    public static let sendWithUnderscore = Self(segment: "send_callback")
    /// Only `send-callback`.
    public static let sendWithHyphen = Self(segment: "send-callback")
}
