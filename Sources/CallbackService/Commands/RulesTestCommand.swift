import ArgumentParser
import CallbackQueue
import Callbacks
import Foundation
import Handlers
import ScaleAPI

/// Judges one callback by rules and tells what became of each of them.
struct RulesTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Judge one callback by rules, and show what became of each rule.",
        discussion: """
            The callback is an event of the store, with the earlier events of its task, or a body as Scale posts it, or \
            a task as Scale's API gives it. The rules are those of a configuration file, of which nothing else is read, \
            or of a file with a list of rules alone. Ends with 78 when they cannot be used, and with 2 when there is no \
            such event.

            Examples:
              scale-callbacks rules test rules.yaml --event 17
              scale-callbacks rules test rules.yaml --file payload.json --output json
              scale-callbacks events raw 17 | scale-callbacks rules test rules.yaml -
            """
    )

    /// The longest payload, in bytes: as long as a body may be by default.
    static let maximumSize = 64 << 20

    @OptionGroup var store: StoreOptions
    @OptionGroup var format: OutputOptions

    @Argument(
        help: ArgumentHelp(
            "A configuration, a mapping with \"rules\", or a list of rules; by default the configuration in force.",
            valueName: "file"
        )
    )
    var rules: String?

    @Argument(help: ArgumentHelp("A single - reads the callback from standard input.", valueName: "-"))
    var input: String?

    @Option(name: .long, help: "Whose rules, when there are several audit handlers.")
    var handler: String?

    @Option(name: .long, help: "The number of an event in the store.")
    var event: Int64?

    @Option(name: .long, help: ArgumentHelp("A file with the callback; - for standard input.", valueName: "payload"))
    var file: String?

    func validate() throws {
        guard self.input == nil || self.input == "-" else {
            throw ValidationError("After the rules only - can stand; name a payload with --file.")
        }
        let readsInput = self.rules == "-" || self.input == "-"
        let sources = [self.event != nil, self.file != nil, readsInput].filter { $0 }.count
        guard sources == 1, !(self.rules == "-" && self.input != nil) else {
            throw ValidationError("Give one callback: --event NUMBER, --file FILE, or - for standard input.")
        }
    }

    func run() async throws {
        let rules = try self.readRules()
        // Compiled before anything is read, and known to compile.
        let handler = try AuditHandler(configuration: rules.audit)
        let trial: RuleTrial
        if let event = self.event {
            trial = try await self.trial(ofEvent: event, by: handler, with: rules)
        } else {
            let callback = try Self.callback(in: try self.payload())
            trial = RuleTrial(of: callback, account: nil, after: [], by: handler, with: rules)
        }
        guard trial.callback.taskID != nil else {
            let message =
                "The callback is of kind \"\(trial.callback.kind.rawValue)\" and about no task: rules judge tasks."
            throw CommandError(message)
        }
        if let note = trial.note { try DescriptorSink.standardError.writeLine("note: \(note)") }
        try trial.write(as: self.format.output, to: DescriptorSink.standardOutput)
    }

    private func readRules() throws -> RuleFile.Rules {
        let named = self.rules == "-" ? nil : self.rules
        guard let file = try ConfigurationFile().rules(path: named ?? self.store.configuration.config) else {
            let message = "there are no rules: name a file with them, or a configuration with --config"
            throw ConfigurationError(problems: [ConfigurationProblem(message: message)])
        }
        return try file.rules(of: self.handler)
    }

    private func trial(
        ofEvent id: Int64,
        by handler: AuditHandler,
        with rules: RuleFile.Rules
    ) async throws -> RuleTrial {
        let reader = try self.store.reader()
        guard let record = try await reader.event(id) else { throw NothingFound("There is no event \(id).") }
        guard let body = try await reader.body(ofEvent: id) else {
            throw NothingFound("The body of event \(id) has aged out: there is nothing to judge.")
        }
        let earlier = handler.readsHistory ? try await reader.earlierEvents(than: id) : []
        let callback = try Self.callback(in: body)
        return RuleTrial(of: callback, account: record.account, after: earlier, by: handler, with: rules)
    }

    private func payload() throws -> [UInt8] {
        let path = self.file == "-" ? nil : self.file
        let handle = if let path { FileHandle(forReadingAtPath: path) } else { FileHandle?.some(.standardInput) }
        // One byte more than allowed, to see that it is too much.
        guard let handle, let data = try? handle.read(upToCount: Self.maximumSize + 1) ?? Data() else {
            let name = path.map(TerminalText.escaped) ?? "standard input"
            throw CommandError("\(name) cannot be read; check its path and mode.", exitCode: .inputOutput)
        }
        guard data.count <= Self.maximumSize else {
            throw CommandError("The callback has more than \(Quantity.text(bytes: Self.maximumSize)).")
        }
        return Array(data)
    }

    /// The callback of a body, or of a task as Scale's API gives it.
    static func callback(in body: [UInt8]) throws(CommandError) -> Callback {
        let document: JSONDocument
        do throws(JSONSyntaxError) { document = try JSONDocument(body) } catch {
            throw CommandError("The callback is not strict JSON in UTF-8: \(error).")
        }
        let root = document.root
        guard root["task"] == nil, root["task_id"] != nil, root["type"] != nil,
            let task = ScaleTask(json: JSON(root))
        else { return Callback(document: document) }
        return Callback(task: task)
    }
}
