package import Callbacks
import ScaleAPI

/// Sets, adds and removes tags of the event's task (contract B1, T9 to T11).
///
/// All calls may be repeated. A tag for whose placeholder the event has no value is left out. With `set`, one call
/// gives the task all its tags; otherwise `remove` comes before `add`.
package struct TagsHandler: CallbackHandler {
    /// How many tags a task can have (contract B1).
    package static let maximumTags = 5
    /// The placeholders that a tag may hold.
    package static let placeholders = ["batch", "event", "project", "status", "task_id", "type"]

    let set: [Template]?
    let add: [Template]
    let remove: [Template]

    /// Reads the tags.
    ///
    /// - Throws: `TemplateError` for an unknown placeholder, and for a configuration that no task could follow.
    package init(configuration: Configuration) throws(TemplateError) {
        self.set = if let set = configuration.set { try Self.templates(set, in: "set") } else { nil }
        self.add = try Self.templates(configuration.add, in: "add")
        self.remove = try Self.templates(configuration.remove, in: "remove")
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

    private static func templates(_ tags: [String], in list: String) throws(TemplateError) -> [Template] {
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
            for case .placeholder(let name, let format) in template.parts {
                guard Self.placeholders.contains(name), format == nil else {
                    throw TemplateError(
                        "The tag '\(tag)' has an unknown placeholder {\(name)}. Known are: "
                            + Self.placeholders.map { "{\($0)}" }.joined(separator: " ") + "."
                    )
                }
            }
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
        let add = Self.tags(self.add, of: event)
        let remove = Self.tags(self.remove, of: event)
        var result: [String]?
        do {
            if let set = self.set {
                let tags = Self.tags(set, of: event)
                // An event without the values must not clear what the configuration meant to give.
                guard set.isEmpty || !tags.isEmpty else { return .completed("the event has no values for these tags") }
                let all = tags + add.filter { !tags.contains($0) }
                result = try await scale.setTags(all.filter { !remove.contains($0) }, ofTask: taskID).tags
            } else {
                // Removed first, so that there is room for the others.
                if !remove.isEmpty { result = try await scale.removeTags(remove, ofTask: taskID).tags }
                if !add.isEmpty { result = try await scale.addTags(add, ofTask: taskID).tags }
            }
        } catch {
            return try Outcome(failure: error)
        }
        guard let result else { return .completed("the event has no values for these tags") }
        return .completed(
            result.isEmpty
                ? "the task has no tags now" : "the task's tags are now \(result.joined(separator: ", "))".cut(to: 500),
            detail: ["tags": .array(result.map { .string($0) })]
        )
    }

    /// The tags of an event; one is left out when the event lacks a value for it.
    private static func tags(_ templates: [Template], of event: Event) -> [String] {
        var tags: [String] = []
        for template in templates {
            guard let tag = template.filled(with: event.placeholder), !tag.isEmpty, !tags.contains(tag) else {
                continue
            }
            tags.append(tag)
        }
        return tags
    }
}
