import Callbacks
import Foundation
import ScaleAPI
import Testing

@testable import CallbackQueue

/// Random histories of the queue in virtual time, each compared step by step with a model of a few lines.
@Suite(.timeLimit(.minutes(5))) struct LeaseHistoryTests {
    @Test(arguments: 0..<4 as Range<UInt64>) func `the queue does what its model does`(part: UInt64) async throws {
        // In memory when that is possible: syncs are another suite's matter.
        let isInMemory = FileManager.default.isWritableFile(atPath: "/dev/shm")
        try await withTemporaryStore(in: isInMemory ? "/dev/shm" : NSTemporaryDirectory()) { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<20 as Range<UInt64> {
                    group.addTask {
                        for number in 0..<25 as Range<UInt64> {
                            let seed = part * 500 + lane * 25 + number
                            var history = try await History(seed: seed, fixture: fixture)
                            try await history.run()
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}

/// One history: handlers and tasks of its own, so that many share a store.
private struct History {
    /// One delivery, as the model has it.
    struct Entry {
        let eventID: Int64
        let handler: Int
        let task: Int
        var state = "pending"
        var dueAt: Int64
        var token: Int64?
        var attempts = 0
        var failures = 0
        var settledCount = 0
    }

    let seed: UInt64
    let fixture: TemporaryStore
    let handlers: [Int64]
    var generator: SeededGenerator
    /// In the order of arrival, which is the order of their numbers within a handler.
    var entries: [Entry] = []
    var kept: [Callback] = []
    var leases: [Lease] = []
    var heldHandlers: Set<Int> = []
    var now: Int64 = 1000

    init(seed: UInt64, fixture: TemporaryStore) async throws {
        self.seed = seed
        self.fixture = fixture
        self.generator = SeededGenerator(seed: seed)
        self.handlers = try await fixture.handlers("\(seed) one", "\(seed) two")
    }

    mutating func run() async throws {
        for _ in 0..<30 {
            switch self.number(below: 20) {
            case 0..<5: try await self.keep()
            case 5..<10: try await self.lease(limit: 1 + self.number(below: 3))
            case 10..<14: try await self.settle()
            case 14: try await self.renew()
            case 15: try await self.retry()
            case 16: try await self.toggleHold()
            case 17: self.leases.removeAll()
            default: self.now += Int64(self.number(below: 20_000))
            }
        }
        try await self.finish()
    }

    private mutating func number(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &self.generator) }

    private func label(_ text: String) -> Comment { "seed \(self.seed) at \(self.now): \(text)" }

    private mutating func keep() async throws {
        if let repeated = self.kept.randomElement(using: &self.generator), self.number(below: 4) == 0 {
            let result = try await self.fixture.store.keep(self.arrival(repeated))
            guard case .repeated = result else {
                Issue.record(self.label("a repeat was kept anew"))
                return
            }
            return
        }
        let task = self.number(below: 3)
        let callback = try makeCallback(task: "\(self.seed)-\(task)", completedAt: Int64(self.kept.count) * 1000)
        guard case .kept(let id) = try await self.fixture.store.keep(self.arrival(callback)) else {
            Issue.record(self.label("a new callback was taken for a repeat"))
            return
        }
        self.kept.append(callback)
        for handler in self.handlers.indices {
            self.entries.append(Entry(eventID: id, handler: handler, task: task, dueAt: self.now))
        }
    }

    private func arrival(_ callback: Callback) -> Arrival {
        Arrival(
            callback: callback,
            accountID: self.fixture.accountID,
            receivedAt: self.now,
            handlerIDs: self.handlers
        )
    }

    private func isLive(_ entry: Entry) -> Bool {
        entry.state == "pending" && entry.token != nil && entry.dueAt > self.now
    }

    /// Which entries the model would lease, first to last.
    private func leasable(_ handler: Int, limit: Int) -> [Int] {
        guard !self.heldHandlers.contains(handler) else { return [] }
        let mine = self.entries.indices.filter {
            self.entries[$0].handler == handler && self.entries[$0].state == "pending"
        }
        let free = mine.filter { index in
            let entry = self.entries[index]
            return entry.dueAt <= self.now
                && !mine.contains { other in
                    self.entries[other].task == entry.task
                        && (other < index || other > index && self.isLive(self.entries[other]))
                }
        }
        return Array(free.sorted { (self.entries[$0].dueAt, $0) < (self.entries[$1].dueAt, $1) }.prefix(limit))
    }

    private mutating func lease(limit: Int) async throws {
        let handler = self.number(below: self.handlers.count)
        let expected = self.leasable(handler, limit: limit)
        let batch = try await self.fixture.store.lease(handlerID: self.handlers[handler], limit: limit, now: self.now)
        let label = self.label("lease \(limit) of handler \(handler)")
        #expect(batch.leases.map(\.event.id) == expected.map { self.entries[$0].eventID }, label)
        for (index, lease) in zip(expected, batch.leases) {
            let entry = self.entries[index]
            let running = self.entries.filter { $0.handler == handler && $0.task == entry.task && self.isLive($0) }
            #expect(running.isEmpty, "\(label): two of one task at a time")
            #expect(entry.settledCount == 0 || entry.state == "pending", label)
            self.entries[index].attempts += 1
            self.entries[index].token = lease.token
            self.entries[index].dueAt = self.now + 15_000
            #expect(lease.attempt == self.entries[index].attempts, label)
            #expect(lease.failures == entry.failures, label)
            self.leases.append(lease)
        }
        if !self.heldHandlers.contains(handler) {
            let next = self.entries.filter { $0.handler == handler && $0.state == "pending" }.map(\.dueAt).min()
            #expect(batch.nextDueAt == next, label)
        }
    }

    /// The entry whose lease this still is.
    private func index(of lease: Lease) -> Int? {
        self.entries.firstIndex { $0.token == lease.token && $0.state == "pending" }
    }

    private mutating func settle() async throws {
        guard let lease = self.leases.randomElement(using: &self.generator) else { return }
        let settlement: Settlement =
            switch self.number(below: 6) {
            case 0: .retry(at: self.now + Int64(self.number(below: 30_000)))
            case 1: .dead
            case 2: .released
            default: .completed
            }
        let use = try await self.fixture.store.settle(
            lease,
            as: settlement,
            outcome: .completed("Settled."),
            now: self.now
        )
        guard let index = self.index(of: lease) else {
            #expect(use == .leaseLost, self.label("settle \(settlement) without a lease"))
            return
        }
        #expect(use == .done, self.label("settle \(settlement)"))
        self.entries[index].token = nil
        switch settlement {
        case .completed:
            self.entries[index].state = "completed"
            self.entries[index].settledCount += 1
            #expect(self.entries[index].settledCount == 1, self.label("completed twice"))
        case .dead:
            self.entries[index].state = "dead"
            self.entries[index].failures += 1
        case .released: self.entries[index].dueAt = self.now
        case .retry(let dueAt):
            self.entries[index].dueAt = dueAt
            self.entries[index].failures += 1
        }
    }

    private mutating func renew() async throws {
        guard let lease = self.leases.randomElement(using: &self.generator) else { return }
        let use = try await self.fixture.store.renew(lease, now: self.now)
        let noted = try await self.fixture.store.note("noted", on: lease)
        let index = self.index(of: lease)
        #expect(use == (index == nil ? .leaseLost : .done), self.label("renew"))
        #expect(noted == use, self.label("note"))
        if let index { self.entries[index].dueAt = self.now + 15_000 }
    }

    private mutating func retry() async throws {
        let handler = self.number(below: self.handlers.count)
        let selection = DeliverySelection(
            handlers: [self.name(handler)],
            states: self.number(below: 2) == 0 ? ["dead"] : nil
        )
        let expected = self.entries.indices.filter { index in
            let entry = self.entries[index]
            return entry.handler == handler && entry.token == nil
                && (entry.state == "dead" || entry.state == "pending" && selection.states == nil)
        }
        let count = try await self.fixture.store.retryDeliveries(selection, now: self.now)
        #expect(count == expected.count, self.label("retry"))
        for index in expected {
            self.entries[index].state = "pending"
            self.entries[index].dueAt = self.now
            self.entries[index].failures = 0
        }
    }

    private func name(_ handler: Int) -> String { "\(self.seed) " + (handler == 0 ? "one" : "two") }

    private mutating func toggleHold() async throws {
        let handler = self.number(below: self.handlers.count)
        if self.heldHandlers.remove(handler) == nil {
            self.heldHandlers.insert(handler)
            _ = try await self.fixture.store.holdHandler(named: self.name(handler), reason: "Test.", now: self.now)
        } else {
            _ = try await self.fixture.store.resumeHandler(named: self.name(handler))
        }
    }

    /// However a history went, patience settles everything, in order.
    private mutating func finish() async throws {
        for handler in self.heldHandlers {
            _ = try await self.fixture.store.resumeHandler(named: self.name(handler))
        }
        self.heldHandlers = []
        for handler in self.handlers.indices {
            var lastOfTask: [Int: Int64] = [:]
            var rounds = 0
            while self.entries.contains(where: { $0.handler == handler && $0.state == "pending" }), rounds < 100 {
                rounds += 1
                self.now += 60_000
                let expected = self.leasable(handler, limit: 10)
                let batch = try await self.fixture.store.lease(
                    handlerID: self.handlers[handler],
                    limit: 10,
                    now: self.now
                )
                #expect(batch.leases.map(\.event.id) == expected.map { self.entries[$0].eventID }, self.label("finish"))
                for (index, lease) in zip(expected, batch.leases) {
                    let task = self.entries[index].task
                    #expect(lease.event.id > lastOfTask[task] ?? 0, self.label("order of task \(task)"))
                    lastOfTask[task] = lease.event.id
                    let use = try await self.fixture.store.settle(
                        lease,
                        as: .completed,
                        outcome: .completed("Settled."),
                        now: self.now
                    )
                    #expect(use == .done, self.label("finish"))
                    self.entries[index].state = "completed"
                }
            }
        }
        #expect(!self.entries.contains { $0.state == "pending" }, self.label("not all settled"))
    }
}
