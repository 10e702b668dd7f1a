import ScaleAPI
import Testing

@Suite struct ScaleTaskRequestTests {
    /// A request with the type and the body it must make.
    struct Case: Sendable, CustomTestStringConvertible {
        let type: String
        let body: String
        let request: any ScaleTaskRequest

        var testDescription: String { "\(self.type) \(self.body)" }

        init(_ type: String, _ body: String, _ request: some ScaleTaskRequest) {
            self.type = type
            self.body = body
            self.request = request
        }
    }

    static let cases = Self.images + Self.others + Self.forms

    private static let images = [
        Case(
            "imageannotation",
            #"{"attachment_type":"image","attachment":"u","geometries":{"polygon":{"objects_to_annotate":["a"],"#
                + #""min_vertices":3,"max_vertices":9},"line":{"objects_to_annotate":["l"]},"point":{"#
                + #""objects_to_annotate":["p"],"x":1,"y":2.5},"ellipse":{"objects_to_annotate":["e"]}}}"#,
            ImageAnnotationTask(
                attachment: "u",
                geometries: [
                    .polygon(["a"], minimumVertices: 3, maximumVertices: 9), .line(["l"]), .point(["p"], x: 1, y: 2.5),
                    .ellipse(["e"]),
                ]
            )
        ),
        Case(
            "imageannotation",
            #"{"attachment_type":"image","attachment":"u","geometries":{"cuboid":{"objects_to_annotate":["c"],"#
                + #""min_width":4,"camera_intrinsics":{"fx":1000.5,"fy":1001,"cx":320,"cy":240,"skew":0,"#
                + #""scalefactor":1},"camera_rotation_quaternion":{"w":0.5,"x":0,"y":0,"z":-0.5},"#
                + #""camera_height":1.75},"new":{"z":null}}}"#,
            {
                var camera = AnnotationGeometry.Camera(fx: 1000.5, fy: 1001, cx: 320, cy: 240, height: 1.75)
                camera.rotation = .init(w: 0.5, z: -0.5)
                let cuboid = AnnotationGeometry.cuboid(["c"], minimumWidth: 4, camera: camera)
                let other = AnnotationGeometry(name: "new", parameters: ["z": nil])
                return ImageAnnotationTask(attachment: "u", geometries: [cuboid, other])
            }()
        ),
        Case(
            "imageannotation",
            #"{"attachment_type":"image","attachment":"u","annotation_attributes":{"n":{"type":"number"},"#
                + #""c":{"type":"category","description":"d","choices":["x"],"allow_multiple":false,"#
                + #""conditions":{}}},"links":["k"],"with_labels":true}"#,
            {
                var choice = AnnotationAttribute.category("c", choices: ["x"], description: "d", allowsMultiple: false)
                choice.extra = ["conditions": [:]]
                let attributes = [AnnotationAttribute("n", kind: .number), choice]
                var task = ImageAnnotationTask(attachment: "u", geometries: [], attributes: attributes)
                task.links = ["k"]
                task.withLabels = true
                return task
            }()
        ),
        Case(
            "segmentannotation",
            #"{"attachment_type":"image","attachment":"u","labels":["a",{"choice":"b","subchoices":["c"]}],"#
                + #""instance_labels":["i"],"allow_unlabeled":false}"#,
            SegmentAnnotationTask(
                attachment: "u",
                labels: ["a", OntologyChoice("b", subchoices: ["c"])],
                instanceLabels: ["i"],
                allowsUnlabeled: false
            )
        ),
        Case(
            "videoannotation",
            #"{"attachment_type":"image","attachments":["1","2"],"geometries":{"box":{"objects_to_annotate":["a"]}}}"#,
            VideoTask(source: .frames(["1", "2"]), geometries: [.box(["a"])])
        ),
        Case(
            "videoplaybackannotation",
            #"{"attachment_type":"video","attachment":"u","geometries":{"box":{"objects_to_annotate":["a"]}},"#
                + #""events_to_annotate":["e"],"frame_rate":12.5,"padding":1,"padding_x":2,"padding_y":3}"#,
            {
                var task = VideoTask(
                    type: .videoPlaybackAnnotation,
                    source: .file("u"),
                    geometries: [.box(["a"])],
                    frameRate: 12.5
                )
                task.events = ["e"]
                (task.padding, task.paddingX, task.paddingY) = (1, 2, 3)
                return task
            }()
        ),
    ]

    private static let others = [
        Case(
            "lidarannotation",
            #"{"attachment_type":"json","attachments":["1"],"labels":["car"],"max_distance_meters":80}"#,
            LidarTask(frames: ["1"], labels: ["car"], maximumDistance: 80)
        ),
        Case(
            "lidarsegmentation",
            #"{"attachment_type":"json","attachments":["1"],"labels":["car"]}"#,
            LidarTask(type: .lidarSegmentation, frames: ["1"], labels: ["car"])
        ),
        Case(
            "lidartopdown",
            #"{"attachment_type":"json","attachments":["1"],"labels":["car"]}"#,
            LidarTask(type: .lidarTopdown, frames: ["1"], labels: ["car"])
        ),
        Case(
            "lidarlinking",
            #"{"lidar_task":"5f00","annotation_type":"imageannotation","map":{"a":"b"}}"#,
            {
                var task = LidarLinkingTask(lidarTask: "5f00", annotationType: "imageannotation")
                task.labelMaps = ["map": ["a": "b"]]
                return task
            }()
        ),
        Case("documentmodel", #"{"x":[]}"#, OtherTask(type: .documentModel, parameters: ["x": []])),
        Case("brand/new", "{}", OtherTask(type: "brand/new", parameters: [:])),
    ]

    private static let forms = [
        Case(
            "categorization",
            #"{"attachment_type":"text","attachment":"hello","categories":["a","b"],"category_ids":{"a":1},"#
                + #""allow_multiple":true}"#,
            {
                var task = CategorizationTask(attachment: "hello", attachmentType: .text, categories: ["a", "b"])
                task.categoryIDs = ["a": 1]
                task.allowsMultiple = true
                return task
            }()
        ),
        Case(
            "namedentityrecognition",
            #"{"text":"t","labels":["#
                + #"{"name":"person"},{"name":"ship","description":"d","colour":"red"}],"#
                + #""relationships":[{"name":"r"}],"merge_newlines":false}"#,
            {
                var ship = NamedEntityTask.Label("ship", description: "d")
                ship.extra = ["colour": "red"]
                var task = NamedEntityTask(text: "t", labels: ["person", ship])
                task.relationships = [["name": "r"]]
                task.mergesNewlines = false
                return task
            }()
        ),
        Case(
            "textcollection",
            #"{"title":"T","description":"D","attachments":[{"type":"image","content":"u"}],"fields":["#
                + #"{"type":"category","field_id":"f","title":"t","description":"d","choices":["#
                + #"{"label":"Yes","value":"y"},{"label":"no","value":"no"}],"required":true,"#
                + #""min_choices":1,"max_choices":2},"#
                + #"{"type":"text","field_id":"g","max_characters":9,"min_responses_required":1,"#
                + #""max_responses_required":3,"min":1}],"responses_required":2}"#,
            {
                var choice = TextCollectionTask.Field(
                    .category,
                    id: "f",
                    title: "t",
                    description: "d",
                    choices: [.init(label: "Yes", value: "y"), "no"],
                    isRequired: true
                )
                choice.choiceCount = .init(minimum: 1, maximum: 2)
                var text = TextCollectionTask.Field(.text, id: "g")
                text.maximumCharacters = 9
                text.responseCount = .init(minimum: 1, maximum: 3)
                text.extra = ["min": 1]
                return TextCollectionTask(
                    title: "T",
                    description: "D",
                    attachments: [.init(.image, "u")],
                    fields: [choice, text],
                    responsesRequired: 2
                )
            }()
        ),
    ]

    @Test(arguments: cases)
    func `a request is Scale's type and body`(test: Case) throws {
        #expect(test.request.type.rawValue == test.type)
        #expect(JSON.object(test.request.body).encodedString == test.body)
    }

    @Test func `options are the same for all types`() throws {
        var options = TaskOptions(project: "p", batch: "b", instruction: "i", callbackURL: "a@b.c", uniqueID: "p/1")
        options.clearsUniqueIDOnError = true
        options.contextAttachments = ["u", "v"]
        options.metadata = ["k": nil]
        options.priority = 30
        options.tags = ["t"]
        options.projectParamVersion = -1
        options.hypothesis = ["annotations": []]
        options.baseAnnotations = .init(
            [["left": 1]],
            canAdd: true,
            canEdit: false,
            canEditLabels: true,
            canDelete: false
        )
        let expected =
            #"{"project":"p","batch":"b","instruction":"i","callback_url":"a@b.c","unique_id":"p/1","#
            + #""clear_unique_id_on_error":true,"context_attachments":[{"attachment":"u"},{"attachment":"v"}],"#
            + #""metadata":{"k":null},"priority":30,"tags":["t"],"project_param_version":-1,"#
            + #""hypothesis":{"annotations":[]},"base_annotations":[{"left":1}],"can_add_base_annotations":true,"#
            + #""can_edit_base_annotations":false,"can_edit_base_annotation_labels":true,"#
            + #""can_delete_base_annotations":false"#
        for test in Self.cases {
            var request = test.request
            request.options = options
            let rest = test.body == "{}" ? "}" : "," + test.body.dropFirst()
            #expect(JSON.object(request.body).encodedString == expected + rest)
        }
    }

    @Test func `what is extra wins, in its place or at the end`() throws {
        var task = CategorizationTask(attachment: "u", categories: ["a"], options: TaskOptions(project: "p"))
        task.options.extra = ["attachment": "v", "new": nil, "project": 7]
        let body = #"{"project":7,"attachment_type":"image","attachment":"v","categories":["a"],"new":null}"#
        #expect(JSON.object(task.body).encodedString == body)
        #expect(task.parameters["new"] == nil)
    }

    @Test func `the documented request comes out member for member`() throws {
        let example = try #require(
            Examples.all.first { $0.name.hasSuffix("POST-task-imageannotation.request.json") }
        )
        let crane = OntologyChoice("crane", subchoices: ["mobile_crane", "gantry_crane"])
        var task = ImageAnnotationTask(
            attachment: "https://assets.example.com/quay/cam2/000481.jpg",
            geometries: [.box(["truck", "person", crane], minimumWidth: 8, minimumHeight: 8)],
            attributes: [
                .category(
                    "occlusion",
                    choices: ["0%", "25%", "50%", "75%"],
                    description: "How much of the object is hidden?"
                ), .category("hi_vis", choices: ["yes", "no"], description: "Is a hi-vis vest worn?"),
            ]
        )
        task.options = TaskOptions(
            project: "dockyard_vision",
            batch: "dockyard_2025_03_a",
            instruction: "Label every vehicle and person visible on the quay.",
            callbackURL: "https://hooks.example.com/scale/callbacks",
            uniqueID: "quay/cam2/000481"
        )
        task.options.clearsUniqueIDOnError = true
        task.options.priority = 20
        task.options.metadata = ["asset_id": "asset-1", "shift": "night"]
        task.options.tags = ["night"]
        let documented = try #require(JSON(parsing: example.bytes).object)
        let made = task.body
        #expect(Set(made.members) == Set(documented.members))
    }

    @Test(.timeLimit(.minutes(1))) func `a request is sent, and found again behind a failure`() async throws {
        let page = #"{"docs":[\#(taskJSON("5f00", #","unique_id":"p/1""#))]}"#
        let answers = [ScriptedServer.Answer.html(500), .status(409), .json(page)]
        try await ClientFixture.run(answers: answers) { fixture in
            let options = TaskOptions(uniqueID: "p/1")
            let task = try await fixture.client.createTask(
                NamedEntityTask(text: "t", labels: ["l"], options: options)
            )
            #expect(task.id == "5f00")
            let requests = fixture.server.requests.map { "\($0.method) \($0.uri) \($0.body)" }
            let create =
                #"POST /v1/task/namedentityrecognition {"unique_id":"p/1","text":"t","labels":[{"name":"l"}]}"#
            #expect(requests == [create, create, "GET /v1/tasks?unique_id=p%2F1 "])
        }
    }
}
