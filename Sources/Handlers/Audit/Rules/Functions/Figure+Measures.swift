/// What can be measured of figures. The time is that of the product of their points.
extension Figure {
    /// The lines around it, or along it; of a point one without length.
    private var edges: [(from: Point, to: Point)] {
        guard self.points.count > 1 else { return [(self.points[0], self.points[0])] }
        let joints = Array(zip(self.points, self.points.dropFirst()))
        return (self.isClosed ? joints + [(self.points[self.points.count - 1], self.points[0])] : joints)
            .map { (from: $0.0, to: $0.1) }
    }

    /// The box around it.
    var bounds: (left: Double, top: Double, right: Double, bottom: Double) {
        var box = (self.points[0].x, self.points[0].y, self.points[0].x, self.points[0].y)
        for point in self.points {
            box = (min(box.0, point.x), min(box.1, point.y), max(box.2, point.x), max(box.3, point.y))
        }
        return box
    }

    /// The area inside, by the shoelace formula; 0 for lines and points.
    var area: Double {
        guard self.isClosed else { return 0 }
        // From the first point, so that far away figures do not lose digits.
        let origin = self.points[0]
        return abs(self.edges.reduce(0) { $0 + Self.cross(origin, $1.from, $1.to) }) / 2
    }

    /// Whether two of its edges cross each other. Edges that only touch do not.
    var crossesItself: Bool {
        let edges = self.edges
        for (index, edge) in edges.enumerated() {
            for other in edges[(index + 1)...] where Self.cross(edge, other) { return true }
        }
        return false
    }

    /// The area that two figures have in common.
    ///
    /// Both are fans of triangles around one point, which count as negative where they turn the other way; what two
    /// triangles have in common is a small convex polygon. Their sum is right for every polygon that does not cross
    /// itself.
    func commonArea(with other: Figure) -> Double {
        guard self.isClosed, other.isClosed else { return 0 }
        let (mine, its) = (self.bounds, other.bounds)
        let width = min(mine.right, its.right) - max(mine.left, its.left)
        let height = min(mine.bottom, its.bottom) - max(mine.top, its.top)
        guard width > 0, height > 0 else { return 0 }
        if self.isUprightBox, other.isUprightBox { return width * height }
        let origin = self.points[0]
        var sum = 0.0
        let fan = other.edges.map { (sign: Self.cross(origin, $0.from, $0.to), from: $0.from, to: $0.to) }
        for edge in self.edges {
            let sign = Self.cross(origin, edge.from, edge.to)
            guard sign != 0 else { continue }
            let triangle = sign > 0 ? [origin, edge.from, edge.to] : [origin, edge.to, edge.from]
            for (otherSign, from, to) in fan where otherSign != 0 {
                let clip = otherSign > 0 ? [origin, from, to] : [origin, to, from]
                let common = Self.area(of: triangle, within: clip)
                sum += (sign > 0) == (otherSign > 0) ? common : -common
            }
        }
        return min(abs(sum), min(self.area, other.area))
    }

    /// How much of this figure lies in another, 0 to 1: of its area, or of its points when it has no area.
    func share(in other: Figure) -> Double {
        let area = self.area
        guard area == 0 else { return min(1, self.commonArea(with: other) / area) }
        let inside = self.points.count { other.contains($0) }
        return Double(inside) / Double(self.points.count)
    }

    /// What two figures have in common, by what they cover together, 0 to 1.
    func intersectionOverUnion(with other: Figure) -> Double {
        let common = self.commonArea(with: other)
        let union = self.area + other.area - common
        return union > 0 ? common / union : 0
    }

    /// How far apart two figures are; 0 when they touch or overlap.
    func distance(to other: Figure) -> Double {
        if other.contains(self.points[0]) || self.contains(other.points[0]) { return 0 }
        var least = Double.infinity
        let others = other.edges
        for edge in self.edges {
            for otherEdge in others {
                if Self.cross(edge, otherEdge) { return 0 }
                least = min(
                    least,
                    Self.squaredDistance(edge.from, otherEdge),
                    Self.squaredDistance(edge.to, otherEdge),
                    Self.squaredDistance(otherEdge.from, edge),
                    Self.squaredDistance(otherEdge.to, edge)
                )
            }
        }
        return least.squareRoot()
    }

    /// Whether a point is inside, or on the border.
    private func contains(_ point: Point) -> Bool {
        guard self.isClosed else { return false }
        var isInside = false
        for (from, to) in self.edges {
            if Self.squaredDistance(point, (from, to)) == 0 { return true }
            if (from.y > point.y) != (to.y > point.y),
                point.x < (to.x - from.x) * (point.y - from.y) / (to.y - from.y) + from.x
            {
                isInside.toggle()
            }
        }
        return isInside
    }

    private var isUprightBox: Bool {
        guard self.points.count == 4 else { return false }
        return self.edges.allSatisfy { $0.from.x == $0.to.x || $0.from.y == $0.to.y }
            && self.points[0].x != self.points[2].x && self.points[0].y != self.points[2].y
            && (self.points[0].x == self.points[1].x) != (self.points[1].x == self.points[2].x)
    }

    // MARK: - Points and lines

    /// Twice the area of the triangle, negative when it turns the other way.
    private static func cross(_ origin: Point, _ first: Point, _ second: Point) -> Double {
        (first.x - origin.x) * (second.y - origin.y) - (second.x - origin.x) * (first.y - origin.y)
    }

    /// Whether two lines cross at a point inside both.
    private static func cross(_ first: (from: Point, to: Point), _ second: (from: Point, to: Point)) -> Bool {
        let a = self.cross(first.from, first.to, second.from)
        let b = self.cross(first.from, first.to, second.to)
        let c = self.cross(second.from, second.to, first.from)
        let d = self.cross(second.from, second.to, first.to)
        return (a > 0 && b < 0 || a < 0 && b > 0) && (c > 0 && d < 0 || c < 0 && d > 0)
    }

    private static func squaredDistance(_ point: Point, _ line: (from: Point, to: Point)) -> Double {
        let (dx, dy) = (line.to.x - line.from.x, line.to.y - line.from.y)
        let length = dx * dx + dy * dy
        let along = ((point.x - line.from.x) * dx + (point.y - line.from.y) * dy) / length
        let share = length > 0 ? min(1, max(0, along)) : 0
        let (x, y) = (line.from.x + share * dx - point.x, line.from.y + share * dy - point.y)
        return x * x + y * y
    }

    /// The area of what is left of a triangle inside another; both turn the same way.
    private static func area(of triangle: [Point], within clip: [Point]) -> Double {
        var polygon = triangle
        for index in 0..<3 where !polygon.isEmpty {
            let (from, to) = (clip[index], clip[(index + 1) % 3])
            var kept: [Point] = []
            for (place, point) in polygon.enumerated() {
                let previous = polygon[(place + polygon.count - 1) % polygon.count]
                let (here, before) = (self.cross(from, to, point), self.cross(from, to, previous))
                if (here > 0 && before < 0) || (here < 0 && before > 0) {
                    let share = before / (before - here)
                    kept.append(
                        Point(
                            x: previous.x + share * (point.x - previous.x),
                            y: previous.y + share * (point.y - previous.y)
                        )
                    )
                }
                if here >= 0 { kept.append(point) }
            }
            polygon = kept
        }
        guard polygon.count > 2 else { return 0 }
        return (1..<(polygon.count - 1)).reduce(0) { $0 + self.cross(polygon[0], polygon[$1], polygon[$1 + 1]) } / 2
    }
}
