import Foundation
import Glibc
import Synchronization

/// libFuzzer's way in for programs with a `main` of their own. It does not return when all is well.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// libFuzzer's own changes: bits, bytes, words of the dictionary, parts of other inputs.
@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ maximumCount: Int) -> Int

/// libFuzzer asks here for a change. Half of the changes of JSON and SQL are changes of its structure, which bytes alone
/// seldom bring about.
@_cdecl("LLVMFuzzerCustomMutator")
func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ maximumCount: Int, _ seed: CUnsignedInt) -> Int {
    if seed % 2 == 0, let mutator = Fuzz.run.withLockIfAvailable({ $0?.mutator }) ?? nil {
        let input = Array(UnsafeBufferPointer(start: bytes, count: count))
        if let output = mutator(input, UInt64(seed)), output.count <= maximumCount {
            for (index, byte) in output.enumerated() { bytes[index] = byte }
            return output.count
        }
    }
    return mutateBytes(bytes, count, maximumCount)
}

/// libFuzzer's mark of a call through a pointer; with `-use_value_profile=1` each pair of caller and callee is new once.
@_silgen_name("__sanitizer_cov_trace_pc_indir")
private func traceCall(_ callee: UInt)

/// Tells libFuzzer of something that an input has brought about in code that it does not see into, so that it keeps inputs
/// which bring about something new.
func note(_ fact: String) {
    traceCall(UInt(fact.utf8.reduce(5381 as UInt32) { $0 &* 33 ^ UInt32($1) } & 0xFFF))
}

/// Tells of a property that does not hold, and ends the process so that libFuzzer keeps the input.
func found(_ message: @autoclosure () -> String) -> Never {
    complain("FOUND: \(message())")
    abort()
}

/// Ends with `found` when something that always holds does not.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { found(message()) }
}

/// Writes a line to standard error.
func complain(_ line: String) {
    FileHandle.standardError.write(Data("\(line)\n".utf8))
}

/// The processor time of this process: a busy machine must not make a finding.
func processorTime() -> Duration {
    .microseconds(clock())
}
