import ArgumentParser
public import Callbacks
import Foundation

/// The program `scale-callbacks`, whole: configuration, service and command line.
///
/// A program of your own with handlers written in Swift is this one with them:
///
/// ```swift
/// import CallbackService
/// import Callbacks
///
/// @main
/// enum Main {
///     @MainActor
///     static func main() async {
///         await CallbackProgram.run(
///             handlers: [HandlerRegistration(name: "count-labels", type: "count", handler: CountLabels())])
///     }
/// }
/// ```
///
/// On the main actor, because other threads of the runtime take the numbers of standard descriptors that are closed.
public enum CallbackProgram {
    /// The handlers of this build, for the commands that run them.
    @TaskLocal static var handlers: [HandlerRegistration] = []

    /// Runs the command that the arguments of the process name, and ends the process with its exit code.
    ///
    /// - Parameter handlers: Handlers of this build. `serve` runs them beside those of the configuration file, and their
    ///   names must differ from all of those. Everything else about them, such as deliveries, retries and holding, is as
    ///   for the others.
    public static func run(handlers: [HandlerRegistration] = []) async -> Never {
        // A reader that goes away, such as `head`, is an error of the write and no reason to be killed.
        signal(SIGPIPE, SIG_IGN)
        // A file that would pass the size limit of the process is an error of the write too.
        signal(SIGXFSZ, SIG_IGN)
        Self.openMissingDescriptors()
        await Self.$handlers.withValue(handlers) { await RootCommand.main() }
        // Every command has an exit code of its own but for the one that did all it was asked to.
        RootCommand.exit()
    }

    /// The handlers of this build, if they can run beside those of a configuration.
    ///
    /// - Throws: `CommandError` for a name that is there twice.
    static func handlers(beside configured: [HandlerRegistration]) throws(CommandError) -> [HandlerRegistration] {
        var names = Set(configured.map(\.name))
        for handler in Self.handlers where !names.insert(handler.name).inserted {
            throw CommandError(
                "This build has a handler named \(TerminalText.escaped(handler.name)), and so has the configuration or "
                    + "the build once more. Rename one.",
                exitCode: .configuration
            )
        }
        return Self.handlers
    }

    /// Gives the standard descriptors that whoever started the process has closed to nobody, so that no file or socket
    /// takes their numbers and gets what is meant for people.
    private static func openMissingDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number is this one. Without a null device there is nothing better to do.
            _ = open("/dev/null", O_RDWR)
        }
    }
}
