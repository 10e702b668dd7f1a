import Callbacks
import ScaleAPI

/// What a worker says of one event.
struct WorkerAnswer: Sendable {
    /// Why a line is no answer.
    struct Garbage: Error {
        let reason: String
    }

    /// The longest answer, in bytes.
    static let maximumLength = 64 << 10

    /// What it means for the delivery.
    let outcome: Outcome

    /// Reads a line such as `{"id": 7, "outcome": "completed", "summary": "filed"}`. What else it holds is for later
    /// versions.
    init(_ line: [UInt8], to event: Int64) throws(Garbage) {
        guard let object = (try? JSON(parsing: line))?.object else { throw Garbage(reason: "is no JSON object") }
        guard object["id"] == .number(.init(Int(event))) else { throw Garbage(reason: "has another \"id\"") }
        guard let summary = object["summary"].map({ $0.string }) ?? "" else {
            throw Garbage(reason: "has a \"summary\" that is no text")
        }
        let line = String(excerptOf: summary.utf8, limit: 500)
        let detail = object["detail"]
        var delay: Duration?
        if let after = object["retry_after"] {
            guard let seconds = after.double, (0...86_400).contains(seconds) else {
                throw Garbage(reason: "has a \"retry_after\" that is no number of seconds from 0 to 86400")
            }
            delay = .seconds(seconds)
        }
        switch object["outcome"]?.string {
        case "completed": self.outcome = .completed(line, detail: detail)
        case "stale": self.outcome = .stale(line, detail: detail)
        case "retry": self.outcome = .retry(.unavailable, line, after: delay, detail: detail)
        case "dead": self.outcome = .dead(.refused, line, detail: detail)
        case "hold":
            self.outcome = Outcome(disposition: .hold, failureClass: .refused, summary: line, detail: detail)
        default:
            throw Garbage(reason: "has no \"outcome\" that is completed, stale, retry, dead or hold")
        }
    }
}
