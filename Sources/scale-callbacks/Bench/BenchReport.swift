import Callbacks
import Histogram
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
    /// From the start of a request to its full answer, in nanoseconds.
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
            latency[name] = JSON(floatLiteral: Self.milliseconds(self.latency(percentile)))
        }
        return [
            "requests": .number(JSON.Number(self.requests)),
            "accepted": .number(JSON.Number(self.accepted)),
            "accepted_per_second": JSON(floatLiteral: Self.rounded(self.acceptedPerSecond)),
            "latency_milliseconds": .object(latency),
            "statuses": .object(statuses),
            "failures": .object(failures),
            "elapsed_seconds": JSON(floatLiteral: Self.rounded(self.elapsed.inSeconds)),
        ]
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
