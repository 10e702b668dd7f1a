import Foundation
import ScaleAPI
import Subprocess
import SystemPackage

/// A program of the operator's, found and ready to be started, with the little it gets to know of our environment.
struct Program: Sendable {
    /// How it ended.
    enum End: Sendable, Hashable {
        /// By itself, with this exit code.
        case exited(Int32)
        /// By this signal.
        case signaled(Int32)
    }

    /// How long it has to end after SIGTERM before it is killed. Shorter than a stop waits for a cancelled handler.
    static let grace = Duration.seconds(1)

    /// Its file.
    let path: String
    private let arguments: [String]
    private let folder: String?
    private let environment: [String: String]

    /// Looks the program up.
    ///
    /// - Parameter environment: The service's own, of which only `PATH` and its like are handed on.
    /// - Throws: `ProgramError` when there is no such program or folder.
    init(
        _ configuration: CommandHandler.Configuration,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ProgramError) {
        guard let name = configuration.program.first, !name.isEmpty else {
            throw ProgramError("There is no program to run. Name it, such as [python3, handle.py].")
        }
        if let folder = configuration.folder {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
                throw ProgramError("The folder '\(folder)' is not there. Make it, or change 'folder'.")
            }
        }
        let usual = environment.filter { CommandHandler.usualVariables.contains($0.key) }
        let search = usual["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        self.environment = usual.merging(["PATH": search]) { $1 }
            .merging(configuration.environment.mapValues(\.exposed)) { $1 }
        self.arguments = Array(configuration.program.dropFirst())
        self.folder = configuration.folder
        let candidates =
            name.contains("/")
            ? [Self.absolute(name, in: configuration.folder ?? ".")]
            : search.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
        guard let path = candidates.first(where: Self.isExecutable) else {
            let place = name.contains("/") ? "" : " in the folders of PATH"
            throw ProgramError(
                "There is no executable file '\(name)'\(place). Correct its name or make it executable (chmod +x); "
                    + "arguments are items of their own, as in [python3, handle.py]."
            )
        }
        self.path = path
    }

    /// Starts the program in a process group of its own, and returns when it has ended.
    ///
    /// When `body` is over the end of the program is awaited. When the caller is cancelled the whole group gets SIGTERM, and
    /// SIGKILL after a moment. Whatever is left of the group when the program itself has ended is killed too.
    ///
    /// - Parameters:
    ///   - variables: What it gets besides the usual environment.
    ///   - body: Talks to the program. It is not cancelled: what it reads ends when the program does.
    /// - Throws: When the program cannot be started.
    func run<Result: Sendable>(
        with variables: [String: String],
        _ body: @escaping @Sendable (RunningProgram) async -> Result
    ) async throws -> (result: Result, end: End) {
        var options = PlatformOptions()
        options.processGroupID = 0
        let values = self.environment.merging(variables) { $1 }
        let configuration = Subprocess.Configuration(
            executable: .path(FilePath(self.path)),
            arguments: Arguments(self.arguments),
            environment: .custom(
                Dictionary(uniqueKeysWithValues: values.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
            ),
            workingDirectory: self.folder.map { FilePath($0) },
            platformOptions: options
        )
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        // Not cancelled with its caller: the program has to be ended and reaped however much of a hurry that is in, and it
        // ends soon. Reading, too, would end early in a cancelled task.
        let task = Task {
            let result = try await Subprocess.run(
                configuration,
                input: .inputWriter,
                output: .sequence,
                error: .sequence
            ) { execution in
                await Self.attend(RunningProgram(execution), until: stops, body)
            }
            return (result.closureResult, End(result.terminationStatus))
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            stop.finish()
        }
    }

    private static func attend<Result: Sendable>(
        _ program: RunningProgram,
        until stops: AsyncStream<Void>,
        _ body: @escaping @Sendable (RunningProgram) async -> Result
    ) async -> Result {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in stops {}
                // Also reached when the program has ended, and then there is nobody to be told.
                guard !Task.isCancelled else { return }
                program.terminate()
                guard (try? await Task.sleep(for: Self.grace)) != nil else { return }
                program.kill()
            }
            let value = await body(program)
            await program.waitUntilExited()
            group.cancelAll()
            // The program is not reaped yet, so that the number of the group is still its own.
            program.kill()
            return value
        }
    }

    private static func absolute(_ path: String, in folder: String) -> String {
        URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true)).path
    }

    private static func isExecutable(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
            && FileManager.default.isExecutableFile(atPath: path)
    }
}

extension Program.End {
    fileprivate init(_ status: TerminationStatus) {
        self =
            switch status {
            case .exited(let code): .exited(code)
            case .signaled(let signal): .signaled(signal)
            }
    }
}
