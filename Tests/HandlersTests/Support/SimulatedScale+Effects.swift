import Callbacks
import Foundation
import ScaleAPI
import ScaleSimulator

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What tests of handlers with effects need of the simulator.
extension SimulatedScale {
    /// The requests so far, as method and path.
    var requests: [String] {
        self.simulator.journal()
            .compactMap { if case .request(let method, let path, _, _) = $0.event { "\(method) \(path)" } else { nil } }
    }

    /// A completed task, and an event whose response has three boxes of the label `truck`.
    func judgedTask(tags: [String] = [], metadata: JSON.Object = [:]) async throws -> (id: String, event: Event) {
        let task = try await self.client.createTask(
            type: "imageannotation",
            parameters: [
                "instruction": "Label the quay.", "attachment": "https://assets.example.com/1.jpg",
                "geometries": ["box": ["objects_to_annotate": ["truck"]]], "tags": .array(tags.map { .string($0) }),
                "metadata": .object(metadata),
            ]
        )
        var json = try await self.completed(task.id).json
        json["response"] = ["annotations": .array((0..<3).map { Example.box(["uuid": .string("u\($0)")]) })]
        let body: JSON = ["task": .object(json), "task_id": .string(task.id)]
        return (task.id, Example.event(try Callback(body: body.encoded)))
    }

    /// A new Nucleus dataset's id.
    func dataset() async throws -> String {
        let answer = try await self.nucleus("dataset/create", ["name": "quay"])
        return try present(answer["dataset_id"]?.string)
    }

    /// The items of a dataset.
    func items(of dataset: String) async throws -> [JSON] {
        try present(try await self.nucleus("dataset/\(dataset)/datasetItems")["dataset_items"]?.array)
    }

    private func nucleus(_ path: String, _ body: JSON? = nil) async throws -> JSON {
        let url = try present(URL(string: "\(self.client.configuration.baseURL)/nucleus/\(path)"))
        var request = URLRequest(url: url)
        request.setValue(
            "Basic \(Data("live_simulator:".utf8).base64EncodedString())",
            forHTTPHeaderField: "Authorization"
        )
        if let body {
            request.httpMethod = "POST"
            request.httpBody = Data(body.encoded)
        }
        return try JSON(parsing: Array(try await URLSession.shared.data(for: request).0))
    }
}
