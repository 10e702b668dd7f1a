/// Something that Scale sends as a JSON object.
///
/// It keeps everything that came, in `json`, so that nothing is lost on the way back. Its properties read the fields
/// that are known; a field that is missing, null or of another kind than expected reads as nil or empty.
public protocol ScaleObject: Sendable, Hashable {
    /// What Scale sent.
    var json: JSON.Object { get }

    /// Reads it; nil when it is no object or lacks what makes it one of these.
    init?(json: JSON)
}
