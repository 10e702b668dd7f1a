import Callbacks
import Histogram
import NIOCore
import ScaleAPI

/// What a load did to a receiver.
struct BenchReport: Sendable {
    /// Why a request got no answer.
    enum Failure: String, Sendable, CaseIterable {
        /// The connection was not accepted.
        case connect
        /// The connection ended before the answer.
        case closed
        /// The answer did not come in time.
        case timeout
        /// The answer was no HTTP.
        case malformed
    }

    /// How well a steady rate was kept.
    struct Schedule: Sendable, Hashable {
        /// How many requests were to be sent each second.
        var rate: Double
        /// Requests that were sent more than 1 ms late, as every connection waited for an answer or the generator got
        /// no processor.
        var late = 0
        /// How late the latest of all was sent.
        var latest: TimeAmount = .zero
        /// Requests that were due before the end and never sent.
        var notSent = 0

        /// A request was sent so long after the time it was meant for.
        mutating func sent(after delay: TimeAmount) {
            if delay > LoadSchedule.tolerance { self.late += 1 }
            self.latest = max(self.latest, delay)
        }
    }

    /// Requests that were begun and belong to the measurement.
    var requests = 0
    /// Answers by status.
    var statuses: [Int: Int] = [:]
    /// Requests and connections that came to nothing, by reason.
    var failures: [Failure: Int] = [:]
    /// How long the measurement took.
    var elapsed: Duration = .zero
    /// 2xx answers within the time of the measurement.
    var acceptedInTime = 0
    /// How well a steady rate was kept; nil when none was asked for.
    var schedule: Schedule?
    /// From the time a request was meant to be sent to its full answer, in nanoseconds.
    var latencies = Histogram<UInt64>(highestTrackableValue: 3_600_000_000_000, numberOfSignificantValueDigits: .three)

    /// How many 2xx answers came.
    var accepted: Int { self.statuses.filter { (200..<300).contains($0.key) }.values.reduce(0, +) }

    /// How many answers were not 2xx.
    var refused: Int { self.statuses.values.reduce(0, +) - self.accepted }

    /// How many requests and connections failed.
    var failed: Int { self.failures.values.reduce(0, +) }

    /// 2xx answers per second.
    var acceptedPerSecond: Double {
        self.elapsed > .zero ? Double(self.acceptedInTime) / self.elapsed.inSeconds : 0
    }

    /// The figures for people.
    var lines: [String] {
        var lines = [
            "accepted    \(self.accepted) of \(self.requests), \(Self.rounded(self.acceptedPerSecond)) per second"
        ]
        if self.latencies.totalCount > 0 {
            let figures = Self.percentiles.map { "\($0.name) \(Self.milliseconds(self.latency($0.percentile))) ms" }
            lines.append("latency     \(figures.joined(separator: ", "))")
        }
        let others = self.statuses.filter { !(200..<300).contains($0.key) }.sorted { $0.key < $1.key }
        let detail = others.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        lines.append("non-2xx     \(others.reduce(0) { $0 + $1.value })" + (detail.isEmpty ? "" : " (\(detail))"))
        for failure in Failure.allCases {
            guard let count = self.failures[failure] else { continue }
            lines.append("\(failure.rawValue)\(String(repeating: " ", count: 12 - failure.rawValue.count))\(count)")
        }
        if let schedule = self.schedule {
            lines.append(
                "schedule    \(Self.rounded(schedule.rate)) per second, \(schedule.late) sent over 1 ms late, "
                    + "the latest by \(Self.milliseconds(UInt64(schedule.latest.nanoseconds))) ms, "
                    + "\(schedule.notSent) not sent"
            )
        }
        lines.append("elapsed     \(Self.rounded(self.elapsed.inSeconds)) s")
        return lines
    }

    /// The figures for programs: latencies in milliseconds, times in seconds.
    var json: JSON {
        var statuses = JSON.Object()
        for (status, count) in self.statuses.sorted(by: { $0.key < $1.key }) {
            statuses["\(status)"] = .number(JSON.Number(count))
        }
        var failures = JSON.Object()
        for failure in Failure.allCases {
            if let count = self.failures[failure] { failures[failure.rawValue] = .number(JSON.Number(count)) }
        }
        var latency = JSON.Object()
        for (name, percentile) in Self.percentiles where self.latencies.totalCount > 0 {
            // An answer of a program on the same machine may take some hundredths of a millisecond.
            latency[name] = JSON(floatLiteral: Double(self.latency(percentile) / 1000) / 1000)
        }
        var json: JSON.Object = [
            "requests": .number(JSON.Number(self.requests)),
            "accepted": .number(JSON.Number(self.accepted)),
            "accepted_per_second": JSON(floatLiteral: Self.rounded(self.acceptedPerSecond)),
            "latency_milliseconds": .object(latency),
            "statuses": .object(statuses),
            "failures": .object(failures),
            "elapsed_seconds": JSON(floatLiteral: Self.rounded(self.elapsed.inSeconds)),
        ]
        if let schedule = self.schedule {
            json["schedule"] = [
                "rate": JSON(floatLiteral: Self.rounded(schedule.rate)),
                "late": .number(JSON.Number(schedule.late)),
                "latest_milliseconds": JSON(
                    floatLiteral: Self.milliseconds(UInt64(schedule.latest.nanoseconds))
                ),
                "not_sent": .number(JSON.Number(schedule.notSent)),
            ]
        }
        return .object(json)
    }

    private static let percentiles: [(name: String, percentile: Double?)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("max", nil),
    ]

    private func latency(_ percentile: Double?) -> UInt64 {
        percentile.map { self.latencies.valueAtPercentile($0) } ?? self.latencies.maxRecorded
    }

    private static func milliseconds(_ nanoseconds: UInt64) -> Double {
        (Double(nanoseconds) / 10_000).rounded() / 100
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
