import Callbacks
import Handlers

/// Builds the code of a handler. The only place that does.
///
/// - Throws: When its settings make no sense, such as a rule whose SQL does not compile. The error's description says
///   what to do and is safe to print.
func makeHandler(_ configuration: HandlerConfiguration) throws -> any CallbackHandler {
    switch configuration.kind {
    case .audit(let audit): try AuditHandler(configuration: audit)
    case .tags(let tags): try TagsHandler(configuration: tags)
    case .metadata(let metadata): try MetadataHandler(configuration: metadata)
    case .file(let file): try FileHandler(configuration: file)
    case .forward(let forward): try ForwardHandler(configuration: forward)
    case .command(let command) where command.form == .worker:
        try WorkerHandler(name: configuration.name, configuration: command)
    case .command(let command): try CommandHandler(name: configuration.name, configuration: command)
    case .nucleus(let nucleus): try NucleusHandler(configuration: nucleus)
    }
}

extension HandlerConfiguration {
    /// The handler with its name, what it takes and how it is run.
    func registration() throws -> HandlerRegistration {
        HandlerRegistration(
            name: self.name,
            type: self.kind.name,
            match: self.match,
            concurrency: self.concurrency,
            timeout: self.timeout,
            backoff: self.backoff,
            digest: self.digest,
            handler: try makeHandler(self)
        )
    }

    /// Why the handler cannot be built; none when it can.
    ///
    /// The rules of an audit are tried one by one, so that each wrong one is told at its own line.
    var problems: [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        if case .audit(let audit) = self.kind {
            for (index, rule) in audit.rules.enumerated() {
                do {
                    _ = try AuditHandler(configuration: AuditHandler.Configuration(mode: audit.mode, rules: [rule]))
                } catch {
                    let message = "handler \"\(self.name)\", rule \(index + 1): \(error.problem). \(error.advice)"
                    problems.append(ConfigurationProblem(line: rule.line ?? self.line, message: message))
                }
            }
        }
        guard problems.isEmpty else { return problems }
        do {
            _ = try makeHandler(self)
            return []
        } catch {
            return [ConfigurationProblem(line: self.line, message: "handler \"\(self.name)\": \(error)")]
        }
    }
}
