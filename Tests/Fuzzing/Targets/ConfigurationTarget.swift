import Callbacks
import Foundation
import Handlers

@testable import CallbackService

/// Any text as the configuration file: read or refused with its problems, and what is read is printed so that it is read
/// as the same again.
struct ConfigurationTarget: FuzzTarget {
    /// Where no file is, so that relative paths lead nowhere.
    private static let file = ConfigurationFile(
        environment: ["KEY": "from-the-environment"],
        workingDirectory: "/nonexistent"
    )

    func tryOut(_ input: [UInt8]) -> Bool {
        guard let text = String(validating: input, as: UTF8.self) else { return false }
        do throws(ConfigurationError) {
            let configuration = try Self.file.read(text: text, named: "fuzz.yaml").configuration
            self.checkPrinting(configuration)
        } catch {
            require(!error.problems.isEmpty, "refused without a reason")
            let lines = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
            for problem in error.problems {
                require(!problem.message.isEmpty, "a problem without a message")
                require(!problem.message.contains("from-the-environment"), "a problem tells a secret")
                // YAML has more line breaks than one.
                require((0...max(lines, input.count) + 1).contains(problem.line ?? 0), "line \(problem.line ?? 0)")
            }
        }
        return true
    }

    private func checkPrinting(_ configuration: ServiceConfiguration) {
        let printed = configuration.yaml
        // With this word in a name or a text nobody can tell where the secrets have to go.
        guard !self.texts(of: configuration).contains("redacted") else { return }
        var count = 0
        let filled = printed.replacing(/"<redacted>"/) { _ in
            count += 1
            return "secret-\(count)-4711"
        }
        do throws(ConfigurationError) {
            let again = try Self.file.read(text: filled, named: "fuzz.yaml").configuration
            require(again.yaml == printed, "printed as\n\(printed)\nand then as\n\(again.yaml)")
            require(again.listen == configuration.listen, "another listen")
            require(again.store == configuration.store, "another store")
            require(again.console.address == configuration.console.address, "another console")
            require(again.accounts.count == configuration.accounts.count, "other accounts")
            require(
                Self.withoutLines(again.handlers) == Self.withoutLines(configuration.handlers),
                "other handlers than of\n\(printed)"
            )
        } catch {
            found("what was printed is refused: \(error)\n\(filled)")
        }
    }

    /// All that is printed and not a secret, as one text.
    private func texts(of configuration: ServiceConfiguration) -> String {
        var configuration = configuration
        for index in configuration.accounts.indices {
            configuration.accounts[index].callbackAuthKeys = []
            configuration.accounts[index].apiKey = nil
        }
        configuration.console.token = nil
        return configuration.yaml
    }

    private static func withoutLines(_ handlers: [HandlerConfiguration]) -> [HandlerConfiguration] {
        handlers.map { handler in
            var handler = handler
            handler.line = 0
            if case .audit(var audit) = handler.kind {
                for index in audit.rules.indices { audit.rules[index].line = nil }
                handler.kind = .audit(audit)
            }
            return handler
        }
    }
}
