extension TaskResponse {
    /// The texts that were found in a document; nil when the response lists none.
    public var documentAnnotations: [DocumentAnnotation]? {
        self.json["annotations"]?.array?.compactMap(DocumentAnnotation.init(json:))
    }
}

extension ScaleTask {
    /// The size of each page of a transcribed document, in pixels; empty when Scale does not say.
    ///
    /// Pages that cannot be read have no size, so that a page's number remains its place in this list.
    public var documentPageSizes: [DocumentAnnotation.PageSize?] {
        self.json["document_pages"]?.array?.map(DocumentAnnotation.PageSize.init(json:)) ?? []
    }
}

/// A text and its place in a document (contract C3, `documenttranscription`).
public struct DocumentAnnotation: ScaleObject {
    /// The annotation as Scale sent it.
    public let json: JSON.Object

    /// An annotation from its JSON; nil unless that is an object.
    public init?(json: JSON) {
        guard let object = json.object else { return nil }
        self.json = object
    }

    /// Scale's name for it.
    public var uuid: String? { self.json["uuid"]?.string }

    /// The page, counted from 0; its size is in `ScaleTask.documentPageSizes`.
    public var page: Int? { self.json["page"]?.int }

    /// What it is.
    public var label: String? { self.json["label"]?.string }

    /// What stands there.
    public var text: String? { self.json["text"]?.string }

    /// Where it stands: a box or a polygon, in pixels of the page.
    public var location: ImageAnnotation? { self.json["location"].flatMap(ImageAnnotation.init(json:)) }

    /// What it refers to, as Scale sends it.
    public var references: [JSON] { self.json["refs"]?.array ?? [] }

    /// The amount of money it says, as Scale sends it.
    public var money: JSON? { self.json.first(of: "money") }

    /// The size of a page, in pixels.
    public struct PageSize: Sendable, Hashable {
        /// How wide it is.
        public let width: Double
        /// How high it is.
        public let height: Double

        init?(json: JSON) {
            guard let width = json["width"]?.double, let height = json["height"]?.double else { return nil }
            self.width = width
            self.height = height
        }
    }
}
