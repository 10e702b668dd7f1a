import ScaleAPI

/// The geometry of one annotation: its kind, the box around it and its area (contract C3).
struct AnnotationShape: Sendable, Hashable {
    /// The geometry, from `type`, or `geometry` in older data; nil in the legacy types with one geometry.
    var type: String?
    /// The box, in pixels from the image's left and top; nil where the annotation does not say.
    var left: Double?
    var top: Double?
    var width: Double?
    var height: Double?
    /// The area in square pixels; nil when it cannot be told, as of a cuboid.
    var area: Double?

    init(_ annotation: JSON) {
        self.type = annotation["type"]?.string ?? annotation["geometry"]?.string
        self.left = annotation["left"]?.double
        self.top = annotation["top"]?.double
        self.width = annotation["width"]?.double
        self.height = annotation["height"]?.double
        if let width = self.width, let height = self.height { self.area = width * height }

        if let x = annotation["x"]?.double, let y = annotation["y"]?.double {
            (self.left, self.top, self.width, self.height, self.area) = (x, y, 0, 0, 0)
        } else if let list = annotation["vertices"]?.array, !list.isEmpty {
            let points = list.compactMap { vertex -> (x: Double, y: Double)? in
                guard let x = vertex["x"]?.double, let y = vertex["y"]?.double else { return nil }
                return (x, y)
            }
            // A shape with a corner that cannot be read has no box that could be relied on.
            guard points.count == list.count else { return }
            let horizontal = points.map(\.x)
            let vertical = points.map(\.y)
            guard let left = horizontal.min(), let right = horizontal.max(), let top = vertical.min(),
                let bottom = vertical.max()
            else { return }
            (self.left, self.top, self.width, self.height) = (left, top, right - left, bottom - top)
            self.area =
                switch self.type {
                case "polygon": Self.area(of: points)
                // The four outermost points span half the square around the ellipse; π/4 of that square is its area.
                case "ellipse" where points.count == 4: Self.area(of: points) * .pi / 2
                case "line": 0
                default: nil
                }
        }
    }

    /// The area inside a closed line through these points, by the shoelace formula.
    private static func area(of points: [(x: Double, y: Double)]) -> Double {
        var sum = 0.0
        for (index, point) in points.enumerated() {
            let next = points[(index + 1) % points.count]
            sum += point.x * next.y - next.x * point.y
        }
        return abs(sum) / 2
    }
}
