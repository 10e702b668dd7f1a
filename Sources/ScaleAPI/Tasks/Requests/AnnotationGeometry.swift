/// A geometry that workers draw, and what they draw it around (contract C2).
///
/// A task has each geometry once, with all its choices.
public struct AnnotationGeometry: Sendable, Hashable {
    /// Scale's name for it: `box`, `polygon` and so on.
    public let name: String
    /// Its parameters in Scale's words.
    public var parameters: JSON.Object

    /// A geometry that is not known here.
    public init(name: String, parameters: JSON.Object) {
        self.name = name
        self.parameters = parameters
    }

    private init(_ name: String, _ choices: [OntologyChoice], _ fill: (inout JSON.Object) -> Void = { _ in }) {
        var parameters = JSON.Object()
        parameters.set("objects_to_annotate", choices)
        fill(&parameters)
        self.init(name: name, parameters: parameters)
    }

    /// Upright rectangles; sizes in pixels.
    public static func box(
        _ choices: [OntologyChoice],
        minimumWidth: Double? = nil,
        minimumHeight: Double? = nil
    ) -> Self {
        Self("box", choices) {
            $0.set("min_width", minimumWidth)
            $0.set("min_height", minimumHeight)
        }
    }

    /// Closed lines.
    public static func polygon(
        _ choices: [OntologyChoice],
        minimumVertices: Int? = nil,
        maximumVertices: Int? = nil
    ) -> Self {
        Self("polygon", choices) { $0.setVertices(minimumVertices, maximumVertices) }
    }

    /// Open lines.
    public static func line(
        _ choices: [OntologyChoice],
        minimumVertices: Int? = nil,
        maximumVertices: Int? = nil
    ) -> Self {
        Self("line", choices) { $0.setVertices(minimumVertices, maximumVertices) }
    }

    /// Points.
    public static func point(_ choices: [OntologyChoice], x: Double? = nil, y: Double? = nil) -> Self {
        Self("point", choices) {
            $0.set("x", x)
            $0.set("y", y)
        }
    }

    /// Ellipses.
    public static func ellipse(_ choices: [OntologyChoice]) -> Self { Self("ellipse", choices) }

    /// Cuboids in perspective; sizes in pixels.
    ///
    /// With a camera, responses have places in space too.
    public static func cuboid(
        _ choices: [OntologyChoice],
        minimumWidth: Double? = nil,
        minimumHeight: Double? = nil,
        camera: Camera? = nil
    ) -> Self {
        Self("cuboid", choices) {
            $0.set("min_width", minimumWidth)
            $0.set("min_height", minimumHeight)
            if let camera { $0.set(camera.json) }
        }
    }

    /// The camera that made an image, in Scale's words.
    public struct Camera: Sendable, Hashable {
        /// The focal length across, in pixels.
        public var fx: Double
        /// The focal length down, in pixels.
        public var fy: Double
        /// The principal point from the left, in pixels.
        public var cx: Double
        /// The principal point from the top, in pixels.
        public var cy: Double
        /// The skew.
        public var skew = 0.0
        /// By how much the image was scaled.
        public var scaleFactor = 1.0
        /// How the camera is turned.
        public var rotation = Quaternion()
        /// How high the camera is; nil when not known.
        public var height: Double?

        /// A camera that is neither skewed nor scaled nor turned; set afterwards what is otherwise.
        public init(fx: Double, fy: Double, cx: Double, cy: Double, height: Double? = nil) {
            (self.fx, self.fy, self.cx, self.cy) = (fx, fy, cx, cy)
            self.height = height
        }

        /// A rotation; none unless said.
        public struct Quaternion: Sendable, Hashable {
            /// The real part.
            public var w: Double
            /// The first imaginary part.
            public var x: Double
            /// The second imaginary part.
            public var y: Double
            /// The third imaginary part.
            public var z: Double

            /// A rotation by its parts.
            public init(w: Double = 1, x: Double = 0, y: Double = 0, z: Double = 0) {
                (self.w, self.x, self.y, self.z) = (w, x, y, z)
            }
        }

        var json: JSON.Object {
            let rotation: JSON = [
                "w": self.rotation.w.written, "x": self.rotation.x.written, "y": self.rotation.y.written,
                "z": self.rotation.z.written,
            ]
            return .making {
                $0["camera_intrinsics"] = [
                    "fx": self.fx.written, "fy": self.fy.written, "cx": self.cx.written, "cy": self.cy.written,
                    "skew": self.skew.written, "scalefactor": self.scaleFactor.written,
                ]
                $0["camera_rotation_quaternion"] = rotation
                $0.set("camera_height", self.height)
            }
        }
    }
}

extension JSON.Object {
    fileprivate mutating func setVertices(_ minimum: Int?, _ maximum: Int?) {
        self.set("min_vertices", minimum)
        self.set("max_vertices", maximum)
    }

    /// `geometries`: an object of their parameters by name.
    mutating func set(geometries: [AnnotationGeometry]) {
        self.set("geometries", Self(members: geometries.map { ($0.name, .object($0.parameters)) }))
    }
}
