/// Geometries in a video (contract C2, `videoannotation` and `videoplaybackannotation`).
public struct VideoTask: ScaleTaskRequest {
    /// Where the pictures come from.
    public enum Source: Sendable, Hashable {
        /// The URLs of the frames, in order.
        case frames([String])
        /// The URL of a file: mp4, webm or ogg.
        case file(String)
    }

    /// `videoAnnotation` or `videoPlaybackAnnotation`.
    public var type: ScaleTask.TaskType
    /// Where the pictures come from.
    public var source: Source
    /// What to draw, around what.
    public var geometries: [AnnotationGeometry]
    /// What to say about each annotation.
    public var attributes: [AnnotationAttribute] = []
    /// What may happen in the video.
    public var events: [String] = []
    /// Frames a second.
    public var frameRate: Double?
    /// How annotations may be linked, as Scale describes it (playback).
    public var links: JSON?
    /// How far annotations may reach over the edges, in pixels (playback).
    public var padding: Double?
    /// The same for left and right alone (playback).
    public var paddingX: Double?
    /// The same for top and bottom alone (playback).
    public var paddingY: Double?
    /// What tasks of all types have.
    public var options: TaskOptions

    /// A task of type `videoannotation`, or `videoplaybackannotation` when said.
    public init(
        type: ScaleTask.TaskType = .videoAnnotation,
        source: Source,
        geometries: [AnnotationGeometry],
        frameRate: Double? = nil,
        options: TaskOptions = .init()
    ) {
        self.type = type
        self.source = source
        self.geometries = geometries
        self.frameRate = frameRate
        self.options = options
    }

    /// The parameters of these types alone.
    public var parameters: JSON.Object {
        .making {
            switch self.source {
            case .frames(let urls):
                $0.set("attachment_type", AttachmentType.image.rawValue)
                $0.set("attachments", urls)
            case .file(let url):
                $0.set("attachment_type", AttachmentType.video.rawValue)
                $0.set("attachment", url)
            }
            $0.set(geometries: self.geometries)
            $0.set(attributes: self.attributes)
            $0.set("events_to_annotate", self.events)
            $0.set("frame_rate", self.frameRate)
            $0.set("links", self.links)
            $0.set("padding", self.padding)
            $0.set("padding_x", self.paddingX)
            $0.set("padding_y", self.paddingY)
        }
    }
}
