extension TaskResponse {
    /// The annotations of an image; nil when the response lists none, as when they are in a file.
    public var imageAnnotations: [ImageAnnotation]? {
        self.json["annotations"]?.array?.compactMap(ImageAnnotation.init(json:))
    }
}

/// One geometry that was drawn into an image, or into a frame of a video (contract C3).
///
/// Places are in pixels from the image's left and top.
public struct ImageAnnotation: ScaleObject {
    /// The annotation as Scale sent it.
    public let json: JSON.Object

    /// An annotation from its JSON; nil unless that is an object.
    public init?(json: JSON) {
        guard let object = json.object else { return nil }
        self.json = object
    }

    /// The geometry, from `type`, or `geometry` in older data; nil in the old types with one geometry.
    public var kind: Kind? {
        (self.json["type"]?.string ?? self.json["geometry"]?.string).map(Kind.init(rawValue:))
    }

    /// What it is.
    public var label: String? { self.json["label"]?.string }

    /// Scale's name for it; the same thing keeps it from frame to frame.
    public var uuid: String? { self.json["uuid"]?.string }

    /// The answers about it: strings, numbers, lists of strings or null, by the name of the attribute.
    public var attributes: JSON.Object { self.json["attributes"]?.object ?? [:] }

    /// The box, when it is one.
    public var box: Box? {
        guard let left = self.json["left"]?.double, let top = self.json["top"]?.double,
            let width = self.json["width"]?.double, let height = self.json["height"]?.double
        else { return nil }
        return Box(left: left, top: top, width: width, height: height)
    }

    /// The point, when it is one.
    public var point: Vertex? { Vertex(json: .object(self.json)) }

    /// The corners: of a polygon or line in order, of an ellipse its four outermost points, of a cuboid the six that
    /// have a name; nil when there are none or one of them cannot be read.
    public var vertices: [Vertex]? {
        guard let list = self.json["vertices"]?.array, !list.isEmpty else { return nil }
        let vertices = list.compactMap(Vertex.init(json:))
        return vertices.count == list.count ? vertices : nil
    }

    /// The edges of a cuboid as Scale sends them.
    public var edges: [JSON] { self.json["edges"]?.array ?? [] }

    /// The smallest box around it, of any geometry; nil when the annotation does not say enough.
    public var bounds: Box? {
        if let point = self.point { return Box(left: point.x, top: point.y, width: 0, height: 0) }
        guard let vertices = self.vertices else {
            return self.json["vertices"]?.array?.isEmpty == false ? nil : self.box
        }
        let horizontal = vertices.map(\.x)
        let vertical = vertices.map(\.y)
        guard let left = horizontal.min(), let right = horizontal.max(), let top = vertical.min(),
            let bottom = vertical.max()
        else { return nil }
        return Box(left: left, top: top, width: right - left, height: bottom - top)
    }

    /// The area in square pixels; nil when it cannot be told, as of a cuboid.
    public var area: Double? {
        if self.point != nil { return 0 }
        guard let vertices = self.vertices else { return self.bounds.map { $0.width * $0.height } }
        return switch self.kind {
        case .polygon?: Self.area(inside: vertices)
        // The four outermost points span half the square around the ellipse; π/4 of that square is its area.
        case .ellipse? where vertices.count == 4: Self.area(inside: vertices) * .pi / 2
        case .line?: 0
        default: nil
        }
    }

    /// The area inside a closed line through these points, by the shoelace formula.
    private static func area(inside vertices: [Vertex]) -> Double {
        var sum = 0.0
        for (index, vertex) in vertices.enumerated() {
            let next = vertices[(index + 1) % vertices.count]
            sum += vertex.x * next.y - next.x * vertex.y
        }
        return abs(sum) / 2
    }
}

extension ImageAnnotation {
    /// What was drawn.
    public struct Kind: ScaleWord {
        /// Scale's word.
        public let rawValue: String

        /// A geometry by Scale's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// An upright rectangle.
        public static let box: Self = "box"
        /// A closed line.
        public static let polygon: Self = "polygon"
        /// An open line.
        public static let line: Self = "line"
        /// A point.
        public static let point: Self = "point"
        /// An ellipse.
        public static let ellipse: Self = "ellipse"
        /// A cuboid in perspective.
        public static let cuboid: Self = "cuboid"
    }

    /// An upright rectangle.
    public struct Box: Sendable, Hashable {
        /// How far its left edge is from the image's left.
        public var left: Double
        /// How far its top edge is from the image's top.
        public var top: Double
        /// How wide it is.
        public var width: Double
        /// How high it is.
        public var height: Double
    }

    /// A corner or a point.
    public struct Vertex: Sendable, Hashable {
        /// How far it is from the image's left.
        public let x: Double
        /// How far it is from the image's top.
        public let y: Double
        /// Which corner of a cuboid it is, for example `face-topleft`.
        public let description: String?

        init?(json: JSON) {
            guard let x = json["x"]?.double, let y = json["y"]?.double else { return nil }
            self.x = x
            self.y = y
            self.description = json["description"]?.string
        }
    }
}
