import Foundation
import ScaleAPI

/// A flat figure in pixels: what the geometry functions of rules work on.
struct Figure: Sendable, Hashable {
    struct Point: Sendable, Hashable {
        var x: Double
        var y: Double
    }

    /// At most `maximumPoints`, at least one, all finite.
    let points: [Point]
    /// Whether the last point is joined to the first: a polygon, and not a line.
    let isClosed: Bool

    /// A figure with more points has no place in SQL.
    static let maximumPoints = 20_000

    init?(points: [Point], isClosed: Bool) {
        guard (1...Self.maximumPoints).contains(points.count),
            points.allSatisfy({ abs($0.x) < 1e100 && abs($0.y) < 1e100 })
        else { return nil }
        self.points = points
        self.isClosed = isClosed && points.count > 2
    }

    /// An upright rectangle; nil when its size is negative.
    init?(left: Double, top: Double, width: Double, height: Double) {
        guard width >= 0, height >= 0 else { return nil }
        let (right, bottom) = (left + width, top + height)
        self.init(
            points: [
                Point(x: left, y: top), Point(x: right, y: top), Point(x: right, y: bottom), Point(x: left, y: bottom),
            ],
            isClosed: true
        )
    }

    /// Reads a list of points (a polygon; `{"x":…,"y":…}` or `[x,y]` each), `{"line": […]}`, or an annotation, box
    /// or point as Scale sends them.
    init?(json: JSON) {
        if let points = json.array {
            self.init(list: points, isClosed: true)
        } else if let line = json["line"]?.array {
            self.init(list: line, isClosed: false)
        } else if let drawn = ImageAnnotation(json: json) {
            switch drawn.kind {
            case .line?: self.init(list: json["vertices"]?.array ?? [], isClosed: false)
            case .ellipse? where drawn.vertices?.count == 4: self.init(ellipse: drawn.vertices ?? [])
            case .cuboid?:
                guard let box = drawn.bounds else { return nil }
                self.init(left: box.left, top: box.top, width: box.width, height: box.height)
            default:
                if let point = drawn.point {
                    self.init(points: [Point(x: point.x, y: point.y)], isClosed: false)
                } else if let vertices = json["vertices"]?.array, !vertices.isEmpty {
                    self.init(list: vertices, isClosed: true)
                } else if let box = drawn.box {
                    self.init(left: box.left, top: box.top, width: box.width, height: box.height)
                } else {
                    return nil
                }
            }
        } else {
            return nil
        }
    }

    private init?(list: [JSON], isClosed: Bool) {
        guard list.count <= Self.maximumPoints else { return nil }
        let points = list.compactMap { element -> Point? in
            guard let x = (element["x"] ?? element[0])?.double, let y = (element["y"] ?? element[1])?.double else {
                return nil
            }
            return Point(x: x, y: y)
        }
        guard points.count == list.count else { return nil }
        self.init(points: points, isClosed: isClosed)
    }

    /// A polygon of 64 points on the ellipse through these four, of which each is the end of an axis.
    private init?(ellipse ends: [ImageAnnotation.Vertex]) {
        let center = Point(x: ends.map(\.x).reduce(0, +) / 4, y: ends.map(\.y).reduce(0, +) / 4)
        let points = (0..<64)
            .map { step in
                let angle = Double(step) / 32 * Double.pi
                let (first, second) = (cos(angle), sin(angle))
                return Point(
                    x: center.x + first * (ends[0].x - center.x) + second * (ends[1].x - center.x),
                    y: center.y + first * (ends[0].y - center.y) + second * (ends[1].y - center.y)
                )
            }
        self.init(points: points, isClosed: true)
    }

    /// As JSON that `init(json:)` reads.
    var encoded: String {
        let points = self.points
            .map { "[\(RuleValue($0.x).asJSON.encodedString),\(RuleValue($0.y).asJSON.encodedString)]" }
            .joined(separator: ",")
        return self.isClosed || self.points.count == 1 ? "[\(points)]" : "{\"line\":[\(points)]}"
    }
}
