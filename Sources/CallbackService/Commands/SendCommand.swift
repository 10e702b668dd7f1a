import ArgumentParser
import AsyncHTTPClient
import Callbacks
import Foundation
import ScaleAPI

extension SampleCallback: ExpressibleByArgument {}

/// Posts a callback to a receiver.
struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Post a callback to a receiver, as Scale does.",
        discussion: """
            Without --file it posts a sample with a new task id. The key comes from $SCALE_CALLBACK_AUTH_KEY, another \
            variable, a file, or with --account from the configuration, which then also tells where to post. Exit code \
            0 for a 2xx answer, 1 for any other, 69 when there is none.

            Examples:
              scale-callbacks send --sample audit --task-id 65c5704c6bf306f6b6e3422f
              scale-callbacks send --file payload.json --account live
              jq -c .body saved.json | scale-callbacks send --file - --url http://10.0.0.7:8080/callbacks
            """
    )

    @Option(
        name: .long,
        help: "Where to post; by default as the configuration says, else http://127.0.0.1:8080/callbacks."
    )
    var url: String?

    @OptionGroup var keyOptions: KeyOptions

    @Option(name: .long, help: "Take the key of this account of the configuration.")
    var account: String?

    @OptionGroup var configuration: ConfigurationOptions

    @Option(name: .long, help: "A file with the body, or - for standard input.")
    var file: String?

    @Option(
        name: .long,
        help: "What to post without a file: \(SampleCallback.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var sample: SampleCallback = .imageannotation

    @Option(name: .long, help: "The task id of the sample; a new one otherwise.")
    var taskId: String?

    @Option(name: .long, help: "How many seconds to wait for the answer.")
    var timeout = 30.0

    func validate() throws {
        if let url = self.url, ConfigurationReader.url(url) == nil {
            throw ValidationError("--url must be a URL such as http://127.0.0.1:8080/callbacks.")
        }
        guard self.timeout > 0, self.timeout <= 3600 else {
            throw ValidationError("--timeout must be above 0 and at most 3600 seconds.")
        }
        guard self.file == nil || self.taskId == nil else {
            throw ValidationError("--task-id is for samples; a file is posted as it is.")
        }
    }

    func run() async throws {
        var generator = SystemRandomNumberGenerator()
        let taskID = self.taskId ?? SampleTaskID.make(using: &generator)
        let body = try self.body(taskID: taskID)
        let sender = try self.sender()
        let answer: CallbackSender.Answer
        do {
            answer = try await HTTPClient.withCommandClient { try await sender.send(body, with: $0) }
        } catch {
            let message = "\(TerminalText.escaped(sender.url)) does not answer: \(error)"
            try DescriptorSink.standardError.writeLine(message)
            throw ExitCode.unavailable
        }
        try DescriptorSink.standardOutput.writeLine(
            Self.report(answer, subject: self.file == nil ? "\(self.sample.rawValue) \(taskID)" : nil)
        )
        guard (200..<300).contains(answer.status) else { throw ExitCode.failed }
    }

    /// The line that tells what came of it.
    static func report(_ answer: CallbackSender.Answer, subject: String?) -> String {
        let milliseconds = (answer.duration.inSeconds * 10_000).rounded() / 10
        var line = "\(answer.status) in \(milliseconds) ms"
        if let subject { line += ": \(TerminalText.escaped(subject))" }
        if !(200..<300).contains(answer.status), !answer.body.isEmpty {
            line += ": \(TerminalText.escaped(answer.body))"
        }
        return line
    }

    private func sender() throws -> CallbackSender {
        var sender = CallbackSender(url: self.url ?? "http://127.0.0.1:8080/callbacks")
        sender.timeout = .seconds(self.timeout)
        guard self.account != nil || self.configuration.config != nil else {
            sender.key = try self.keyOptions.key()
            return sender
        }
        let configuration = try self.configuration.read()
        guard let account = configuration.accounts.first(where: { $0.name == self.account ?? $0.name }) else {
            let names = configuration.accounts.map(\.name).joined(separator: ", ")
            throw ValidationError("There is no such account; the configuration has \(names).")
        }
        sender.key = account.callbackAuthKeys.first
        if self.url == nil {
            var address = configuration.listen.address
            if ["0.0.0.0", "::"].contains(address.host) { address.host = "127.0.0.1" }
            let scheme = configuration.listen.tls == nil ? "http" : "https"
            sender.url = "\(scheme)://\(address)\(configuration.listen.path)"
        }
        return sender
    }

    private func body(taskID: String) throws -> [UInt8] {
        guard let file = self.file else { return self.sample.body(taskID: taskID, now: Date()).encoded }
        do {
            let handle = file == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: file))
            return try Array(handle.readToEnd() ?? Data())
        } catch {
            try DescriptorSink.standardError.writeLine(
                "\(TerminalText.escaped(file)) cannot be read; check its path and mode"
            )
            throw ExitCode.inputOutput
        }
    }
}
