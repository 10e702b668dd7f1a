import Callbacks
import Foundation
import Logging
import ScaleAPI
import ServiceLifecycle
import Synchronization
import Testing

@testable import CallbackQueue

/// Handlers that do what a handler should not.
@Suite(.timeLimit(.minutes(2))) struct DispatcherFaultTests {
    /// How a handler can fail to end.
    enum Hang: String, Sendable, CaseIterable {
        /// It ends once it is cancelled.
        case heedsCancellation
        case ignoresCancellation
        case blocksItsThread
        case computesWithoutEnd
    }

    @Test(arguments: Hang.allCases)
    func `a handler that hangs holds up no other handler and no stop`(hang: Hang) async throws {
        try await withTemporaryStore { fixture in
            let hanging = HangingHandler(hang)
            defer { hanging.release() }
            let good = HandlerLog()
            let registrations = [
                HandlerRegistration(name: "bad", type: "test", timeout: .seconds(600), handler: hanging),
                HandlerRegistration(name: "good", type: "test", handler: good),
            ]
            let dispatcher = try await makeDispatcher(fixture, registrations, drain: .milliseconds(100))
            let ids = Array(dispatcher.handlers.keys)
            for number in 0..<40 {
                let callback = try makeCallback(task: "t\(number % 10)", completedAt: Int64(number) * 1000)
                try await fixture.keep(callback, for: ids)
            }
            try await Self.run(dispatcher) {
                try await eventually("four of the bad one hang") { hanging.started == 4 }
                try await eventually("the good one is done") { good.ended.count == 40 }
            }
            #expect(hanging.started == 4, "no more than it may have at a time")
            #expect(good.brokenOrder.isEmpty)
            let states = try await Self.states(fixture)
            #expect(states["good"] == ["completed 0": 40])
            // Given back and not counted: the stop is none of its faults.
            #expect(states["bad"] == ["pending 0": 40])
            #expect(try await fixture.value("SELECT count(*) FROM delivery WHERE leaseToken IS NOT NULL") == 0)
        }
    }

    @Test func `a handler that goes on after its timeout keeps its place, its lease and its task`() async throws {
        try await withTemporaryStore(lease: .seconds(3)) { fixture in
            let hanging = HangingHandler(.ignoresCancellation, tasks: ["stuck"])
            defer { hanging.release() }
            let messages = Mutex<[String]>([])
            let logger = Logger(label: "test") { _ in
                CollectingLogHandler { text in messages.withLock { $0.append(text) } }
            }
            let registration = HandlerRegistration(
                name: "one",
                type: "test",
                concurrency: 2,
                timeout: .milliseconds(100),
                handler: hanging
            )
            try await withDispatcher(fixture, [registration], logger: logger) { dispatcher in
                let ids = Array(dispatcher.handlers.keys)
                let first = try await fixture.keep(try makeCallback(task: "stuck"), for: ids)
                dispatcher.wakeAll()
                try await eventually("it runs") { hanging.started == 1 }
                let end = try #require(try await fixture.value("SELECT dueAt FROM delivery"))
                let second = try await fixture.keep(try makeCallback(task: "stuck", completedAt: 9000), for: ids)
                let others = try await [
                    fixture.keep(try makeCallback(task: "a"), for: ids),
                    fixture.keep(try makeCallback(task: "b"), for: ids),
                ]
                dispatcher.wakeAll()
                try await eventually("other tasks go on") { Set(hanging.ended).isSuperset(of: others) }
                try await eventually("its lease was renewed after the timeout") {
                    try await fixture.value("SELECT max(dueAt) FROM delivery WHERE eventID = \(first)") ?? 0 > end
                        + 1500
                }
                try await eventually("it is told of") {
                    messages.withLock { $0.contains { $0.hasPrefix("Handler goes on after its timeout") } }
                }
                #expect(hanging.started == 3, "neither a second attempt nor the next event of the task")
                hanging.release()
                try await eventually("its task goes on") { hanging.ended.suffix(2) == [first, second] }
                try await eventually("all is settled") {
                    try await fixture.value("SELECT count(*) FROM delivery WHERE state = 'completed'") == 4
                }
            }
            // It said at last that it was done, and that counts.
            #expect(try await fixture.value("SELECT max(attemptCount) + max(failureCount) FROM delivery") == 1)
        }
    }

    @Test func `a stop gives up what goes on after its timeout, as a failure`() async throws {
        try await withTemporaryStore { fixture in
            let hanging = HangingHandler(.ignoresCancellation)
            defer { hanging.release() }
            let registration = HandlerRegistration(
                name: "one",
                type: "test",
                timeout: .milliseconds(20),
                handler: hanging
            )
            let dispatcher = try await makeDispatcher(fixture, [registration], drain: .milliseconds(200))
            try await fixture.keep(try makeCallback(), for: Array(dispatcher.handlers.keys))
            try await Self.run(dispatcher) {
                try await eventually("it is out of time") { hanging.sawCancellation }
            }
            let delivery = try #require(try await fixture.deliveries().first)
            #expect(delivery.state == "pending" && !delivery.isLeased)
            #expect(delivery.failureCount == 1)
            #expect(delivery.failureClass == "unavailable")
            #expect(delivery.summary?.hasPrefix("No end within") == true)
        }
    }

    @Test func `nothing is left of a call that has ended`() async throws {
        var call: HandlerCall? = HandlerCall { .completed("Done.") }
        weak let left = call
        #expect(try await call?.end()?.get() == .completed("Done."))
        call = nil
        try await eventually("it is freed") { left == nil }
    }

    @Test func `a handler that is slower than the lease has it renewed`() async throws {
        try await withTemporaryStore(lease: .seconds(3)) { fixture in
            let calls = Mutex(0)
            let handler = ClosureHandler { _, _ in
                calls.withLock { $0 += 1 }
                try await Task.sleep(for: .milliseconds(3500))
                return .completed("Done at last.")
            }
            try await withDispatcher(fixture, [HandlerRegistration(name: "one", type: "test", handler: handler)]) {
                try await fixture.keep(try makeCallback(), for: Array($0.handlers.keys))
                $0.wakeAll()
                try await eventually("completed") { try await fixture.deliveries().first?.state == "completed" }
            }
            #expect(calls.withLock { $0 } == 1)
            #expect(try await fixture.value("SELECT attemptCount + failureCount FROM delivery") == 1)
        }
    }

    /// What no handler should return, and what becomes of the delivery.
    static let outcomes: [(outcome: Outcome, state: String)] = [
        (.retry(.unavailable, "Years.", after: .days(36_500)), "pending 1"),
        (.retry(.unavailable, "Past the end of time.", after: .seconds(Int64.max)), "pending 1"),
        (.retry(.unavailable, "Before its beginning.", after: .seconds(Int64.min)), "pending 1"),
        (.retry(.unavailable, "Negative.", after: .seconds(-3600)), "pending 1"),
        (Outcome(disposition: .retry(after: nil), summary: ""), "pending 1"),
        (Outcome(disposition: .dead, summary: "No class."), "dead 1"),
        (Outcome(disposition: .completed, failureClass: .fault, summary: "Both."), "completed 0"),
        (.completed("Null \u{0}, lines\n\n\r\n and \u{1B}[31mcolours"), "completed 0"),
        (.completed(String(repeating: "long ", count: 200_000)), "completed 0"),
        (.completed("Nested.", detail: (0..<400).reduce(JSON.null) { inner, _ in [inner] }), "completed 0"),
        (.stale(""), "completed 0"),
    ]

    @Test func `outcomes out of reason do no harm`() async throws {
        try await withTemporaryStore { fixture in
            let handler = ClosureHandler { event, _ in Self.outcomes[Int(event.id) - 1].outcome }
            let registration = HandlerRegistration(
                name: "one",
                type: "test",
                backoff: Backoff(firstDelay: .seconds(600)),
                handler: handler
            )
            try await withDispatcher(fixture, [registration]) { dispatcher in
                for number in Self.outcomes.indices {
                    try await fixture.keep(
                        try makeCallback(task: "t\(number)"),
                        for: Array(dispatcher.handlers.keys)
                    )
                }
                dispatcher.wakeAll()
                try await eventually("all were tried") {
                    try await fixture.value("SELECT count(*) FROM attempt WHERE endedAt IS NOT NULL")
                        == Int64(Self.outcomes.count)
                }
            }
            for (delivery, expected) in zip(try await fixture.deliveries(), Self.outcomes) {
                #expect(
                    "\(delivery.state) \(delivery.failureCount)" == expected.state,
                    "\(expected.outcome.summary.prefix(40))"
                )
            }
            // Nobody asks for less than the backoff.
            let earliest = try await fixture.value("SELECT min(dueAt) FROM delivery WHERE state = 'pending'")
            #expect(earliest ?? 0 > Now.milliseconds)
        }
    }

    @Test func `handlers with every fault at once leave each other alone`() async throws {
        try await withTemporaryStore { fixture in
            let logs = Dictionary(
                uniqueKeysWithValues: ["good", "throws", "refuses", "hangs", "slow", "holds"].map { ($0, HandlerLog()) }
            )
            func registration(_ name: String, _ body: @escaping @Sendable () async throws -> Outcome) throws
                -> HandlerRegistration
            {
                let log = try #require(logs[name])
                return HandlerRegistration(
                    name: name,
                    type: "test",
                    timeout: .milliseconds(name == "hangs" ? 200 : 60_000),
                    backoff: Backoff(firstDelay: .milliseconds(2), maximumAttempts: 2),
                    handler: ClosureHandler { event, context in
                        try await log.record(event) { try await body() }
                    }
                )
            }
            let registrations = [
                try registration("good") { .completed("Done.") },
                try registration("throws") { throw BrokenHandlerError() },
                try registration("refuses") { .dead(.refused, "No.") },
                try registration("hangs") {
                    try await Task.sleep(for: .seconds(600))
                    return .completed("Never.")
                },
                try registration("slow") {
                    try await Task.sleep(for: .milliseconds(50))
                    return .completed("Done.")
                },
                try registration("holds") { .hold("Wait.") },
            ]
            try await withDispatcher(fixture, registrations) { dispatcher in
                let ids = Array(dispatcher.handlers.keys)
                for number in 0..<24 {
                    let callback = try makeCallback(task: "t\(number % 8)", completedAt: Int64(number) * 1000)
                    try await fixture.keep(callback, for: ids)
                }
                dispatcher.wakeAll()
                try await eventually("all but the held one are settled") {
                    try await fixture.value("SELECT count(*) FROM delivery WHERE state <> 'pending'") == 5 * 24
                }
            }
            let states = try await Self.states(fixture)
            #expect(states["good"] == ["completed 0": 24])
            #expect(states["slow"] == ["completed 0": 24])
            #expect(states["throws"] == ["dead 2": 24])
            #expect(states["hangs"] == ["dead 2": 24])
            #expect(states["refuses"] == ["dead 1": 24])
            #expect(states["holds"] == ["pending 0": 24])
            for (name, log) in logs { #expect(log.brokenOrder.isEmpty, "\(name)") }
        }
    }

    /// Runs a dispatcher for the length of `body` and stops it, which may take no longer than drain and patience.
    private static func run(_ dispatcher: Dispatcher, _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(services: [dispatcher], logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            dispatcher.wakeAll()
            do { try await body() } catch {
                tasks.cancelAll()
                throw error
            }
            let start = ContinuousClock.now
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            #expect(ContinuousClock.now - start < HandlerCall.patience + .seconds(10))
        }
    }

    /// How many deliveries of each handler are in which state after how many failures.
    private static func states(_ fixture: TemporaryStore) async throws -> [String: [String: Int]] {
        var states: [String: [String: Int]] = [:]
        for delivery in try await fixture.deliveries() {
            states[delivery.handler, default: [:]]["\(delivery.state) \(delivery.failureCount)", default: 0] += 1
        }
        return states
    }
}

/// Hangs with the events of some tasks until it is let go; completes the others at once.
private final class HangingHandler: CallbackHandler {
    private struct State: Sendable {
        var started = 0
        var ended: [Int64] = []
        var sawCancellation = false
        var isReleased = false
    }

    private let hang: DispatcherFaultTests.Hang
    private let tasks: Set<String>?
    private let state = Mutex(State())

    /// - Parameter tasks: With which it hangs; nil for all.
    init(_ hang: DispatcherFaultTests.Hang, tasks: Set<String>? = nil) {
        self.hang = hang
        self.tasks = tasks
    }

    var started: Int { self.state.withLock { $0.started } }
    var ended: [Int64] { self.state.withLock { $0.ended } }
    var sawCancellation: Bool { self.state.withLock { $0.sawCancellation } }

    func release() { self.state.withLock { $0.isReleased = true } }

    func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        self.state.withLock { $0.started += 1 }
        if self.tasks?.contains(event.callback.taskID ?? "") ?? true {
            while !self.state.withLock({ $0.isReleased }) {
                if Task.isCancelled { self.state.withLock { $0.sawCancellation = true } }
                switch self.hang {
                case .heedsCancellation: try await Task.sleep(for: .milliseconds(20))
                // A sleep that is not cancelled, because its task is not.
                case .ignoresCancellation: await Task { try? await Task.sleep(for: .milliseconds(20)) }.value
                case .blocksItsThread: Self.block()
                case .computesWithoutEnd: continue
                }
            }
        }
        self.state.withLock { $0.ended.append(event.id) }
        return .completed("Released.")
    }

    private static func block() { usleep(20_000) }
}

/// Notes which events a handler got, and where that broke the order of a task.
private final class HandlerLog: CallbackHandler {
    private struct State: Sendable {
        var running: Set<String> = []
        var last: [String: Int64] = [:]
        var ended: [Int64] = []
        var brokenOrder: [Int64] = []
    }

    private let state = Mutex(State())

    var ended: [Int64] { self.state.withLock { $0.ended } }
    /// Events that came beside another of their task or after a younger one.
    var brokenOrder: [Int64] { self.state.withLock { $0.brokenOrder } }

    func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        try await self.record(event) { .completed("Noted.") }
    }

    func record(_ event: Event, _ body: () async throws -> Outcome) async throws -> Outcome {
        let task = event.callback.taskID ?? ""
        self.state.withLock { state in
            if !state.running.insert(task).inserted || state.last[task] ?? 0 > event.id {
                state.brokenOrder.append(event.id)
            }
            state.last[task] = event.id
        }
        defer {
            self.state.withLock { state in
                state.running.remove(task)
                state.ended.append(event.id)
            }
        }
        return try await body()
    }
}
