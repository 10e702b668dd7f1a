/// A project: a task type, and parameters its tasks inherit (contract B3).
struct SimulatedProject: Sendable {
    let id: String
    let name: String
    let type: String
    let createdAt: Timestamp

    /// Rapid and Studio projects stage their batches.
    var isRapid = false
    var isStudio = false
    var pipeline = "standard_task"
    var consensusAttempts = 0
    var isArchived = false
    var datasetID: String?

    /// Every set of parameters there was, oldest first, each with `version` and `created_at`.
    var paramHistory: [JSONObject] = []

    /// Bytes of JSON of all these versions.
    var historyBytes = 0

    /// What `setOntology` was given last.
    var ontology: JSON?

    /// Whether batches of this project begin in staging.
    var isStaged: Bool { self.isRapid || self.isStudio }

    /// The project as reading it shows it.
    var json: JSON {
        var project: JSONObject = [
            "type": .string(self.type), "name": .string(self.name),
            "param_history": .array(self.paramHistory.map(JSON.object)),
            "created_at": .string("\(self.createdAt)"),
        ]
        if let ontology { project["ontology"] = ontology }
        if self.isArchived { project["archived"] = true }
        return .object(project)
    }

    /// The project as its creation shows it: much longer.
    var createdJSON: JSON {
        let dataset: [JSON] = self.datasetID.map { [["datasetId": .string($0), "datasetName": ""]] } ?? []
        return [
            "type": .string(self.type), "pipelineName": .string(self.pipeline), "numReviews": 1,
            "numConsensus": JSON(self.consensusAttempts), "created_at": .string("\(self.createdAt)"),
            "created_by": "simulator@example.com", "created_with": "api",
            "param_history": .array(self.paramHistory.map(JSON.object)),
            "projectType": .string(self.isRapid ? "rapid" : self.isStudio ? "studio" : "enterprise"),
            "name": .string(self.name), "pinned": false, "archived": .bool(self.isArchived),
            "nucleusDatasetId": JSON(self.datasetID), "customGradersUsedOrDismissed": false,
            "edgeCaseAlertsEnabled": false, "turnOnLongHints": false, "isAudioTranscription": false,
            "useOldOnboarding": false, "containsAdultContent": false, "useRapidSmartTraining": false,
            "useTextCollectionTemplate": false, "datasetLinks": .array(dataset), "taxonomy": .null,
            "isSampleProject": false, "modelEvalProject": false,
        ]
    }

    /// The parameters tasks inherit: the version asked for, else the newest; nil when there are none.
    func params(version: Int?) -> JSONObject? {
        guard let version else { return self.paramHistory.last }
        return self.paramHistory.indices.contains(version) ? self.paramHistory[version] : nil
    }
}
