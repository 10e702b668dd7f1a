extension ScaleTask {
    /// What is to be done in a task (contract C1).
    public struct TaskType: ScaleWord {
        /// Scale's word, which is also in the path of the call that creates one.
        public let rawValue: String

        /// A type by Scale's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Boxes in an image; the old form of `imageAnnotation`.
        public static let annotation: Self = "annotation"
        /// One or several categories for an attachment.
        public static let categorization: Self = "categorization"
        /// Which of several attachments.
        public static let comparison: Self = "comparison"
        /// Cuboids in an image; an old form of `imageAnnotation`.
        public static let cuboidAnnotation: Self = "cuboidannotation"
        /// Facts that people look up.
        public static let dataCollection: Self = "datacollection"
        /// Documents, read by a model.
        public static let documentModel: Self = "documentmodel"
        /// Text and its place in documents.
        public static let documentTranscription: Self = "documenttranscription"
        /// Boxes, polygons, lines, points, cuboids and ellipses in an image.
        public static let imageAnnotation: Self = "imageannotation"
        /// Lanes of roads.
        public static let laneAnnotation: Self = "laneannotation"
        /// Cuboids in point clouds.
        public static let lidarAnnotation: Self = "lidarannotation"
        /// Cuboids of a lidar task in its camera images.
        public static let lidarLinking: Self = "lidarlinking"
        /// A label for each point of point clouds.
        public static let lidarSegmentation: Self = "lidarsegmentation"
        /// Point clouds seen from above.
        public static let lidarTopdown: Self = "lidartopdown"
        /// Lines in an image; an old form of `imageAnnotation`.
        public static let lineAnnotation: Self = "lineannotation"
        /// Entities in a text and how they relate.
        public static let namedEntityRecognition: Self = "namedentityrecognition"
        /// Points in an image; an old form of `imageAnnotation`.
        public static let pointAnnotation: Self = "pointannotation"
        /// Polygons in an image; an old form of `imageAnnotation`.
        public static let polygonAnnotation: Self = "polygonannotation"
        /// A label for each pixel of an image.
        public static let segmentAnnotation: Self = "segmentannotation"
        /// Text of an attachment, by fields.
        public static let transcription: Self = "transcription"
        /// Forms with text, numbers and choices.
        public static let textCollection: Self = "textcollection"
        /// Geometries in each frame of a video.
        public static let videoAnnotation: Self = "videoannotation"
        /// Boxes in each frame of a video; an old form of `videoAnnotation`.
        public static let videoBoxAnnotation: Self = "videoboxannotation"
        /// Geometries in a video, followed through time.
        public static let videoPlaybackAnnotation: Self = "videoplaybackannotation"
        /// Cuboids in each frame of a video.
        public static let videoCuboidAnnotation: Self = "videocuboidannotation"
        /// Lidar and cameras together.
        public static let sensorFusion: Self = "sensorfusion"
        /// Conversations.
        public static let chat: Self = "chat"
        /// Conversations, in an experimental form.
        public static let chatExperimental: Self = "chatexperimental"
        /// Conversations, in a simpler form.
        public static let chatLite: Self = "chatlite"
        /// Conversations with several models.
        public static let multiChat: Self = "multichat"
        /// Work in several stages.
        public static let multiStage: Self = "multistage"
        /// Geometries in a video, for public authorities.
        public static let federal2DVideoAnnotation: Self = "federal2dvideoannotation"
        /// Speech; no longer offered.
        public static let audioTranscription: Self = "audiotranscription"
        /// Telephone calls; no longer offered.
        public static let phoneCall: Self = "phonecall"
    }
}
