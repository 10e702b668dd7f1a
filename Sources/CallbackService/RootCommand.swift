import ArgumentParser
import CallbackQueue
import Foundation

/// The root of the command line.
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale-callbacks",
        abstract: "Receive Scale AI callbacks, keep them durably, and act on them.",
        discussion: """
            Start with a configuration file, or with nothing but the callback auth key in the environment:

              export SCALE_CALLBACK_AUTH_KEY=...       # from Scale's dashboard
              scale-callbacks serve                    # keep callbacks in ./scale-callbacks.db
              scale-callbacks check                    # what is in force?
              scale-callbacks events list              # what came?
              scale-callbacks send --sample audit      # post a callback to it
              scale-callbacks bench --duration 30s     # how much does it take?

            Exit codes:
              0   done
              1   understood, but it did not succeed
              2   nothing was found
              64  the command line is wrong
              69  the other side cannot be reached, or the store or the address is in use
              74  a file cannot be read or written
              78  the configuration is wrong
            """,
        subcommands: [
            ServeCommand.self, CheckCommand.self, EventsCommand.self, DeliveriesCommand.self, HandlersCommand.self,
            ReplayCommand.self, TaskCommand.self, RulesCommand.self, RefusedCommand.self, StoreCommand.self,
            SendCommand.self,
            BenchCommand.self,
        ]
    )

    /// Runs the command that the arguments name and ends the process with its exit code.
    static func main() async {
        do {
            var command = try Self.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch is OutputClosed {
            Self.exit(withError: ExitCode.success)
        } catch let error as ConfigurationError {
            Self.exit(error, with: .configuration)
        } catch let error as NothingFound {
            Self.exit(error, with: .nothingFound)
        } catch let error as CommandError {
            Self.exit(error, with: error.exitCode)
        } catch let error as StoreError {
            Self.exit(error, with: error.exitCode)
        } catch let error as POSIXError {
            let reason = String(cString: strerror(error.code.rawValue))
            Self.exit("The output cannot be written: \(reason)", with: .inputOutput)
        } catch {
            let code = Self.exitCode(for: error)
            // Help and the like.
            guard code != .success else { Self.exit(withError: error) }
            let message = Self.fullMessage(for: error)
            guard !message.isEmpty else { Self.exit(withError: code) }
            // It may quote what was given.
            let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
            Self.exit(lines.map { TerminalText.escaped(String($0)) }.joined(separator: "\n"), with: code)
        }
    }

    private static func exit(_ message: some CustomStringConvertible, with code: ExitCode) -> Never {
        // Nothing better can be done when standard error is closed too.
        try? DescriptorSink.standardError.writeLine(message.description)
        self.exit(withError: code)
    }
}

extension StoreError {
    /// How a command ends that the store refuses.
    fileprivate var exitCode: ExitCode {
        switch self {
        case .locked, .overloaded, .busy, .closed: .unavailable
        case .full, .contradicted, .broken, .unusable: .inputOutput
        }
    }
}
