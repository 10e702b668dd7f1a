package import Callbacks
import ScaleAPI

/// Sets the metadata of the event's task, or merges something into it (contract T8).
///
/// Scale only knows how to replace all of it, so the task is asked for its metadata first, also to send nothing when it
/// is already what it should be. What somebody else writes between this reading and the writing is lost.
package struct MetadataHandler: CallbackHandler {
    /// How much metadata a task can have, in bytes of JSON (contract C1).
    package static let maximumBytes = 10 << 10

    private let mode: Configuration.Mode
    private let values: [ValueTemplate.Member]
    private let find: Find?

    /// Reads the values.
    ///
    /// - Throws: `TemplateError` for an unknown placeholder, for a query that cannot be used, and for a configuration
    ///   that changes nothing or that no task could follow.
    package init(configuration: Configuration) throws(TemplateError) {
        let find: Find? = if let sql = configuration.find { try Find(sql) } else { nil }
        guard configuration.mode == .set || !configuration.values.members.isEmpty else {
            throw TemplateError("'merge' has no keys, so it would change nothing. Name some.")
        }
        guard JSON.object(configuration.values).encoded.count <= Self.maximumBytes else {
            throw TemplateError("'\(configuration.mode.rawValue)' is longer than the 10 KB that a task can have.")
        }
        self.mode = configuration.mode
        self.values = try ValueTemplate.members(configuration.values, columns: find?.columns ?? [])
        self.find = find
    }

    /// Changes the metadata; the outcome's detail has the keys that are different then.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        guard let taskID = event.callback.taskID else { return .completed("not about a task") }
        if let newer = context.newerEvent { return .stale("event \(newer) is newer") }
        guard let scale = context.scale else {
            return .hold(
                """
                the account '\(event.account)' has no API key to set metadata with: give it an api-key, then resume the \
                handler
                """
            )
        }
        let values: EventValues
        switch EventValues.search(self.find, for: event) {
        case .found(let found): values = found
        case .ended(let outcome): return outcome
        }
        let patch = ValueTemplate.object(self.values, with: values)
        // An event without the values must not clear what the configuration meant to give.
        guard !patch.members.isEmpty || self.values.isEmpty else {
            return .completed("the event has no values for this metadata")
        }
        do {
            let present = try await scale.task(taskID).metadata
            let wanted = (self.mode == .set ? [:] : present).merged(with: patch)
            let changed = Self.changes(from: present, to: wanted)
            guard !changed.isEmpty else { return .completed("the task's metadata is already so") }
            let size = JSON.object(wanted).encoded.count
            guard size <= Self.maximumBytes else {
                return .dead(
                    .refused,
                    "the task's metadata would have \(size) bytes, and it can have \(Self.maximumBytes): nothing was sent"
                )
            }
            _ = try await scale.setMetadata(wanted, ofTask: taskID)
            return .completed(
                "changed in the task's metadata: \(changed.joined(separator: ", "))".cut(to: 500),
                detail: ["changed": .array(changed.prefix(50).map { .string($0.cut(to: 100)) })]
            )
        } catch {
            return try Outcome(failure: error)
        }
    }

    /// The keys whose values differ, however they are written.
    private static func changes(from present: JSON.Object, to wanted: JSON.Object) -> [String] {
        let keys = wanted.members.map(\.key) + present.members.map(\.key).filter { wanted[$0] == nil }
        var seen: Set<String> = []
        return keys.filter { key in
            seen.insert(key).inserted && Self.canonical(present[key]) != Self.canonical(wanted[key])
        }
    }

    private static func canonical(_ json: JSON?) -> [UInt8]? {
        guard let encoded = json?.encoded else { return nil }
        // What was JSON a moment ago is JSON now.
        return (try? JSONDocument(encoded))?.root.canonicalBytes ?? encoded
    }
}

extension JSON.Object {
    /// This object with another merged into it by the rules of JSON Merge Patch (RFC 7396): objects are merged, null
    /// removes, all else replaces.
    func merged(with patch: JSON.Object) -> JSON.Object {
        var result = self
        for member in patch.members {
            result[member.key] =
                switch member.value {
                case .null: nil
                case .object(let inner): .object((result[member.key]?.object ?? [:]).merged(with: inner))
                default: member.value
                }
        }
        return result
    }
}
