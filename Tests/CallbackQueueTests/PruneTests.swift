import Callbacks
import Foundation
import ScaleAPI
import Testing

@testable import CallbackQueue

@Suite(.timeLimit(.minutes(1))) struct PruneTests {
    private static let retention = Retention(bodies: .seconds(100), facts: .seconds(1000), refused: .seconds(50))

    /// Walks to the end at a time in seconds.
    private func prune(_ fixture: TemporaryStore, at seconds: Int64, _ retention: Retention = Self.retention)
        async throws
        -> PruneCounts
    {
        var pass = PrunePass(retention, now: seconds * 1000)
        let foretold = try await fixture.reader().prunable(pass)
        while !pass.isFinished { pass = try await fixture.store.prune(pass) }
        #expect(foretold.events == pass.counts.events)
        #expect(foretold.bodies == pass.counts.bodies)
        #expect(foretold.refusals == pass.counts.refusals)
        return pass.counts
    }

    @Test func `bodies go first, then everything else, and what is young stays`() async throws {
        try await withTemporaryStore { fixture in
            for number in 0..<500 {
                try await fixture.keep(try makeCallback(task: "t\(number)"), at: Int64(number) * 1000)
            }
            let first = try await self.prune(fixture, at: 500)
            #expect(first.bodies == 400 && first.events == 0)
            let oldest = try #require(try await fixture.reader().event(1))
            #expect(oldest.taskID == "t0", "the facts are still there")
            #expect(try await fixture.reader().body(ofEvent: 1) == nil)
            #expect(try await fixture.reader().body(ofEvent: 401) != nil)
            #expect(try await self.prune(fixture, at: 500).isEmpty, "nothing is left to do")

            let second = try await self.prune(fixture, at: 1200)
            #expect(second.events == 200 && second.bodies == 100)
            #expect(try await fixture.value("SELECT count(*) FROM event") == 300)
            #expect(try await fixture.value("SELECT min(id) FROM event") == 201)
            #expect(try await fixture.value("SELECT count(*) FROM body") == 0)
        }
    }

    @Test func `an event with a pending delivery keeps its body until it is settled`() async throws {
        try await withTemporaryStore { fixture in
            let handlers = try await fixture.handlers("one")
            try await fixture.keep(try makeCallback(task: "waits"), for: handlers)
            try await fixture.keep(try makeCallback(task: "free"))
            try await fixture.keep(try makeCallback(task: "newest"))
            #expect(try await self.prune(fixture, at: 5000).events == 1)
            #expect(try await fixture.value("SELECT count(*) FROM body WHERE eventID = 1") == 1)

            let lease = try #require(try await fixture.leases(handlers[0], now: 5_000_000).first)
            _ = try await fixture.store.settle(lease, as: .completed, outcome: .completed("Done."), now: 5_000_000)
            #expect(try await self.prune(fixture, at: 5001).events == 1)
            #expect(try await fixture.value("SELECT count(*) FROM event") == 1)
            for table in ["body", "delivery", "attempt"] {
                #expect(try await fixture.value("SELECT count(*) FROM \(table)") == 0, "\(table)")
            }
        }
    }

    @Test func `a repeat is recognised without its body, and is new once the facts are gone`() async throws {
        try await withTemporaryStore { fixture in
            let callback = try makeCallback()
            let id = try await fixture.keep(callback)
            #expect(try await self.prune(fixture, at: 500).bodies == 1)
            #expect(try await fixture.keep(callback, at: 501_000) == id)
            let newest = try await fixture.keep(try makeCallback(task: "newest"), at: 501_000)
            #expect(try await self.prune(fixture, at: 9000).events == 1)
            #expect(try await fixture.keep(callback, at: 9_000_000) == newest + 1, "no number is given away twice")
        }
    }

    @Test func `events of a clock that was ahead do not shelter older ones`() async throws {
        try await withTemporaryStore { fixture in
            let ahead: Int64 = 9_000_000
            for (number, time) in [0, ahead, ahead, 1000, 2000, 4500].enumerated() {
                try await fixture.keep(try makeCallback(task: "t\(number)"), at: Int64(time))
            }
            #expect(try await self.prune(fixture, at: 5000).events == 3)
            #expect(try await fixture.value("SELECT count(*) FROM event WHERE receivedAt = \(ahead)") == 2)
        }
    }

    @Test func `forever means forever`() async throws {
        try await withTemporaryStore { fixture in
            try await fixture.keep(try makeCallback())
            let forever = Retention(bodies: nil, facts: nil, refused: nil)
            #expect(try await self.prune(fixture, at: .max / 2000, forever).isEmpty)
        }
    }

    @Test func `refusals and their counts age out`() async throws {
        try await withTemporaryStore { fixture in
            for (hour, at) in [(0, 1000), (1, 3_700_000)] as [(Int64, Int64)] {
                let refusal = Refusal(at: at, reason: "wrong-key", remote: "127.0.0.1", request: "POST /")
                try await fixture.store.record([refusal], counts: ["wrong-key": 7], hour: hour)
            }
            #expect(try await self.prune(fixture, at: 3720).refusals == 1)
            #expect(try await fixture.reader().refusals().rows.map(\.refusal.at) == [3_700_000])
            #expect(try await fixture.reader().refusalCounts(sinceHour: 0).map(\.hour) == [1])
        }
    }

    @Test func `the file shrinks, but keeps room for what comes next`() async throws {
        try await withTemporaryStore { fixture in
            for number in 0..<1000 {
                let large = makeNoise(20_000, seed: UInt64(number))
                try await fixture.keep(try makeCallback(task: "t\(number)", response: large))
            }
            let before = try #require(try await fixture.value("PRAGMA page_count"))
            let counts = try await self.prune(fixture, at: 500)
            let after = try #require(try await fixture.value("PRAGMA page_count"))
            #expect(counts.bodies == 1000)
            #expect(after < before / 4, "\(before) pages became \(after)")
            #expect(counts.freedBytes == Int(before - after) * 4096)
            let free = try #require(try await fixture.value("PRAGMA freelist_count"))
            #expect((1...Int64(EventStore.keptFreePages)).contains(free))

            try await fixture.store.close()
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.path)
            #expect(attributes[.size] as? Int64 == after * 4096, "the file system has the space back")
            #expect(try await fixture.reader().structureProblems() == [])
        }
    }

    @Test func `a step is small however much is past its time`() async throws {
        try await withTemporaryStore { fixture in
            let large = JSON.string(String(repeating: "x", count: 1 << 20))
            for number in 0..<12 { try await fixture.keep(try makeCallback(task: "t\(number)", response: large)) }
            for number in 0..<500 { try await fixture.keep(try makeCallback(task: "s\(number)")) }
            var pass = PrunePass(Retention(bodies: .seconds(1), facts: nil, refused: nil), now: 500_000)
            var steps: [Int] = []
            while !pass.isFinished {
                let bodies = pass.counts.bodies
                pass = try await fixture.store.prune(pass)
                if pass.counts.bodies > bodies { steps.append(pass.counts.bodies - bodies) }
            }
            #expect(steps == [4, 4, 4, 200, 200, 100], "by bytes, then by rows")
        }
    }

    @Test func `a walk can stop anywhere and go on in another process`() async throws {
        try await withTemporaryStore { fixture in
            for number in 0..<900 { try await fixture.keep(try makeCallback(task: "t\(number)")) }
            var pass = PrunePass(Self.retention, now: 500_000)
            var steps = 0
            while !pass.isFinished {
                pass = try await fixture.store.prune(pass)
                pass = try JSONDecoder().decode(PrunePass.self, from: JSONEncoder().encode(pass))
                steps += 1
            }
            #expect(pass.counts.bodies == 900)
            #expect(steps > 5)
        }
    }
}
