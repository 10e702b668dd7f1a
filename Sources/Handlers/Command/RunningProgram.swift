import Subprocess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A program while it runs: its input, its output and its process group.
struct RunningProgram: Sendable {
    /// What it writes to.
    enum Stream: Sendable {
        case output
        case errors
    }

    /// How much is still read of what is left in a pipe when the program has ended, in bytes. What it left behind may hold
    /// the pipe open and fill it without end.
    private static let maximumRest = 1 << 20

    private let execution: Execution<CustomWriteInput, SequenceOutput, SequenceOutput>

    init(_ execution: Execution<CustomWriteInput, SequenceOutput, SequenceOutput>) {
        self.execution = execution
    }

    /// Writes to its standard input.
    ///
    /// - Returns: Whether it took everything. A program need not read to the end.
    func write(_ bytes: [UInt8]) async -> Bool {
        (try? await self.execution.standardInputWriter.write(bytes)) == bytes.count
    }

    /// Closes its standard input.
    func closeInput() async {
        // What cannot be closed is closed already.
        try? await self.execution.standardInputWriter.finish()
    }

    /// Reads until the program closes the stream or ends, or until `take` wants no more.
    func read(_ stream: Stream, _ take: (UnsafeRawBufferPointer) -> Bool) async {
        var iterator = (stream == .output ? self.execution.standardOutput : self.execution.standardError)
            .makeAsyncIterator()
        var rest = 0
        // A read that fails says no more than one that finds the end.
        while rest < Self.maximumRest, let buffer = try? await iterator.next() {
            guard buffer.withUnsafeBytes(take) else { return }
            if self.hasExited { rest += buffer.count }
        }
    }

    /// Whether it has ended, though others of its group may go on.
    var hasExited: Bool {
        var information = siginfo_t()
        // It stays a zombie, which is reaped elsewhere. When that cannot be asked it is gone.
        let isKnown =
            waitid(P_PID, id_t(self.execution.processIdentifier.value), &information, WEXITED | WNOHANG | WNOWAIT) == 0
        return !isKnown || information.si_signo != 0
    }

    /// Waits for its end. Mostly that comes with the end of its output, so that there is little to wait for.
    func waitUntilExited() async {
        var pause = Duration.milliseconds(1)
        while !self.hasExited {
            // Never cancelled: see where programs are run.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(50))
        }
    }

    /// Asks all of its group to end.
    func terminate() { self.send(.terminate) }

    /// Ends all of its group.
    func kill() { self.send(.kill) }

    private func send(_ signal: Signal) {
        // It fails when nobody is left.
        try? self.execution.send(signal: signal, toProcessGroup: true)
    }
}
