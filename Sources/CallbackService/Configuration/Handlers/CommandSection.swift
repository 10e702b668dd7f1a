import Handlers
import ScaleAPI

/// The keys of `command`.
extension ConfigurationReader {
    /// Reads the section; nil when it cannot be used, which is reported.
    mutating func command(_ entry: Section.Entry) -> CommandHandler.Configuration? {
        let forms = CommandHandler.Configuration.Form.allCases.map(\.rawValue)
        guard let section = self.section(entry.node, "\"command\"", keys: forms + ["folder", "environment"]) else {
            return nil
        }
        let problemCount = self.problemCount
        let chosen = section.entries.filter { forms.contains($0.key) }
        guard let program = chosen.first, let form = CommandHandler.Configuration.Form(rawValue: program.key) else {
            if section.mistyped.isDisjoint(with: forms) {
                self.report(
                    section.line,
                    "\"command\" has no program; give it `run: [program, argument, …]`, which is started for each event, or "
                        + "`worker: […]`, which goes on running"
                )
            }
            return nil
        }
        for other in chosen.dropFirst() {
            self.report(other.line, "\"run\" and \"worker\" exclude each other; remove one")
        }
        var command = CommandHandler.Configuration(form: form, program: self.texts(program) ?? [])
        command.folder = section["folder"].flatMap { self.text($0) }
        for name in self.texts(section["environment"]) ?? [] {
            let line = section["environment"]?.line ?? section.line
            if name.hasPrefix(CommandHandler.variablePrefix) {
                self.report(line, "\(Self.quoted(name)) is the service's own; programs get it where it applies")
            } else if let value = self.environment[name] {
                command.environment[name] = Secret(value)
            } else {
                self.report(
                    line,
                    "the environment variable \(Self.quoted(name)) is not set; set it, or take it away from \"environment\""
                )
            }
        }
        // What could not be read is not missing, so the handler is not asked about it.
        return self.problemCount == problemCount ? command : nil
    }
}

extension CommandHandler.Configuration {
    func write(to writer: inout YAMLWriter) {
        writer.values(self.form.rawValue, self.program)
        writer.value("folder", self.folder)
        writer.values("environment", self.environment.isEmpty ? nil : self.environment.keys.sorted())
    }
}
