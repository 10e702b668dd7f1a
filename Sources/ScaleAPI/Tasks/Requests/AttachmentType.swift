/// What an attachment is.
public struct AttachmentType: ScaleWord {
    /// Scale's word.
    public let rawValue: String

    /// A type by Scale's word for it.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// An image, or the frames of a video as images.
    public static let image: Self = "image"
    /// A video file.
    public static let video: Self = "video"
    /// A text.
    public static let text: Self = "text"
    /// JSON, one file for each lidar frame.
    public static let json: Self = "json"
}
