/// Which events a handler takes, without code. Every condition that is given must hold.
public struct EventMatch: Sendable, Hashable {
    /// Account names; nil for any.
    public var accounts: [String]?
    /// Project names, with `*` for any run of characters; nil for any, also for none.
    public var projects: [String]?
    /// Batch names, with `*`; nil for any.
    public var batches: [String]?
    /// Task types; nil for any.
    public var types: [String]?
    /// Statuses as Scale writes them; nil for any.
    public var statuses: [String]?
    /// Kinds of events; nil for every kind but `unrecognised`, which a handler must ask for.
    public var kinds: Set<Callback.Kind>?
    /// Tags of which the task must have all.
    public var tags: [String]
    /// Keys of which the task's metadata must have all.
    public var metadataKeys: [String]

    /// A match; without arguments it takes every event that is recognised.
    public init(
        accounts: [String]? = nil,
        projects: [String]? = nil,
        batches: [String]? = nil,
        types: [String]? = nil,
        statuses: [String]? = nil,
        kinds: Set<Callback.Kind>? = nil,
        tags: [String] = [],
        metadataKeys: [String] = []
    ) {
        self.accounts = accounts
        self.projects = projects
        self.batches = batches
        self.types = types
        self.statuses = statuses
        self.kinds = kinds
        self.tags = tags
        self.metadataKeys = metadataKeys
    }

    /// Whether a callback of this account is taken.
    public func accepts(_ callback: Callback, account: String) -> Bool {
        let facts = Facts(
            account: account,
            kind: callback.kind,
            taskType: callback.taskType,
            status: callback.status,
            project: callback.project,
            batch: callback.batch
        )
        guard self.accepts(facts) else { return false }
        // Read only when asked for: it means another walk over the body.
        if !self.tags.isEmpty {
            let tags = Set(callback.tags)
            guard self.tags.allSatisfy(tags.contains) else { return false }
        }
        if !self.metadataKeys.isEmpty {
            let keys = Set(callback.metadataKeys)
            guard self.metadataKeys.allSatisfy(keys.contains) else { return false }
        }
        return true
    }

    /// What is known of an event without its body.
    package struct Facts: Sendable, Hashable {
        package var account: String
        package var kind: Callback.Kind
        package var taskType: String?
        package var status: String?
        package var project: String?
        package var batch: String?

        package init(
            account: String,
            kind: Callback.Kind,
            taskType: String?,
            status: String?,
            project: String?,
            batch: String?
        ) {
            self.account = account
            self.kind = kind
            self.taskType = taskType
            self.status = status
            self.project = project
            self.batch = batch
        }
    }

    /// Whether only the body can tell if an event is taken whose facts are.
    package var needsBody: Bool { !self.tags.isEmpty || !self.metadataKeys.isEmpty }

    /// Whether an event is taken, as far as its body is not needed to tell.
    package func accepts(_ facts: Facts) -> Bool {
        (self.kinds.map { $0.contains(facts.kind) } ?? (facts.kind != .unrecognised))
            && Self.isListed(facts.account, in: self.accounts) && Self.isListed(facts.taskType, in: self.types)
            && Self.isListed(facts.status, in: self.statuses) && Self.matches(facts.project, self.projects)
            && Self.matches(facts.batch, self.batches)
    }

    /// Whether it is certain that no event is taken by both. False when patterns would have to be compared.
    public func isDisjoint(from other: EventMatch) -> Bool {
        func areDisjoint(_ left: [String]?, _ right: [String]?) -> Bool {
            guard let left, let right else { return false }
            guard !(left + right).contains(where: { $0.contains("*") }) else { return false }
            return Set(left).isDisjoint(with: right)
        }
        if let kinds = self.kinds, let others = other.kinds, kinds.isDisjoint(with: others) { return true }
        return areDisjoint(self.accounts, other.accounts) || areDisjoint(self.types, other.types)
            || areDisjoint(self.statuses, other.statuses) || areDisjoint(self.projects, other.projects)
            || areDisjoint(self.batches, other.batches)
    }

    private static func isListed(_ value: String?, in list: [String]?) -> Bool {
        guard let list else { return true }
        return value.map(list.contains) ?? false
    }

    private static func matches(_ value: String?, _ patterns: [String]?) -> Bool {
        guard let patterns else { return true }
        guard let value else { return false }
        return patterns.contains { Self.matches(Array(value.utf8), Array($0.utf8)) }
    }

    /// Matches with `*` for any run of bytes; on a mismatch only the last star is tried again, so no pattern is slow.
    private static func matches(_ value: [UInt8], _ pattern: [UInt8]) -> Bool {
        var valueIndex = 0
        var patternIndex = 0
        var retry: (pattern: Int, value: Int)?
        while valueIndex < value.count {
            if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
                retry = (patternIndex + 1, valueIndex)
                patternIndex += 1
            } else if patternIndex < pattern.count, pattern[patternIndex] == value[valueIndex] {
                patternIndex += 1
                valueIndex += 1
            } else if let star = retry {
                retry = (star.pattern, star.value + 1)
                patternIndex = star.pattern
                valueIndex = star.value + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
