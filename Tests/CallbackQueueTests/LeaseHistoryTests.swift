import Foundation
import Synchronization
import Testing

@testable import CallbackQueue

/// Random histories of the queue in virtual time, each compared step by step with a model.
///
/// `HISTORIES` says how many, `SEED` runs the one history of that seed.
@Suite(.timeLimit(.minutes(60))) struct LeaseHistoryTests {
    /// What the lanes share.
    private final class Run: Sendable {
        private static let enoughFailures = 3
        let count: UInt64
        private let state = Mutex<(started: UInt64, failures: Int, tally: HistoryTally)>((0, 0, HistoryTally()))

        init(count: UInt64) { self.count = count }

        var tally: HistoryTally { self.state.withLock { $0.tally } }

        /// The number of a history to run; nil when there is enough.
        func next() -> UInt64? {
            self.state.withLock { state in
                guard state.started < self.count, state.failures < Self.enoughFailures else { return nil }
                state.started += 1
                return state.started - 1
            }
        }

        func add(_ tally: HistoryTally) { self.state.withLock { $0.tally += tally } }

        func addFailure() { self.state.withLock { $0.failures += 1 } }
    }

    @Test func `the queue does what its model does`() async throws {
        try #require(HistoryCallbacks.all.count == HistoryCallbacks.subjectCount * HistoryCallbacks.countOfSubject)
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["SEED"].flatMap { UInt64($0) }
        let count = seed == nil ? environment["HISTORIES"].flatMap { UInt64($0) } ?? 100_000 : 1
        let first = seed ?? .random(in: 0..<1_000_000_000)
        print("queue histories: \(count) from seed \(first)")

        // In memory when that is possible: syncs are another suite's matter.
        let isInMemory = FileManager.default.isWritableFile(atPath: "/dev/shm")
        let run = Run(count: count)
        try await withTemporaryFolder(in: isInMemory ? "/dev/shm" : NSTemporaryDirectory()) { folder in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<(2 * ProcessInfo.processInfo.activeProcessorCount) {
                    group.addTask { try await Self.runHistories(of: run, from: first, in: "\(folder)/\(lane)") }
                }
                try await group.waitForAll()
            }
        }
        let tally = run.tally
        print("queue histories: \(tally)")
        #expect(count < 100_000 || tally.least > 0, "something was never met")
    }

    private static func runHistories(of run: Run, from first: UInt64, in folder: String) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let lane = try await HistoryLane(folder: folder)
        while let number = run.next() {
            var history = QueueHistory(seed: first + number, lane: lane)
            do {
                run.add(try await history.run())
            } catch let divergence as QueueHistory.Divergence {
                Issue.record("\(divergence)")
                run.addFailure()
                _ = try await lane.takeText()
            }
        }
        try await lane.store.close()
    }
}
