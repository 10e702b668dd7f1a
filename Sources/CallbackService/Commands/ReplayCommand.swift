import ArgumentParser
import CallbackQueue
import CallbackServer
import Callbacks

/// Gives a handler stored events once more, or for the first time.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Give a handler stored events that it takes: once more, or for the first time.",
        discussion: """
            Without --yes it only counts. An event of which the handler had its effect is passed over unless \
            --repeat-effects is said; so is one that waits for it already, and one whose body has aged out. Limits of \
            audits hold all the same, and an event of whose task something newer is known is stale. Works through the \
            running service, or on the store itself when no service runs.

            Examples:
              scale-callbacks replay --handler check-boxes --since 30d          # counts
              scale-callbacks replay --handler check-boxes --since 30d --yes    # acts
              scale-callbacks replay --handler mark --parked --yes
              scale-callbacks replay --handler archive --event 17 --event 18 --repeat-effects --yes
            """
    )

    @OptionGroup var store: StoreOptions

    @Option(name: .long, help: "The handler, as the configuration has it.")
    var handler: String

    @Option(name: .long, help: "Only events kept within this time, such as 24h or 30d.")
    var since: String?

    @Option(name: .long, help: "Only events kept longer ago than this, such as 24h.")
    var until: String?

    @Option(name: .long, help: "Only of this account.")
    var account: String?

    @Option(name: .long, help: "Only in this project.")
    var project: String?

    @Option(name: .long, help: "Only in this batch.")
    var batch: String?

    @Option(name: .long, help: "Only of this task type (repeatable).")
    var type: [String] = []

    @Option(name: .long, help: "Only of this kind (repeatable).", transform: Self.kind)
    var kind: [Callback.Kind] = []

    @Option(name: .long, help: "Only about this task.")
    var task: String?

    @Option(name: .long, help: "Only this event (repeatable).")
    var event: [Int64] = []

    @Flag(name: .long, help: "Only those that no handler took.")
    var parked = false

    @Flag(name: .long, help: "Also those of which the handler had its effect, and have it again.")
    var repeatEffects = false

    @Flag(name: .long, help: "Only count.")
    var dryRun = false

    @Flag(name: .long, help: "Act.")
    var yes = false

    func validate() throws {
        for (name, time) in [("since", self.since), ("until", self.until)] {
            guard let time, Quantity.duration(time) == nil else { continue }
            throw ValidationError("--\(name) must be a time such as 90m, 24h or 7d.")
        }
        guard self.event.count <= 1000 else {
            throw ValidationError("At most 1000 events; use other filters for more.")
        }
    }

    func run() async throws {
        let registration = try self.store.configuration.read().registration(ofHandler: self.handler)
        let path = try self.store.path()
        let reader = try StoreReader(path: path)
        guard try await reader.handlers().contains(where: { $0.name == self.handler }) else { throw self.unknown }
        let selection = self.selection(match: registration.match)
        // What comes meanwhile is delivered anyway.
        let last = try await reader.newestEvent()

        var counts = ReplayCounts()
        try await self.walk(selection, reader, through: last, "count") { counts.add($0.counts) }
        let count = counts.new + counts.again + (self.repeatEffects ? counts.withEffect : 0)
        let what = self.text(of: counts)
        guard self.yes, !self.dryRun else {
            let hint = self.dryRun || count == 0 ? "" : " Say --yes to do it."
            return try DescriptorSink.standardOutput.writeLine("\(count) deliveries would be made: \(what).\(hint)")
        }
        let control = StoreControl(storePath: path)
        var created = 0
        var ids: [Int64] = []
        func send(_ slice: [Int64]) async throws {
            guard !slice.isEmpty else { return }
            guard
                let made = try await control.replay(slice, forHandler: self.handler, repeatsEffects: self.repeatEffects)
            else { throw self.unknown }
            created += made
        }
        try await self.walk(selection, reader, through: last, "replay") { page in
            ids += page.ids
            guard ids.count + Self.pageSize > Control.ReplayRequest.mostIDs else { return }
            try await send(ids)
            ids = []
        }
        try await send(ids)
        try DescriptorSink.standardOutput.writeLine("\(created) deliveries made: \(what).")
        if created == 0 { throw ExitCode.nothingFound }
    }

    /// How many events are looked at in one go.
    private static let pageSize = 1000

    /// Looks at all events of the selection, and shows how far it is.
    private func walk(
        _ selection: ReplaySelection,
        _ reader: StoreReader,
        through last: Int64,
        _ title: String,
        _ body: (ReplayPage) async throws -> Void
    ) async throws {
        let bar = ProgressBar(title)
        defer { bar.end() }
        var cursor: Int64?
        repeat {
            let page = try await reader.replayPage(selection, from: cursor, through: last, limit: Self.pageSize)
            try await body(page)
            cursor = page.next
            bar.show(Double(cursor ?? last) / Double(max(1, last)))
        } while cursor != nil
    }

    private func selection(match: EventMatch) -> ReplaySelection {
        func time(_ text: String?) -> Int64? {
            text.flatMap(Quantity.duration).map { Now.milliseconds - $0.inMilliseconds }
        }
        var events = EventSelection()
        events.account = self.account
        events.taskID = self.task
        events.kinds = self.kind.isEmpty ? nil : self.kind.map(\.rawValue)
        events.project = self.project
        events.batch = self.batch
        events.since = time(self.since)
        events.isParked = self.parked
        return ReplaySelection(
            handler: self.handler,
            match: match,
            events: events,
            until: time(self.until),
            types: self.type.isEmpty ? nil : self.type,
            ids: self.event.isEmpty ? nil : self.event,
            repeatsEffects: self.repeatEffects
        )
    }

    private func text(of counts: ReplayCounts) -> String {
        let effect =
            self.repeatEffects
            ? "\(counts.withEffect) once more although they had an effect"
            : "skipped because they had an effect \(counts.withEffect)"
        return "never delivered \(counts.new), again \(counts.again), \(effect), waiting already \(counts.waiting), "
            + "without a body \(counts.withoutBody)"
    }

    private var unknown: NothingFound {
        NothingFound(
            "The store knows no handler \(TerminalText.escaped(self.handler)); start the service with it once."
        )
    }

    private static func kind(_ text: String) throws -> Callback.Kind {
        guard let kind = Callback.Kind(rawValue: text) else { throw ValidationError("There is no kind \(text).") }
        return kind
    }
}
