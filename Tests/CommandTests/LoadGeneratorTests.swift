import ArgumentParser
import Callbacks
import Foundation
import Histogram
import NIOCore
import NIOHTTP1
import ScaleAPI
import Testing

@testable import scale_callbacks

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
            configuration.isUnique = false
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
                #expect(BenchCommand.exitCode(for: report, reconnects: false) == .failed)
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
        #expect(BenchCommand.exitCode(for: gone, reconnects: false) == .unavailable)

        configuration.reconnects = true
        configuration.count = 40
        let patient = LoadGenerator(configuration: configuration)
        try await withThrowingTaskGroup(of: BenchReport.self) { group in
            group.addTask { try await patient.run() }
            try await TestReceiver.run(port: port) { _, _ in
                let found = try #require(try await group.next())
                #expect(found.statuses == [200: 40])
                #expect(found.acceptedPerSecond > 0)
                #expect(BenchCommand.exitCode(for: found, reconnects: true) == nil)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the warm-up is sent but not measured, and the duration ends the run`() async throws {
        try await TestReceiver.run { receiver, port in
            var configuration = try Self.configuration(port: port)
            configuration.duration = .milliseconds(300)
            configuration.warmup = .milliseconds(200)
            let report = try await LoadGenerator(configuration: configuration).run()
            #expect(report.accepted == report.requests)
            #expect(report.accepted > 0)
            #expect(receiver.requests.count > report.requests)
            #expect(report.elapsed < .milliseconds(310))
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
                {"requests":103,"accepted":100,"accepted_per_second":50,"latency_milliseconds":{"p50":50,\
                "p90":90.05,"p99":99.02,"max":100},"statuses":{"200":100,"503":2},"failures":{"closed":1},\
                "elapsed_seconds":2}
                """
        )
    }
}
