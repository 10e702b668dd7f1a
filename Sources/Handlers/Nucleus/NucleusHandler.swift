package import Callbacks
import ScaleAPI

/// Appends the image of the event's task to a Nucleus dataset (contract B9).
///
/// Nucleus does the work in a job, whose id is noted and on record. An item that is there under its reference id is not
/// added twice, so an append may be repeated; an attempt that finds the job of an earlier one asks for that instead.
package struct NucleusHandler: CallbackHandler {
    /// The key of the note that is kept of a job: its value is the id.
    private static let noteKey = "nucleus_job"
    /// How often an attempt asks for its job: after 1, 2, 4 and 8 seconds.
    private static let questions = 4
    /// How long the next attempt waits, at least, when the job is not over by then.
    private static let rest: Duration = .seconds(30)
    /// The types of tasks whose attachment is an image.
    private static let imageTypes: Set<String> = [
        "annotation", "cuboidannotation", "imageannotation", "lineannotation", "pointannotation", "polygonannotation",
        "segmentannotation",
    ]

    private let configuration: Configuration
    private let referenceID: Template
    private let metadata: [ValueTemplate.Member]
    private let find: Find?
    private let pause: @Sendable (Duration) async throws -> Void

    /// Reads the templates.
    ///
    /// - Parameter pause: Waits between two questions for a job.
    /// - Throws: `TemplateError` for an unknown placeholder, an empty name, or a query that cannot be used.
    package init(
        configuration: Configuration,
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) throws(TemplateError) {
        let find: Find? = if let sql = configuration.find { try Find(sql) } else { nil }
        let columns = find?.columns ?? []
        guard !configuration.dataset.isEmpty else { throw TemplateError("'dataset' is empty. Give the dataset's id.") }
        let referenceID = try Template(configuration.referenceID)
        try referenceID.check(known: Event.placeholderNames, columns: columns)
        guard !referenceID.names.isEmpty else {
            throw TemplateError("'reference-id' is the same for every task. Put {task_id} into it.")
        }
        self.configuration = configuration
        self.referenceID = referenceID
        self.metadata = try ValueTemplate.members(configuration.metadata, columns: columns)
        self.find = find
        self.pause = pause
    }

    /// Appends the image; the outcome's detail has the item's reference id and the job.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        guard event.callback.taskID != nil else { return .completed("not about a task") }
        guard let image = Self.image(of: event.callback) else { return .completed("no image") }
        if let newer = context.newerEvent { return .stale("event \(newer) is newer") }
        guard let scale = context.scale else {
            return .hold(
                "the account '\(event.account)' has no API key for Nucleus: give it an api-key, then resume the handler"
            )
        }
        let values: EventValues
        switch EventValues.search(self.find, for: event) {
        case .found(let found): values = found
        case .ended(let outcome): return outcome
        }
        guard let referenceID = self.referenceID.filled(with: values.text), !referenceID.isEmpty else {
            return .completed("the event has no value for 'reference-id'")
        }
        let metadata = JSON.Object().merged(with: ValueTemplate.object(self.metadata, with: values))
        var detail: JSON.Object = ["reference_id": .string(referenceID.cut(to: 500))]
        do {
            let id: String
            if let known = context.earlierNotes.last.flatMap({ $0[Self.noteKey]?.string }) {
                id = known
            } else {
                let item = NucleusItem(image: image, referenceID: referenceID, metadata: metadata)
                id =
                    try await scale.appendItems(
                        [item],
                        toDataset: self.configuration.dataset,
                        updating: self.configuration.updates
                    )
                    .id
                try await context.note([Self.noteKey: .string(id)])
            }
            detail["job"] = .string(id)
            guard self.configuration.follows else {
                return .completed("appended as \(referenceID) by job \(id)".cut(to: 500), detail: .object(detail))
            }
            return try await self.follow(id, detail, with: scale, in: context)
        } catch let error as ScaleError {
            return try Outcome(failure: error, detail: .object(detail))
        }
    }

    /// Asks for a job until it is over, or for long enough.
    private func follow(
        _ id: String,
        _ detail: JSON.Object,
        with scale: ScaleClient,
        in context: HandlerContext
    ) async throws -> Outcome {
        var detail = detail
        var job = try await scale.nucleusJob(id)
        for question in 0..<Self.questions where job.status?.isFinal != true {
            try await self.pause(.seconds(1 << question))
            job = try await scale.nucleusJob(id)
        }
        let status = job.status?.rawValue ?? "unknown"
        detail["status"] = .string(status.cut(to: 50))
        guard let state = job.status, state.isFinal else {
            return .retry(
                .unavailable,
                "job \(id) is not over, its status is \(status)".cut(to: 500),
                after: Self.rest,
                detail: .object(detail)
            )
        }
        if state == .completed { return .completed("appended by job \(id)".cut(to: 500), detail: .object(detail)) }
        let errors = try await scale.nucleusJobErrors(id)
        let summary = "job \(id) ended as \(status): \(errors.first ?? "no reason is given")".cut(to: 500)
        detail["errors"] = .array(errors.prefix(5).map { .string($0.cut(to: 500)) })
        // The next attempt, also one that people ask for after a dead letter, begins with a new job.
        try await context.note([Self.noteKey: .null])
        if state == .errored || state == .erroredUser || state == .erroredPartial {
            return .dead(.rejected, summary, detail: .object(detail))
        }
        return .retry(.unavailable, summary, detail: .object(detail))
    }

    /// Where the task's image is; nil when it has none that Nucleus could fetch.
    private static func image(of callback: Callback) -> String? {
        guard let params = callback.task?["params"], let attachment = params["attachment"]?.string,
            ["http:", "https:", "s3:", "gs:"].contains(where: attachment.hasPrefix)
        else { return nil }
        let type = params["attachment_type"]?.string ?? callback.task?["attachment_type"]?.string
        let isImage = type.map { $0 == "image" } ?? callback.taskType.map(Self.imageTypes.contains) ?? false
        return isImage ? attachment : nil
    }
}
