import Testing

@testable import ScaleSimulator

@Suite struct TaskParametersTests {
    /// A complete set of parameters per type.
    private static let good: [String: String] = [
        "imageannotation": #"""
        {"attachment":"x","geometries":{"box":{"objects_to_annotate":["a",{"choice":"b","subchoices":["c"]}],"min_width":1.5},
        "cuboid":{"camera_intrinsics":{"fx":1}}},"annotation_attributes":{"o":{"type":"category","choices":["1"]},
        "n":{"type":"number"},"old":{"description":"x","choices":["y"]}},"with_labels":true}
        """#,
        "annotation": #"{"attachment":"x","objects_to_annotate":["a"],"min_width":3,"examples":[]}"#,
        "segmentannotation": #"{"attachment":"x","labels":["a"],"instance_labels":[],"allow_unlabeled":false}"#,
        "videoannotation": #"{"attachments":["1"],"geometries":{"box":{}},"frame_rate":10}"#,
        "videoplaybackannotation": #"{"attachment":"x.mp4","attachment_type":"video","geometries":{"point":{}}}"#,
        "lidarannotation": #"{"attachments":["1"],"labels":["car"],"max_distance_meters":30}"#,
        "lidarlinking": #"{"lidar_task":"x","annotation_type":"annotation"}"#,
        "categorization": #"{"attachment":"x","categories":["a"],"category_ids":{"a":"1"},"allow_multiple":true}"#,
        "textcollection": #"""
        {"attachments":[{"type":"text","content":"x"}],"fields":[{"type":"category","field_id":"f","choices":[{"label":"Y","value":"y"}]},
        {"type":"text","field_id":"g"},{"type":"some_new_type","field_id":"h"}],"responses_required":3}
        """#,
        "namedentityrecognition": #"{"text":"x","labels":[{"name":"a","description":"b"}],"merge_newlines":true}"#,
        "documenttranscription": #"{"attachment":"x","features":[{"type":"block","label":"a"}]}"#,
        "chat": "{}",
    ]

    private static let bad: [(type: String, change: String)] = [
        ("imageannotation", #"{"geometries":{"sphere":{}}}"#), ("imageannotation", #"{"geometries":{"box":[]}}"#),
        ("imageannotation", #"{"geometries":{"box":{"objects_to_annotate":"a"}}}"#),
        ("imageannotation", #"{"geometries":{"box":{"objects_to_annotate":[1]}}}"#),
        ("imageannotation", #"{"geometries":{"box":{"objects_to_annotate":[{"choice":"a","subchoices":[{}]}]}}}"#),
        ("imageannotation", #"{"geometries":{"box":{"min_width":"9"}}}"#),
        ("imageannotation", #"{"geometries":{"polygon":{"min_vertices":-1}}}"#),
        ("imageannotation", #"{"annotation_attributes":[]}"#),
        ("imageannotation", #"{"annotation_attributes":{"a":1}}"#),
        ("imageannotation", #"{"annotation_attributes":{"a":{"type":"colour"}}}"#),
        ("imageannotation", #"{"annotation_attributes":{"a":{"type":"category"}}}"#),
        ("imageannotation", #"{"annotation_attributes":{"a":{"type":"number","choices":{}}}}"#),
        ("imageannotation", #"{"with_labels":"yes"}"#), ("imageannotation", #"{"attachment":""}"#),
        ("imageannotation", #"{"priority":9}"#), ("imageannotation", #"{"priority":31}"#),
        ("imageannotation", #"{"priority":10.5}"#), ("imageannotation", #"{"hypothesis":[]}"#),
        ("imageannotation", #"{"can_edit_base_annotations":1}"#),
        ("imageannotation", #"{"project_param_version":"1"}"#),
        ("annotation", #"{"objects_to_annotate":{}}"#), ("annotation", #"{"min_height":-1}"#),
        ("segmentannotation", #"{"labels":[""]}"#), ("segmentannotation", #"{"instance_labels":"a"}"#),
        ("videoannotation", #"{"attachments":[]}"#), ("videoannotation", #"{"attachments":[1]}"#),
        ("videoannotation", #"{"frame_rate":"fast"}"#), ("lidarannotation", #"{"labels":[7]}"#),
        ("lidarannotation", #"{"max_distance_meters":-2}"#), ("categorization", #"{"categories":[]}"#),
        ("categorization", #"{"categories":[{}]}"#), ("categorization", #"{"allow_multiple":"no"}"#),
        ("textcollection", #"{"fields":{}}"#), ("textcollection", #"{"fields":[{}]}"#),
        ("textcollection", #"{"fields":[{"type":"text","field_id":""}]}"#),
        ("textcollection", #"{"fields":[{"type":"text","field_id":"a"},{"type":"text","field_id":"a"}]}"#),
        ("textcollection", #"{"fields":[{"type":"category","field_id":"a"}]}"#),
        ("textcollection", #"{"fields":[{"type":"category","field_id":"a","choices":[{}]}]}"#),
        ("textcollection", #"{"responses_required":0}"#), ("namedentityrecognition", #"{"labels":[{}]}"#),
        ("namedentityrecognition", #"{"text":7}"#), ("namedentityrecognition", #"{"merge_newlines":"x"}"#),
    ]

    private static func params(_ type: String) throws -> JSONObject {
        try #require(JSON(parsing: (self.good[type] ?? "").utf8)?.object)
    }

    @Test(arguments: Self.good.keys.sorted()) func `complete parameters are taken`(type: String) throws {
        try TaskParameters.check(type: type, try Self.params(type))
    }

    @Test(arguments: Self.bad) func `one wrong parameter is refused, in Scale's words`(type: String, change: String)
        throws
    {
        var params = try Self.params(type)
        params.merge(try #require(JSON(parsing: change.utf8)?.object))
        let refusal = #expect(throws: APIError.self) { try TaskParameters.check(type: type, params) }
        #expect(refusal?.status == 400)
        #expect(refusal?.message.hasPrefix("Parameter is invalid, reason: ") == true)
    }

    @Test(.timeLimit(.minutes(1))) func `a project takes no parameters its tasks could not have`() async throws {
        try await ScaleSimulator.withRunning(.idle) { baseURL, _ in
            let api = API(baseURL: baseURL)
            let bad: JSON = ["geometries": ["sphere": [:]]]
            let refused = try await api.post("/projects", ["name": "p", "type": "imageannotation", "params": bad])
            #expect(refused.status == 400)
            try await api.createProject("p", "imageannotation")
            #expect(try await api.post("/projects/p/setParams", bad).status == 400)
            #expect(try await api.get("/projects/p")["param_history"] == [])
        }
    }
}
