import ArgumentParser
import CallbackQueue
import Callbacks
import ScaleAPI

/// Looks at handlers, holds them and lets them go on.
struct HandlersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "handlers",
        abstract: "Look at handlers and what waits for them; pause, resume, promote and demote them.",
        discussion: """
            A held handler keeps its deliveries due. The service holds one by itself when Scale refuses its key, and when
            a limit of its audits is passed.

            Examples:
              scale-callbacks handlers list
              scale-callbacks handlers pause check-boxes --reason "rules under review"
              scale-callbacks handlers resume check-boxes
              scale-callbacks handlers pause --all --reason "something is wrong"
              scale-callbacks handlers promote check-boxes          # counts
              scale-callbacks handlers promote check-boxes --yes    # sends its verdicts from now on
            """,
        subcommands: [List.self, Pause.self, Resume.self, PromoteCommand.self, DemoteCommand.self],
        defaultSubcommand: List.self
    )

    /// Lists handlers by name.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List handlers.")

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            var listing = Listing(of: HandlerItem.self, format: self.format.output, to: DescriptorSink.standardOutput)
            let reader = try self.store.reader()
            let agreements = try await reader.agreements()
            for record in try await reader.handlers() {
                try listing.add(HandlerItem(record: record, agreement: agreements[record.name]))
            }
            try listing.finish()
        }
    }

    /// One handler, or all of them.
    struct Which: ParsableArguments {
        @Argument(help: "The handler's name.")
        var name: String?

        @Flag(name: .long, help: "Every handler, also those that come later.")
        var all = false

        func validate() throws {
            guard self.all == (self.name == nil) else { throw ValidationError("Say a handler's name, or --all.") }
        }

        var unknown: NothingFound { NothingFound("There is no handler \(TerminalText.escaped(self.name ?? "")).") }
    }

    /// Holds a handler, or all.
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pause",
            abstract: "Hold a handler, or all: deliveries stay due and none is begun.",
            discussion: """
                With --all it is the kill switch: one mark in the store holds every handler, also one that is added later, \
                and an audit that is being prepared is not sent any more. It lasts until `handlers resume --all`.
                """
        )

        @OptionGroup var store: StoreOptions
        @OptionGroup var which: Which

        @Option(name: .long, help: "Why, for whoever looks.")
        var reason = "paused by an operator"

        func run() async throws {
            let control = StoreControl(storePath: try self.store.path())
            guard let name = self.which.name else {
                _ = try await control.setHoldOfAll(self.reason)
                return
            }
            guard try await control.setHold(self.reason, ofHandler: name) else { throw self.which.unknown }
        }
    }

    /// Lets a held handler, or all, go on.
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resume",
            abstract: "Let a held handler, or all, go on.",
            discussion: """
                With --all it ends what `handlers pause --all` began; a handler that is held for a reason of its own stays \
                held. Limits that held a handler count anew from here.
                """
        )

        @OptionGroup var store: StoreOptions
        @OptionGroup var which: Which

        func run() async throws {
            let path = try self.store.path()
            let control = StoreControl(storePath: path)
            guard let name = self.which.name else {
                guard try await control.setHoldOfAll(nil) else { throw NothingFound("Not all handlers are held.") }
                return
            }
            guard try await control.setHold(nil, ofHandler: name) else { throw self.which.unknown }
            if let reason = try await StoreReader(path: path).reasonOfHoldingAll() {
                try DescriptorSink.standardError.writeLine(
                    "All handlers are held still: \(TerminalText.escaped(reason)). See `handlers resume --all`."
                )
            }
        }
    }
}

/// A handler as a row.
private struct HandlerItem: Row {
    static let columns: [Column] = [
        .text("HANDLER"), .text("TYPE"), .text("STATE"), .number("PENDING"), .text("OLDEST DUE"), .number("DEAD"),
        .text("PEOPLE AGREE"),
    ]

    let record: HandlerRecord
    /// Of an audit handler that has verdicts.
    let agreement: Agreement?

    var cells: [String] {
        [
            self.record.name, self.record.type, self.state,
            String(self.record.pendingCount), self.record.oldestDueAt.map(Times.text) ?? "–",
            String(self.record.deadCount), self.agreement.map(Self.text) ?? "–",
        ]
    }

    /// For example `96 of 100, 12 not decided`.
    private static func text(_ agreement: Agreement) -> String {
        let decided = agreement.agreed + agreement.disagreed
        return "\(agreement.agreed) of \(decided), \(agreement.undecided) not decided"
    }

    private var state: String {
        let state = self.record.heldReason.map { "held: \($0)" } ?? "active"
        return switch self.record.modeSwitch?.mode {
        case .live?:
            self.record.isPromotedForOthers
                ? "\(state); as configured, was promoted with other rules" : "\(state); promoted"
        case .shadow?: "\(state); demoted"
        case nil: state
        }
    }

    var json: JSON {
        [
            "name": .string(self.record.name),
            "type": .string(self.record.type),
            "held_at": Times.json(self.record.heldAt),
            "held_reason": JSON(self.record.heldReason),
            "switched_to": JSON(self.record.modeSwitch?.mode.rawValue),
            "is_switched_for_other_rules": .bool(self.record.isPromotedForOthers),
            "pending": .number(.init(self.record.pendingCount)),
            "oldest_due_at": Times.json(self.record.oldestDueAt),
            "dead": .number(.init(self.record.deadCount)),
            "agreement": self.agreement.map { agreement in
                [
                    "verdicts": .number(.init(agreement.total)),
                    "agreed": .number(.init(agreement.agreed)),
                    "disagreed": .number(.init(agreement.disagreed)),
                    "not_decided": .number(.init(agreement.undecided)),
                    "left": .number(.init(agreement.left)),
                ]
            } ?? .null,
        ]
    }
}
