import ArgumentParser
import Callbacks
import Foundation
import Histogram
import NIOCore
import NIOHTTP1
import ScaleAPI
import Testing

@testable import CallbackService

@Suite struct LoadGeneratorTests {
    private static func configuration(port: Int, path: String = "/callbacks") throws -> LoadGenerator.Configuration {
        let target = try #require(BenchTarget("http://127.0.0.1:\(port)\(path)"))
        var configuration = LoadGenerator.Configuration(target: target, connections: 8)
        configuration.duration = nil
        return configuration
    }

    @Test(.timeLimit(.minutes(1)), arguments: [2048, 20_000])
    func `a count of unique callbacks arrives as that many tasks, each of the size asked for`(size: Int) async throws {
        try await TestReceiver.run { receiver, port in
            var configuration = try Self.configuration(port: port, path: "/in?x=1")
            configuration.count = 500
            configuration.bodySize = size
            configuration.key = Secret("auth-key-4711")
            let report = try await LoadGenerator(configuration: configuration).run()

            #expect(report.requests == 500)
            #expect(report.statuses == [200: 500])
            #expect(report.failures.isEmpty)
            #expect(report.latencies.totalCount == 500)
            #expect(report.acceptedPerSecond > 0)
            let requests = receiver.requests
            #expect(requests.count == 500)
            #expect(Set(requests.map(\.path)) == ["/in?x=1"])
            #expect(Set(requests.flatMap { $0.headers["scale-callback-auth"] }) == ["auth-key-4711"])
            #expect(Set(requests.map(\.body.count)) == [size])
            let callbacks = try requests.map { try Callback(body: $0.body) }
            #expect(Set(callbacks.map(\.kind)) == [.completed])
            #expect(Set(callbacks.compactMap(\.taskID)).count == 500)
            #expect(Set(callbacks.map(\.fingerprint)).count == 500)
            let uuids = callbacks.compactMap { callback in
                callback.response.flatMap { JSON($0)["annotations"]?[0]?["uuid"]?.string }
            }
            #expect(Set(uuids).count == 500)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `repeated callbacks are all the same`() async throws {
        try await TestReceiver.run { receiver, port in
            var configuration = try Self.configuration(port: port)
            configuration.count = 50
            configuration.variety = .repeated
            _ = try await LoadGenerator(configuration: configuration).run()
            #expect(receiver.requests.count == 50)
            #expect(Set(receiver.requests.map(\.body)).count == 1)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `refusals are counted by status, and only acknowledged ids are written down`() async throws {
        try await withTemporaryFolder { folder in
            let behaviour = { @Sendable (number: Int) -> TestReceiver.Behaviour in
                .status(number % 4 == 0 ? 503 : number % 4 == 1 ? 401 : 202)
            }
            try await TestReceiver.run(answering: behaviour) { receiver, port in
                var configuration = try Self.configuration(port: port)
                configuration.count = 100
                configuration.idsFile = "\(folder)/ids"
                let report = try await LoadGenerator(configuration: configuration).run()
                #expect(report.statuses == [202: 50, 401: 25, 503: 25])
                #expect(report.accepted == 50)
                #expect(report.refused == 50)
                #expect(BenchCallbacksCommand.exitCode(for: report, reconnects: false) == .failed)
                let written = try String(contentsOfFile: "\(folder)/ids", encoding: .utf8).split(separator: "\n")
                let accepted = try receiver.requests.enumerated()
                    .filter { $0.offset % 4 > 1 }
                    .compactMap { try Callback(body: $0.element.body).taskID }
                #expect(written.map(String.init).sorted() == accepted.sorted())
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a connection that ends is an error and opened again, one that was announced to end is not an error`()
        async throws
    {
        let behaviour = { @Sendable (number: Int) -> TestReceiver.Behaviour in
            number % 10 == 3 ? .close : number % 10 == 7 ? .lastStatus(200) : .status(200)
        }
        try await TestReceiver.run(answering: behaviour) { receiver, port in
            var configuration = try Self.configuration(port: port)
            configuration.count = 100
            let report = try await LoadGenerator(configuration: configuration).run()
            #expect(report.requests == 100)
            #expect(report.statuses == [200: 90])
            #expect(report.failures == [.closed: 10])
            #expect(receiver.requests.count == 100)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an answer that does not come is counted and the run ends`() async throws {
        let silence = { @Sendable (number: Int) -> TestReceiver.Behaviour in number == 5 ? .silence : .status(200) }
        try await TestReceiver.run(answering: silence) { _, port in
            var configuration = try Self.configuration(port: port)
            configuration.count = 20
            configuration.timeout = .milliseconds(200)
            let report = try await LoadGenerator(configuration: configuration).run()
            #expect(report.statuses == [200: 19])
            #expect(report.failures == [.timeout: 1])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a receiver that is not there ends the run, or is waited for until the end`() async throws {
        // A port that was free a moment ago.
        let port = try await TestReceiver.run { _, port in port }
        var configuration = try Self.configuration(port: port)
        configuration.duration = .seconds(30)
        let gone = try await LoadGenerator(configuration: configuration).run()
        #expect(gone.requests == 0)
        #expect(gone.failures == [.connect: 8])
        #expect(BenchCallbacksCommand.exitCode(for: gone, reconnects: false) == .unavailable)

        configuration.reconnects = true
        configuration.count = 40
        let patient = LoadGenerator(configuration: configuration)
        try await withThrowingTaskGroup(of: BenchReport.self) { group in
            group.addTask { try await patient.run() }
            try await TestReceiver.run(port: port) { _, _ in
                let found = try #require(try await group.next())
                #expect(found.statuses == [200: 40])
                #expect(found.acceptedPerSecond > 0)
                #expect(BenchCallbacksCommand.exitCode(for: found, reconnects: true) == nil)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the warm-up is sent but not measured, and the duration ends the run`() async throws {
        try await TestReceiver.run { receiver, port in
            var configuration = try Self.configuration(port: port)
            configuration.duration = .milliseconds(300)
            configuration.warmup = .milliseconds(200)
            let start = ContinuousClock.now
            let report = try await LoadGenerator(configuration: configuration).run()
            let whole = ContinuousClock.now - start
            #expect(report.accepted == report.requests)
            #expect(report.accepted > 0)
            #expect(receiver.requests.count > report.requests)
            // However late a busy machine ends it, the warm-up is not in it.
            #expect(report.elapsed <= whole - configuration.warmup)
            #expect(report.elapsed < .seconds(2))
            #expect(report.elapsed > .milliseconds(200))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a cancelled run ends with what it has`() async throws {
        try await TestReceiver.run { receiver, port in
            var configuration = try Self.configuration(port: port)
            configuration.duration = .seconds(3600)
            let generator = LoadGenerator(configuration: configuration)
            let report = try await withThrowingTaskGroup(of: BenchReport.self) { group in
                group.addTask { try await generator.run() }
                while receiver.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                group.cancelAll()
                return try #require(try await group.next())
            }
            #expect(report.requests > 0)
            #expect(report.accepted == report.requests)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `at a steady rate as many are sent as are due, over any number of connections`() async throws {
        try await TestReceiver.run { receiver, port in
            var configuration = try Self.configuration(port: port)
            configuration.duration = .seconds(1)
            configuration.rate = 200
            let report = try await LoadGenerator(configuration: configuration).run()
            let schedule = try #require(report.schedule)
            #expect(schedule.rate == 200)
            // The timer that ends the run may be a little late.
            #expect((200...240).contains(report.requests + schedule.notSent))
            #expect(report.accepted == report.requests)
            #expect(schedule.notSent < 100)

            // The end by a count: idle connections are closed.
            configuration.duration = nil
            configuration.count = 50
            #expect(try await LoadGenerator(configuration: configuration).run().statuses == [200: 50])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `at a steady rate the time counts that requests waited for a connection`() async throws {
        let slow = { @Sendable (number: Int) -> TestReceiver.Behaviour in number == 0 ? .silence : .status(200) }
        try await TestReceiver.run(answering: slow) { _, port in
            var configuration = try Self.configuration(port: port)
            // The only connection waits half a second in vain, and meanwhile 50 are due.
            configuration.connections = 1
            configuration.reconnects = true
            configuration.rate = 100
            configuration.timeout = .milliseconds(500)
            configuration.duration = .seconds(2)
            let report = try await LoadGenerator(configuration: configuration).run()
            #expect(report.failures == [.timeout: 1])
            let schedule = try #require(report.schedule)
            #expect(schedule.latest >= .milliseconds(400))
            #expect(schedule.late >= 40)
            #expect(report.latencies.maxRecorded >= 400_000_000)
            #expect(report.latencies.valueAtPercentile(90) >= 200_000_000)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `what is due and cannot be sent before the end is told`() async throws {
        let silence = { @Sendable (_: Int) -> TestReceiver.Behaviour in .silence }
        try await TestReceiver.run(answering: silence) { _, port in
            var configuration = try Self.configuration(port: port)
            configuration.connections = 3
            configuration.rate = 100
            configuration.timeout = .seconds(1)
            configuration.duration = .milliseconds(500)
            let report = try await LoadGenerator(configuration: configuration).run()
            #expect(report.requests == 3)
            #expect(report.failures == [.timeout: 3])
            #expect((45...150).contains(try #require(report.schedule).notSent))
            #expect(BenchCallbacksCommand.exitCode(for: report, reconnects: false) == .failed)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `empty requests are GETs without key and body`() async throws {
        try await TestReceiver.run { receiver, port in
            var configuration = try Self.configuration(port: port, path: "/healthz")
            configuration.key = Secret("auth-key-4711")
            configuration.variety = .empty
            configuration.count = 20
            #expect(try await LoadGenerator(configuration: configuration).run().statuses == [200: 20])
            let requests = receiver.requests
            #expect(requests.count == 20)
            #expect(requests.allSatisfy { $0.body.isEmpty && $0.path == "/healthz" && $0.headers.count == 1 })
        }
    }

    @Test func `a body that is too small for a callback is refused with the smallest size`() throws {
        let target = try #require(BenchTarget("http://127.0.0.1:1/"))
        let error = #expect(throws: CallbackTemplate.SizeError.self) {
            _ = try CallbackTemplate(target: target, key: nil, bodySize: 10, now: Date())
        }
        let minimum = try #require(error).minimum
        #expect(minimum < 2048)
        let smallest = try CallbackTemplate(target: target, key: nil, bodySize: minimum, now: Date())
        #expect(smallest.request.count - smallest.bodyOffset == minimum)
    }

    @Test func `each callback has a task and annotations of its own, and the response twice alike`() throws {
        let target = try #require(BenchTarget("http://127.0.0.1:1/"))
        let template = try CallbackTemplate(target: target, key: nil, bodySize: 2048, now: Date())
        var generator = SystemRandomNumberGenerator()
        var ids = TaskIDSequence(start: 1, using: &generator)
        var seen: Set<JSON> = []
        for _ in 0..<100 {
            var buffer = ByteBuffer(bytes: template.request)
            let (id, number) = ids.take()
            template.patch(&buffer, id: id, number: number)
            let body = try JSON(parsing: Array(buffer.readableBytesView.dropFirst(template.bodyOffset)))
            #expect(buffer.readableBytes - template.bodyOffset == 2048)
            #expect(body["task_id"]?.string == String(decoding: id, as: UTF8.self))
            #expect(body["response"] == body["task"]?["response"])
            for annotation in try #require(body["response"]?["annotations"]?.array) {
                for key in ["left", "top", "width", "height"] {
                    let place = try #require(annotation[key])
                    #expect((1000..<10_000).contains(try #require(place.double)))
                    seen.insert(place)
                }
                #expect(seen.insert(try #require(annotation["uuid"])).inserted, "no UUID comes twice")
            }
        }
        #expect(seen.count > 800)
    }

    @Test func `the figures print the same for people and programs`() {
        var report = BenchReport()
        report.requests = 103
        report.statuses = [200: 100, 503: 2]
        report.failures = [.closed: 1]
        report.elapsed = .seconds(2)
        report.acceptedInTime = 100
        for millisecond in 1...100 { report.latencies.record(UInt64(millisecond) * 1_000_000) }
        #expect(
            report.lines == [
                "accepted    100 of 103, 50.0 per second",
                "latency     p50 50.0 ms, p90 90.05 ms, p99 99.02 ms, max 100.0 ms",
                "non-2xx     2 (503: 2)",
                "closed      1",
                "elapsed     2.0 s",
            ]
        )
        #expect(
            report.json.encodedString == """
                {"requests":103,"accepted":100,"accepted_per_second":50,"latency_milliseconds":{"p50":50.003,\
                "p90":90.046,"p99":99.024,"max":100},"statuses":{"200":100,"503":2},"failures":{"closed":1},\
                "elapsed_seconds":2}
                """
        )
    }
}
