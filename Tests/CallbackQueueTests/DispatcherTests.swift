import Callbacks
import Foundation
import GRDB
import Logging
import ScaleAPI
import ServiceLifecycle
import Synchronization
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct DispatcherTests {
    @Test func `every delivery is handled once, in order per task and within the bound`() async throws {
        try await withTemporaryStore { fixture in
            let record = HandlerRecorder()
            let handler = HandlerRegistration(name: "one", type: "test", concurrency: 3, handler: record)
            try await withDispatcher(fixture, [handler]) { dispatcher in
                let ids = Array(dispatcher.handlers.keys)
                for number in 0..<60 {
                    let callback = try makeCallback(task: "task-\(number % 7)", completedAt: Int64(number) * 1000)
                    try await fixture.keep(callback, at: Now.milliseconds, for: ids)
                    dispatcher.wake(ids)
                }
                try await eventually("all completed") {
                    try await fixture.value("SELECT count(*) FROM delivery WHERE state = 'completed'") == 60
                }
            }
            #expect(record.events.sorted() == Array(1...60))
            for task in 0..<7 {
                let ofTask = record.events.filter { Int($0 - 1) % 7 == task }
                #expect(ofTask == ofTask.sorted())
            }
            #expect(record.largestConcurrency <= 3)
            #expect(record.largestConcurrency > 1)
            #expect(record.sawTwoOfOneTask == false)
            #expect(try await fixture.value("SELECT max(attemptCount) FROM delivery") == 1)
        }
    }

    @Test func `a failed attempt is repeated until it succeeds`() async throws {
        try await self.run { _, context in
            if context.attempt == 1 { throw BrokenHandlerError() }
            return context.attempt == 2 ? .retry(.unavailable, "Later.") : .completed("Done.")
        } until: {
            $0.state == "completed"
        } check: { delivery, attempts in
            #expect(delivery.failureCount == 2)
            #expect(attempts.map(\.outcome) == ["retry", "retry", "completed"])
            #expect(attempts.map(\.failureClass) == ["fault", "unavailable", nil])
        }
    }

    @Test func `used up attempts and a plain no make dead letters with their class`() async throws {
        try await self.run { _, _ in
            .retry(.unavailable, "Later.")
        } until: {
            $0.state == "dead"
        } check: {
            #expect($0.failureClass == "unavailable")
            #expect($0.failureCount == 4)
            #expect($1.map(\.outcome) == ["retry", "retry", "retry", "dead"])
        }
        try await self.run { _, _ in
            .dead(.refused, "No.")
        } until: {
            $0.state == "dead"
        } check: {
            #expect($0.failureClass == "refused")
            #expect($1.count == 1)
        }
    }

    @Test func `an attempt that takes too long is ended and repeated`() async throws {
        try await self.run(timeout: .milliseconds(50)) { _, context in
            if context.attempt == 1 { try await Task.sleep(for: .seconds(600)) }
            return .completed("Done.")
        } until: {
            $0.state == "completed"
        } check: { delivery, attempts in
            #expect(delivery.failureCount == 1)
            #expect(attempts.first?.failureClass == "unavailable")
        }
    }

    @Test func `a handler that must wait is held and keeps its deliveries`() async throws {
        try await withTemporaryStore { fixture in
            let calls = Mutex(0)
            let handler = HandlerRegistration(
                name: "one",
                type: "test",
                concurrency: 1,
                handler: ClosureHandler { _, _ in
                    calls.withLock { $0 += 1 }
                    return .hold("Key refused.")
                }
            )
            try await withDispatcher(fixture, [handler]) { dispatcher in
                let ids = Array(dispatcher.handlers.keys)
                for task in ["a", "b", "c"] { try await fixture.keep(try makeCallback(task: task), for: ids) }
                dispatcher.wakeAll()
                try await eventually("held and released") {
                    try await fixture.value("SELECT count(*) FROM attempt WHERE outcome = 'released'") == 1
                }
                for _ in 0..<5 { dispatcher.wakeAll() }
                let held = try #require(try await fixture.reader().handlers().first)
                #expect(held.heldReason == "Key refused.")
                #expect(held.pendingCount == 3)
            }
            #expect(calls.withLock { $0 } == 1)
            #expect(try await fixture.value("SELECT sum(failureCount) FROM delivery") == 0)
        }
    }

    @Test func `a graceful stop lets what runs finish and takes no more`() async throws {
        try await withTemporaryStore { fixture in
            let started = Mutex(0)
            let mayEnd = Mutex(false)
            let handler = HandlerRegistration(
                name: "one",
                type: "test",
                concurrency: 2,
                handler: ClosureHandler { _, _ in
                    started.withLock { $0 += 1 }
                    try await eventually("allowed to end") { mayEnd.withLock { $0 } }
                    return .completed("Done.")
                }
            )
            let dispatcher = try await makeDispatcher(fixture, [handler], drain: .seconds(30))
            let ids = Array(dispatcher.handlers.keys)
            for number in 0..<10 { try await fixture.keep(try makeCallback(task: "task-\(number)"), for: ids) }
            let group = ServiceGroup(services: [dispatcher], logger: quietLogger)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                try await eventually("two run") { started.withLock { $0 } == 2 }
                await group.triggerGracefulShutdown()
                dispatcher.wakeAll()
                mayEnd.withLock { $0 = true }
                try await tasks.waitForAll()
            }
            #expect(started.withLock { $0 } == 2)
            #expect(try await fixture.value("SELECT count(*) FROM delivery WHERE state = 'completed'") == 2)
            #expect(try await fixture.value("SELECT count(*) FROM delivery WHERE leaseToken IS NOT NULL") == 0)
        }
    }

    @Test func `a ring that nobody heard before the stop takes no delivery`() async throws {
        try await withTemporaryStore { fixture in
            let record = HandlerRecorder()
            let handler = HandlerRegistration(name: "one", type: "test", handler: record)
            let id = try await fixture.handlers("one")[0]
            try await fixture.keep(try makeCallback(), for: [id])
            let bell = Bell()
            bell.ring()
            bell.close()
            await HandlerLoop(
                handlerID: id,
                registration: handler,
                store: fixture.store,
                configuration: .init(),
                bell: bell,
                logger: quietLogger,
                scale: { _ in nil }
            )
            .run()
            #expect(record.events.isEmpty)
        }
    }

    @Test func `a ring while the store is busy is not forgotten`() async throws {
        try await withTemporaryStore { fixture in
            let record = HandlerRecorder()
            let messages = Mutex<[String]>([])
            let logger = Logger(label: "test") { _ in
                CollectingLogHandler { text in messages.withLock { $0.append(text) } }
            }
            let handler = HandlerRegistration(name: "one", type: "test", handler: record)
            var configuration = GRDB.Configuration()
            configuration.allowsUnsafeTransactions = true
            configuration.busyMode = .timeout(5)
            let other = try DatabaseQueue(path: fixture.path, configuration: configuration)
            try await withDispatcher(fixture, [handler], logger: logger) { dispatcher in
                let ids = Array(dispatcher.handlers.keys)
                try await fixture.keep(try makeCallback(task: "a"), for: ids)
                dispatcher.wakeAll()
                try await eventually("the first is completed") {
                    try await fixture.value("SELECT count(*) FROM delivery WHERE state = 'completed'") == 1
                }
                try await fixture.keep(try makeCallback(task: "b"), for: ids)
                // The store waits five seconds for another writer before it gives up.
                try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
                dispatcher.wakeAll()
                try await eventually("leasing failed") { messages.withLock { $0.contains("Deliveries not leased") } }
                try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
                try await eventually("the second is handled") { record.events == [1, 2] }
            }
            try other.close()
        }
    }

    @Test func `what has not ended when the drain time is over is given back`() async throws {
        try await withTemporaryStore { fixture in
            let started = Mutex(0)
            let handler = HandlerRegistration(
                name: "one",
                type: "test",
                timeout: .seconds(600),
                handler: ClosureHandler { _, _ in
                    started.withLock { $0 += 1 }
                    try await Task.sleep(for: .seconds(600))
                    return .completed("Done.")
                }
            )
            let dispatcher = try await makeDispatcher(fixture, [handler], drain: .milliseconds(50))
            try await fixture.keep(try makeCallback(), for: Array(dispatcher.handlers.keys))
            let group = ServiceGroup(services: [dispatcher], logger: quietLogger)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                try await eventually("it runs") { started.withLock { $0 } == 1 }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            let delivery = try #require(try await fixture.deliveries().first)
            #expect(delivery.state == "pending")
            #expect(!delivery.isLeased)
            #expect(delivery.failureCount == 0)
            #expect(delivery.outcome == "released")
        }
    }

    @Test func `a handler whose lease was taken is cancelled and settles nothing`() async throws {
        try await withTemporaryStore(lease: .milliseconds(300)) { fixture in
            let wasCancelled = Mutex(false)
            let started = Mutex(false)
            let handler = HandlerRegistration(
                name: "one",
                type: "test",
                timeout: .seconds(600),
                handler: ClosureHandler { _, _ in
                    started.withLock { $0 = true }
                    do { try await Task.sleep(for: .seconds(600)) } catch { wasCancelled.withLock { $0 = true } }
                    return .completed("Too late.")
                }
            )
            try await withDispatcher(fixture, [handler]) { dispatcher in
                try await fixture.keep(try makeCallback(), for: Array(dispatcher.handlers.keys))
                dispatcher.wakeAll()
                try await eventually("it runs") { started.withLock { $0 } }
                try await fixture.execute("UPDATE delivery SET leaseToken = 1, dueAt = 9000000000000000")
                try await eventually("it was cancelled") { wasCancelled.withLock { $0 } }
            }
            let delivery = try #require(try await fixture.deliveries().first)
            #expect(delivery.state == "pending")
            #expect(delivery.isLeased)
            #expect(delivery.summary == nil)
        }
    }

    @Test func `what a killed process had leased is run after the lease's end`() async throws {
        try await withTemporaryStore(lease: .seconds(1)) { fixture in
            let record = HandlerRecorder()
            let id = try await fixture.handlers("one")[0]
            try await fixture.keep(try makeCallback(), for: [id])
            #expect(try await fixture.leases(id, now: Now.milliseconds).count == 1)
            try await withDispatcher(fixture, [HandlerRegistration(name: "one", type: "test", handler: record)]) { _ in
                try await eventually("completed") { try await fixture.deliveries().first?.state == "completed" }
            }
            let attempts = try await fixture.reader().attempts(ofDelivery: 1)
            #expect(attempts.map(\.outcome) == ["interrupted", "completed"])
            #expect(try await fixture.value("SELECT failureCount FROM delivery") == 0)
        }
    }

    /// Runs one delivery with one handler until its record is as wanted, and checks it.
    private func run(
        timeout: Duration = .seconds(60),
        _ body: @escaping @Sendable (Event, HandlerContext) async throws -> Outcome,
        until isDone: (DeliveryRecord) -> Bool,
        check: (DeliveryRecord, [AttemptRecord]) throws -> Void
    ) async throws {
        try await withTemporaryStore { fixture in
            let handler = HandlerRegistration(
                name: "one",
                type: "test",
                timeout: timeout,
                backoff: Backoff(firstDelay: .milliseconds(2), maximumAttempts: 4),
                handler: ClosureHandler(body: body)
            )
            try await withDispatcher(fixture, [handler]) { dispatcher in
                let id = try await fixture.keep(try makeCallback(), for: Array(dispatcher.handlers.keys))
                dispatcher.wakeAll()
                try await eventually("done") { try await fixture.deliveries().first.map(isDone) ?? false }
                #expect(id == 1)
            }
            let delivery = try #require(try await fixture.deliveries().first)
            try check(delivery, try await fixture.reader().attempts(ofDelivery: delivery.id))
        }
    }
}

/// What a handler throws that is broken.
struct BrokenHandlerError: Error {}

/// A handler that is a closure.
struct ClosureHandler: CallbackHandler {
    let body: @Sendable (Event, HandlerContext) async throws -> Outcome

    func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        try await self.body(event, context)
    }
}

/// Notes what it is handed and how much at a time.
private final class HandlerRecorder: CallbackHandler {
    private struct State: Sendable {
        var events: [Int64] = []
        var running: [String] = []
        var largestConcurrency = 0
        var sawTwoOfOneTask = false
    }

    private let state = Mutex(State())

    var events: [Int64] { self.state.withLock { $0.events } }
    var largestConcurrency: Int { self.state.withLock { $0.largestConcurrency } }
    var sawTwoOfOneTask: Bool { self.state.withLock { $0.sawTwoOfOneTask } }

    func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        let task = event.callback.taskID ?? ""
        self.state.withLock { state in
            state.events.append(event.id)
            if state.running.contains(task) { state.sawTwoOfOneTask = true }
            state.running.append(task)
            state.largestConcurrency = max(state.largestConcurrency, state.running.count)
        }
        // Long enough that others overlap.
        try await Task.sleep(for: .milliseconds(5))
        self.state.withLock { state in
            if let index = state.running.firstIndex(of: task) { state.running.remove(at: index) }
        }
        return .completed("Noted.")
    }
}

/// A dispatcher that looks at its queues often.
func makeDispatcher(
    _ fixture: TemporaryStore,
    _ handlers: [HandlerRegistration],
    drain: Duration = .seconds(5),
    logger: Logger = quietLogger
) async throws -> Dispatcher {
    try await Dispatcher(
        store: fixture.store,
        handlers: handlers,
        configuration: .init(drain: drain, tick: .milliseconds(20)),
        logger: logger,
        scale: { _ in nil }
    )
}

/// Runs a dispatcher for the length of `body` and stops it gracefully.
func withDispatcher(
    _ fixture: TemporaryStore,
    _ handlers: [HandlerRegistration],
    logger: Logger = quietLogger,
    _ body: (Dispatcher) async throws -> Void
) async throws {
    let dispatcher = try await makeDispatcher(fixture, handlers, logger: logger)
    let group = ServiceGroup(services: [dispatcher], logger: quietLogger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        do { try await body(dispatcher) } catch {
            tasks.cancelAll()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

/// Hands every message to a closure.
struct CollectingLogHandler: LogHandler {
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]
    let collect: @Sendable (String) -> Void

    init(_ collect: @escaping @Sendable (String) -> Void) { self.collect = collect }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) { self.collect(event.message.description) }
}
