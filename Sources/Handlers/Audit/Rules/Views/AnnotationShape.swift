import ScaleAPI

/// What the table `annotations` says of the geometry of one annotation (contract C3).
struct AnnotationShape: Sendable, Hashable {
    /// The geometry; nil when it is not known.
    let type: String?
    /// The box around it, in pixels from the image's left and top; nil where the annotation does not say.
    let left: Double?
    let top: Double?
    let width: Double?
    let height: Double?
    /// The area in square pixels; nil when it cannot be told, as of a cuboid.
    let area: Double?

    init(_ annotation: JSON) {
        let drawn = ImageAnnotation(json: annotation)
        self.type = drawn?.kind?.rawValue
        if let bounds = drawn?.bounds {
            (self.left, self.top, self.width, self.height) = (bounds.left, bounds.top, bounds.width, bounds.height)
            self.area = drawn?.area
            return
        }
        // What a box says that is not whole, so that a rule can find it.
        self.left = annotation["left"]?.double
        self.top = annotation["top"]?.double
        self.width = annotation["width"]?.double
        self.height = annotation["height"]?.double
        self.area = if let width = self.width, let height = self.height { width * height } else { nil }
    }
}
