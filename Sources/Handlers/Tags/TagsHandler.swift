package import Callbacks
import ScaleAPI

/// Sets, adds and removes tags of the event's task (contract B1, T9 to T11).
///
/// The task is asked for its tags first: nothing is sent when it has what it should have, nor when it would have more
/// than it can. All calls may be repeated. A tag for whose placeholder there is no value is left out. With `set`, one call
/// gives the task all its tags; otherwise `remove` comes before `add`.
package struct TagsHandler: CallbackHandler {
    /// How many tags a task can have (contract B1).
    package static let maximumTags = 5
    /// The placeholders that a tag may hold, beside `metadata.KEY` and the columns of `find`.
    package static let placeholders = ["batch", "event", "project", "status", "task_id", "type"]

    let set: [Template]?
    let add: [Template]
    let remove: [Template]
    private let find: Find?

    /// Reads the tags.
    ///
    /// - Throws: `TemplateError` for an unknown placeholder, for a query that cannot be used, and for a configuration
    ///   that no task could follow.
    package init(configuration: Configuration) throws(TemplateError) {
        let find: Find? = if let sql = configuration.find { try Find(sql) } else { nil }
        let columns = find?.columns ?? []
        self.find = find
        self.set = if let set = configuration.set { try Self.templates(set, in: "set", columns) } else { nil }
        self.add = try Self.templates(configuration.add, in: "add", columns)
        self.remove = try Self.templates(configuration.remove, in: "remove", columns)
        guard configuration.set != nil || !configuration.add.isEmpty || !configuration.remove.isEmpty else {
            throw TemplateError("The tags handler has nothing to do. Give it 'set', 'add' or 'remove'.")
        }
        if let set = configuration.set, Set(set + configuration.add).count > Self.maximumTags {
            throw TemplateError("'set' and 'add' together give more than 5 tags, which is all that a task can have.")
        }
        if let tag = configuration.remove.first(where: (configuration.add + (configuration.set ?? [])).contains) {
            throw TemplateError("The tag '\(tag)' is both given and removed. Decide for one.")
        }
    }

    private static func templates(
        _ tags: [String],
        in list: String,
        _ columns: [String]
    ) throws(TemplateError) -> [Template] {
        // Removing more than a task can have at a time may still make sense: none has all of them.
        guard list == "remove" || Set(tags).count <= Self.maximumTags else {
            throw TemplateError("'\(list)' has \(Set(tags).count) tags, but a task can have 5. Take some away.")
        }
        var templates: [Template] = []
        for tag in tags {
            let template = try Template(tag)
            guard !template.parts.isEmpty else {
                throw TemplateError("'\(list)' has an empty tag. Take it away.")
            }
            try template.check(known: Self.placeholders, columns: columns)
            if !templates.contains(template) { templates.append(template) }
        }
        return templates
    }

    /// Changes the tags; the outcome's detail has all tags that the task has then.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        guard let taskID = event.callback.taskID else { return .completed("not about a task") }
        if let newer = context.newerEvent { return .stale("event \(newer) is newer") }
        guard let scale = context.scale else {
            return .hold(
                "the account '\(event.account)' has no API key to set tags with: give it an api-key, then resume the handler"
            )
        }
        let values: EventValues
        switch EventValues.search(self.find, for: event) {
        case .found(let found): values = found
        case .ended(let outcome): return outcome
        }
        let add = Self.tags(self.add, values)
        let remove = Self.tags(self.remove, values)
        let set = self.set.map { Self.tags($0, values) }
        // An event without the values must not clear what the configuration meant to give.
        let lacksValues = set.map { $0.isEmpty && self.set?.isEmpty == false } ?? (add.isEmpty && remove.isEmpty)
        guard !lacksValues else { return .completed("the event has no values for these tags") }
        do {
            let present = try await scale.task(taskID).tags
            let change = Change(of: present, set: set, add: add, remove: remove)
            guard change.result.count <= Self.maximumTags else {
                return .dead(
                    .refused,
                    """
                    the task would have \(change.result.count) tags (\(change.result.joined(separator: ", "))), and it can \
                    have \(Self.maximumTags): nothing was sent
                    """
                    .cut(to: 500),
                    detail: ["tags": present.asJSON]
                )
            }
            guard !change.isNone else { return Self.completed(present, "already") }
            return Self.completed(try await Self.send(change, to: taskID, at: scale), "now")
        } catch {
            return try Outcome(failure: error)
        }
    }

    private static func send(
        _ change: Change,
        to taskID: String,
        at scale: ScaleClient
    ) async throws(ScaleError) -> [String] {
        guard !change.replaces else { return try await scale.setTags(change.result, ofTask: taskID).tags }
        var tags = change.result
        // Removed first, so that there is room for the others.
        if !change.removed.isEmpty { tags = try await scale.removeTags(change.removed, ofTask: taskID).tags }
        if !change.added.isEmpty { tags = try await scale.addTags(change.added, ofTask: taskID).tags }
        return tags
    }

    private static func completed(_ tags: [String], _ when: String) -> Outcome {
        .completed(
            tags.isEmpty
                ? "the task has no tags \(when)"
                : "the task's tags are \(when) \(tags.joined(separator: ", "))".cut(to: 500),
            detail: ["tags": tags.asJSON]
        )
    }

    /// The tags for an event; one is left out when there is no value for it.
    private static func tags(_ templates: [Template], _ values: EventValues) -> [String] {
        var tags: [String] = []
        for template in templates {
            guard let tag = template.filled(with: values.text), !tag.isEmpty, !tags.contains(tag) else { continue }
            tags.append(tag)
        }
        return tags
    }
}

extension TagsHandler {
    /// What has to happen to the tags that a task has.
    struct Change: Hashable {
        /// All tags that the task has then.
        let result: [String]
        /// Whether they replace those that it has, whatever these are by then.
        let replaces: Bool
        /// Those that it lacks.
        let added: [String]
        /// Those that it has and should not have.
        let removed: [String]

        init(of present: [String], set: [String]?, add: [String], remove: [String]) {
            let kept = set ?? present.filter { !remove.contains($0) }
            let all = kept + add.filter { !kept.contains($0) }
            let result = set == nil ? all : all.filter { !remove.contains($0) }
            self.result = result
            self.replaces = set != nil
            self.added = result.filter { !present.contains($0) }
            self.removed = present.filter { !result.contains($0) }
        }

        /// Whether the task has what it should have.
        var isNone: Bool { self.added.isEmpty && self.removed.isEmpty }
    }
}

extension [String] {
    fileprivate var asJSON: JSON { .array(self.map { .string($0) }) }
}
