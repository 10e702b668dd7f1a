extension TaskResponse {
    /// Why Scale could not process the task; nil for all other responses.
    public var failure: TaskFailure? { TaskFailure(json: .object(self.json)) }
}

/// Why Scale could not process a task (contract A3.1).
///
/// The old documentation shows such an object as a whole callback, without a task around it; this reads it too.
public struct TaskFailure: ScaleObject {
    /// The response as Scale sent it.
    public let json: JSON.Object

    /// A failure from its JSON; nil unless that is an object with an `error`.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "error") else { return nil }
        self.json = object
    }

    /// What went wrong, for people.
    public var message: String { self.text("error") }

    /// The attachments it is about.
    public var attachments: [Attachment] { self.objects("attachments") }

    /// The frames it is about.
    public var frames: [Frame] { self.objects("frames") }

    /// An attachment that could not be used.
    public struct Attachment: ScaleObject {
        /// The attachment as Scale sent it.
        public let json: JSON.Object

        /// An attachment from its JSON; nil unless that is an object with a `url`.
        public init?(json: JSON) {
            guard let object = json.object(identifiedBy: "url") else { return nil }
            self.json = object
        }

        /// Where it was looked for.
        public var url: String { self.text("url") }

        /// What its server answered.
        public var statusCode: Int? { self.json["statusCode"]?.int }
    }

    /// A frame that could not be used.
    public struct Frame: ScaleObject {
        /// The frame as Scale sent it.
        public let json: JSON.Object

        /// A frame from its JSON; nil unless that is an object.
        public init?(json: JSON) {
            guard let object = json.object else { return nil }
            self.json = object
        }

        /// Which frame.
        public var frame: Int? { self.json["frame"]?.int }

        /// What is wrong with it, for people.
        public var message: String? { self.json["message"]?.string }

        /// Its file.
        public var attachment: Attachment? { self.json["attachment"].flatMap(Attachment.init(json:)) }
    }
}
