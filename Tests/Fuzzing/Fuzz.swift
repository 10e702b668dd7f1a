import Foundation
import Synchronization

/// Tries one part of the program with inputs that libFuzzer makes up: `fuzz TARGET [libFuzzer's own arguments]`.
///
/// `deploy/fuzz` builds and calls it.
@main struct Fuzz {
    /// The target that was chosen, with its statistics. libFuzzer calls back on one thread only.
    static let run = Mutex<FuzzRun?>(nil)

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 1, let name = TargetName(rawValue: arguments[1]) else {
            complain(
                "usage: fuzz \(TargetName.allCases.map(\.rawValue).joined(separator: "|")) [libFuzzer's arguments]"
            )
            exit(64)
        }
        Self.run.withLock { $0 = FuzzRun(of: name) }
        // libFuzzer ends the process by itself.
        atexit { Fuzz.run.withLockIfAvailable { $0?.report() } }
        // The rest is libFuzzer's. The pointers live as long as the process.
        let rest = CommandLine.unsafeArgv
        rest[1] = rest[0]
        var count = CommandLine.argc - 1
        var pointer = rest + 1
        exit(
            runFuzzer(&count, &pointer) { bytes, count in
                let input = Array(UnsafeBufferPointer(start: bytes, count: count))
                // -1 keeps an input out of the corpus.
                return Fuzz.run.withLock { $0?.tryOut(input) } == true ? 0 : -1
            }
        )
    }
}
