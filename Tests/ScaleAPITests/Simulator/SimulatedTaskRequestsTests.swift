import ScaleAPI
import ScaleSimulator
import Testing

/// Each typed request is made in test mode, where its result is there at once, and the result read by value.
@Suite(.timeLimit(.minutes(1))) struct SimulatedTaskRequestsTests {
    private let image = "https://assets.example.com/quay/1.jpg"
    private let frames = (0..<12).map { "https://assets.example.com/quay/\($0).json" }

    private func create(
        _ request: some ScaleTaskRequest,
        in scale: SimulatedScale,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> TaskResponse {
        let task = try await scale.test.createTask(request)
        #expect(task.type == request.type && task.isTest, sourceLocation: sourceLocation)
        #expect(task.status == .completed && task.completedAt != nil, sourceLocation: sourceLocation)
        for member in request.parameters.members {
            #expect(task.params[member.key] == member.value, sourceLocation: sourceLocation)
        }
        return try #require(task.result, sourceLocation: sourceLocation)
    }

    /// A file of results, which wants the live key.
    private func file(_ url: String?, _ scale: SimulatedScale) async throws -> JSON {
        try JSON(parsing: try await scale.live.resultFile(at: try #require(url)))
    }

    @Test func `an image has annotations inside it with the labels and attributes that were asked for`() async throws {
        let geometries: [AnnotationGeometry] = [
            .box(["truck", OntologyChoice("person", subchoices: ["docker", "guest"])], minimumWidth: 50),
            .polygon(["hull"]),
            .line(["rope"]), .point(["bolt"]), .ellipse(["tyre"]),
            .cuboid(["crate"], camera: .init(fx: 1000, fy: 1000, cx: 960, cy: 540)),
        ]
        let labels: [ImageAnnotation.Kind: Set<String>] = [
            .box: ["truck", "docker", "guest"], .polygon: ["hull"], .line: ["rope"], .point: ["bolt"],
            .ellipse: ["tyre"], .cuboid: ["crate"],
        ]
        let attributes: [AnnotationAttribute] = [
            .category("state", choices: ["moving", "still"]), AnnotationAttribute("load", kind: .number),
        ]
        try await SimulatedScale.run { scale in
            for _ in 0..<5 {
                let task = ImageAnnotationTask(attachment: self.image, geometries: geometries, attributes: attributes)
                let annotations = try #require(try await self.create(task, in: scale).imageAnnotations)
                #expect(Set(annotations.compactMap(\.kind)) == Set(labels.keys))
                #expect(Set(annotations.compactMap(\.uuid)).count == annotations.count)
                for annotation in annotations {
                    let kind = try #require(annotation.kind)
                    #expect(labels[kind]?.contains(annotation.label ?? "") == true)
                    let bounds = try #require(annotation.bounds)
                    #expect(bounds.left >= 0 && bounds.left + bounds.width <= 1920)
                    #expect(bounds.top >= 0 && bounds.top + bounds.height <= 1080)
                    #expect(["moving", "still"].contains(annotation.attributes["state"]?.string))
                    #expect(annotation.attributes["load"]?.int != nil)
                    if kind == .box { #expect(bounds.width >= 50) }
                    if kind == .cuboid { #expect(annotation.vertices?.compactMap(\.description).count == 6) }
                }
            }
        }
    }

    @Test func `what is wrong on purpose is in the books`() async throws {
        try await SimulatedScale.run(.with { $0.faultShare = 1 }) { scale in
            var faults: Set<ScaleSimulator.PlantedFault> = []
            for _ in 0..<40 {
                let task = try await scale.test.createTask(
                    ImageAnnotationTask(attachment: self.image, geometries: [.box(["truck"], minimumHeight: 40)])
                )
                let annotations = try #require(task.result?.imageAnnotations)
                let fault = try #require(scale.simulator.plantedFaults[task.id])
                faults.insert(fault)
                let boxes = annotations.compactMap(\.box)
                #expect(annotations.isEmpty == (fault == .empty))
                #expect(annotations.contains { $0.label != "truck" } == (fault == .labelNotAskedFor))
                #expect(boxes.contains { $0.height < 40 } == (fault == .tooSmall))
                #expect(boxes.contains { $0.left + $0.width > 1920 } == (fault == .outsideImage))
            }
            #expect(faults == [.empty, .labelNotAskedFor, .tooSmall, .outsideImage, .nearDuplicate])
        }
    }

    @Test func `a categorization chooses from its categories and names their ids`() async throws {
        try await SimulatedScale.run { scale in
            var task = CategorizationTask(attachment: self.image, categories: ["cat", "dog"])
            task.categoryIDs = ["cat": 1, "dog": "d"]
            let one = try await self.create(task, in: scale)
            let chosen = try #require(one.categories.first)
            #expect(one.categories.count == 1 && one.categoryIDs == [chosen == "cat" ? 1 : "d"])
            task.allowsMultiple = true
            let many = try await self.create(task, in: scale)
            #expect(!many.categories.isEmpty && Set(many.categories).isSubset(of: ["cat", "dog"]))
            #expect(many.categoryIDs.count == many.categories.count)
        }
    }

    @Test func `a text collection is filled in by one or by several`() async throws {
        var ranking = TextCollectionTask.Field(.rankingOrder, id: "order", choices: ["a", "b", "c"])
        ranking.title = "Best first"
        var many = TextCollectionTask.Field(.category, id: "kinds", choices: ["x", .init(label: "Why", value: "y")])
        many.choiceCount = .init(minimum: 2, maximum: 2)
        let fields = [
            TextCollectionTask.Field(.text, id: "why", isRequired: true), .init(.number, id: "count"), many, ranking,
        ]
        try await SimulatedScale.run { scale in
            var task = TextCollectionTask(title: "Reply", attachments: [.init(.text, "Where is it?")], fields: fields)
            let answers = try await self.create(task, in: scale).textAnswers
            let one = try #require(answers.first)
            #expect(answers.count == 1)
            #expect(one.map(\.fieldID) == ["why", "count", "kinds", "order"])
            #expect(one.map(\.kind) == [.text, .number, .category, .rankingOrder])
            #expect(one[0].texts.first?.isEmpty == false)
            #expect(one[1].values.joined().allSatisfy { $0.int != nil })
            #expect(Set(one[2].texts) == ["x", "y"])
            #expect(one[3].texts.sorted() == ["a", "b", "c"])
            task.responsesRequired = 3
            let people = try await self.create(task, in: scale).textAnswers
            #expect(people.count == 3)
            // Choices are told by their place then, and people agree.
            #expect(people.allSatisfy { Set($0[2].texts) == ["0", "1"] && $0[3].texts.sorted() == ["0", "1", "2"] })
        }
    }

    @Test func `entities are where they say in the text`() async throws {
        let text = "📦 Anna shipped crates from Tromsø to Zürich."
        try await SimulatedScale.run { scale in
            var task = NamedEntityTask(text: text, labels: ["person", .init("place", description: "A town")])
            task.relationships = [["name": "works-in", "source_label": "person", "target_label": "place"]]
            let response = try await self.create(task, in: scale)
            #expect(response.entities.map(\.text) == ["Anna", "Tromsø", "Zürich"])
            for entity in response.entities {
                #expect(entity.range(in: text).map { String(text[$0]) } == entity.text)
                #expect(["person", "place"].contains(entity.label))
            }
            let relationship = try #require(response.relationships.first)
            #expect(relationship.name == "works-in")
            let ids = response.entities.map(\.id)
            #expect(ids.contains(relationship.source) && ids.contains(relationship.target))
        }
    }

    @Test func `a segmentation has a mask for each label and the images of all`() async throws {
        try await SimulatedScale.run { scale in
            let task = SegmentAnnotationTask(attachment: self.image, labels: ["sky", "sea"], instanceLabels: ["ship"])
            let response = try await self.create(task, in: scale)
            let segmentation = try #require(response.segmentation)
            #expect(segmentation.labels == ["sky", "sea", "ship"])
            let combined = [segmentation.imageURL, segmentation.indexedImageURL].compactMap(\.self)
            #expect(combined.count == 2 && Set(response.resultURLs).isSuperset(of: combined))
            for url in response.resultURLs {
                let bytes = try await scale.live.resultFile(at: url)
                #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
            }
            for label in segmentation.labels {
                let found = segmentation.entries(of: label).filter { $0.pixelCount ?? 0 > 0 }
                #expect(segmentation.urls(of: label).count == found.count)
                #expect(found.allSatisfy { $0.color?.count == 7 && $0.index ?? 0 > 0 })
            }
        }
    }

    @Test func `a video has annotations in each frame, and playback has tracks and events`() async throws {
        try await SimulatedScale.run { scale in
            let boxes = [AnnotationGeometry.box(["truck", "person"])]
            var task = VideoTask(source: .frames(self.frames), geometries: boxes, frameRate: 5)
            let frames = try await self.file(try await self.create(task, in: scale).annotationsURL, scale).array
            #expect(frames?.count == 12)
            var uuids: Set<[String]> = []
            for frame in frames ?? [] {
                let annotations = (frame["annotations"]?.array ?? []).compactMap(ImageAnnotation.init(json:))
                #expect(!annotations.isEmpty)
                #expect(annotations.allSatisfy { ["truck", "person"].contains($0.label) && $0.box != nil })
                uuids.insert(annotations.compactMap(\.uuid))
            }
            #expect(uuids.count == 1)

            task = VideoTask(
                type: .videoPlaybackAnnotation,
                source: .file("https://assets.example.com/quay.mp4"),
                geometries: boxes
            )
            task.events = ["arrival"]
            let response = try await self.create(task, in: scale)
            #expect(response.resultURLs == [response.annotationsURL, response.eventsURL].compactMap(\.self))
            let tracks = try await self.file(response.annotationsURL, scale).object?.members ?? []
            #expect(!tracks.isEmpty)
            #expect(tracks.allSatisfy { ["truck", "person"].contains($0.value["label"]?.string) })
            #expect(tracks.allSatisfy { $0.value["frames"]?.array?.isEmpty == false })
            let events = try await self.file(response.eventsURL, scale).array
            #expect(events?.map { $0["label"] } == ["arrival"])
        }
    }

    @Test func `lidar frames have cuboids, points have labels, and cameras have links`() async throws {
        try await SimulatedScale.run { scale in
            var task = LidarTask(frames: self.frames, labels: ["car", "tree"], maximumDistance: 40)
            let frames = try await self.file(try await self.create(task, in: scale).annotationsURL, scale).array
            #expect(frames?.count == 12)
            let cuboids = (frames ?? []).flatMap { $0["cuboids"]?.array ?? [] }
            #expect(!cuboids.isEmpty && cuboids.allSatisfy { ["car", "tree"].contains($0["label"]?.string) })

            task.type = .lidarSegmentation
            let response = try await self.create(task, in: scale)
            #expect(response.resultURLs.count == 2)
            let points = try await self.file(response.pointSegmentationsURL, scale)
            #expect(points["label_mapping"] == ["car": 1, "tree": 2])
            #expect(points["frames"]?.array?.count == 12)

            task.type = .lidarTopdown
            #expect(try await self.create(task, in: scale).json == [:])

            var linking = LidarLinkingTask(lidarTask: "5f0000000000000000000001", annotationType: "annotation")
            linking.labelMaps = ["label_map": ["car": "vehicle"]]
            let links = try await self.file(try await self.create(linking, in: scale).annotationsURL, scale)
            let cameras = (links.array ?? []).flatMap { $0["camera_responses"]?.array ?? [] }
            #expect(!cameras.isEmpty && cameras.allSatisfy { $0["camera_used"]?.int != nil })
        }
    }

    @Test func `a task of any other type is made from free parameters`() async throws {
        try await SimulatedScale.run { scale in
            let other = OtherTask(type: .transcription, parameters: ["fields": ["plate": "The number plate"]])
            let response = try await self.create(other, in: scale)
            #expect(response.json["fields"]?["plate"]?.string?.hasPrefix("plate ") == true)
            let task = try await scale.test.createTask(
                type: "comparison",
                parameters: [
                    "attachments": ["https://a.example.com/1", "https://a.example.com/2"], "choices": ["left"],
                ]
            )
            #expect(task.type == .comparison && task.response?["choice"] == "left")
        }
    }

    @Test func `what all types have comes back, with what the project says`() async throws {
        try await SimulatedScale.run { scale in
            let params: JSON.Object = ["instruction": "The project's.", "categories": ["cat", "dog"]]
            _ = try await scale.test.createProject("pets", type: .categorization, params: params)
            _ = try await scale.test.createBatch("march", inProject: "pets")
            var options = TaskOptions(
                project: "pets",
                batch: "march",
                instruction: "Mine.",
                callbackURL: "me@example.com",
                uniqueID: "pets/1"
            )
            options.metadata = ["shelf": 3.50, "nested": ["a": nil]]
            options.priority = 30
            options.tags = ["a", "b"]
            options.contextAttachments = ["https://assets.example.com/2.jpg"]
            options.hypothesis = ["category": "cat"]
            options.baseAnnotations = .init(["annotations": []], canAdd: true, canEdit: false)
            options.extra = ["new_parameter": 7]
            let task = try await scale.test.createTask(
                CategorizationTask(attachment: self.image, categories: ["cow"], options: options)
            )
            #expect(task.project == "pets" && task.batch == "march" && task.uniqueID == "pets/1")
            #expect(task.instruction == "Mine.\nThe project's." && task.callbackURL == "me@example.com")
            #expect(task.metadata == options.metadata && task.priority == 30 && task.tags == ["a", "b"])
            #expect(task.params["context_attachments"] == [["attachment": "https://assets.example.com/2.jpg"]])
            #expect(task.params["hypothesis"] == ["category": "cat"] && task.params["new_parameter"] == 7)
            #expect(task.params["base_annotations"] == ["annotations": []])
            #expect(task.params["can_add_base_annotations"] == true)
            #expect(task.params["can_edit_base_annotations"] == false)
            #expect(task.result?.categories == ["cow"])
            #expect(try await scale.test.task(task.id) == task)
            options.uniqueID = nil
            options.projectParamVersion = -1
            let alone = try await scale.test.createTask(
                CategorizationTask(attachment: self.image, categories: ["cow"], options: options)
            )
            #expect(alone.instruction == "Mine.")
        }
    }

    @Test func `a task that cannot be processed says why and gives its unique id free`() async throws {
        try await SimulatedScale.run { scale in
            var options = TaskOptions(uniqueID: "gone/1")
            options.clearsUniqueIDOnError = true
            let url = "https://nowhere.invalid/1.jpg"
            let image = try await scale.test.createTask(
                ImageAnnotationTask(attachment: url, geometries: [.box(["truck"])], options: options)
            )
            #expect(image.status == .error && image.uniqueID == nil)
            #expect(image.result?.failure?.attachments.map(\.url) == [url])
            #expect(image.result?.failure?.attachments.map(\.statusCode) == [404])
            let lidar = try await scale.test.createTask(
                LidarTask(frames: [self.frames[0], url], labels: ["car"], options: options)
            )
            let frame = try #require(lidar.result?.failure?.frames.first)
            #expect(frame.frame == 1 && frame.attachment?.url == url && frame.message?.isEmpty == false)
        }
    }
}
