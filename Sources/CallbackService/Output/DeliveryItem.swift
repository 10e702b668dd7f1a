import CallbackQueue
import ScaleAPI

/// A delivery as a row.
struct DeliveryItem: Row {
    static let columns: [Column] = [
        .number("DELIVERY"), .number("EVENT"), .text("TASK"), .text("HANDLER"), .text("STATE"), .number("ATTEMPTS"),
        .text("DUE OR SETTLED"), .text("SUMMARY"),
    ]

    private let record: DeliveryRecord

    init(_ record: DeliveryRecord) { self.record = record }

    var cells: [String] {
        let record = self.record
        return [
            String(record.id), String(record.eventID), record.taskID ?? "–", record.handler,
            self.state, String(record.attemptCount), Times.text(record.settledAt ?? record.dueAt),
            record.heldReason.map { "held: \($0)" } ?? record.summary ?? "",
        ]
    }

    private var state: String {
        if self.record.outcome == "stale" { return "\(self.record.state) (stale)" }
        return self.record.heldReason == nil ? self.record.state : "\(self.record.state) (held)"
    }

    var json: JSON { .object(self.object) }

    /// The members, to add the attempts to.
    var object: JSON.Object {
        let record = self.record
        return [
            "id": .number(.init(Int(record.id))),
            "event_id": .number(.init(Int(record.eventID))),
            "task_id": JSON(record.taskID),
            "handler": .string(record.handler),
            "state": .string(record.state),
            "is_leased": .bool(record.isLeased),
            "due_at": record.settledAt == nil ? .string(Times.text(record.dueAt)) : .null,
            "attempts": .number(.init(record.attemptCount)),
            "failures": .number(.init(record.failureCount)),
            "outcome": JSON(record.outcome),
            "failure_class": JSON(record.failureClass),
            "summary": JSON(record.summary),
            "held_reason": JSON(record.heldReason),
            "settled_at": Times.json(record.settledAt),
        ]
    }
}

/// An attempt as a row.
struct AttemptItem: Row {
    static let columns: [Column] = [
        .number("DELIVERY"), .number("ATTEMPT"), .text("STARTED"), .text("OUTCOME"), .text("SUMMARY"),
    ]

    private let record: AttemptRecord

    init(_ record: AttemptRecord) { self.record = record }

    var cells: [String] {
        [
            String(self.record.deliveryID), String(self.record.number), Times.text(self.record.startedAt),
            self.record.outcome ?? "running or interrupted", self.record.summary ?? "",
        ]
    }

    var json: JSON {
        [
            "number": .number(.init(self.record.number)),
            "started_at": .string(Times.text(self.record.startedAt)),
            "ended_at": Times.json(self.record.endedAt),
            "outcome": JSON(self.record.outcome),
            "failure_class": JSON(self.record.failureClass),
            "summary": JSON(self.record.summary),
            "note": Self.parsed(self.record.note),
            "detail": Self.parsed(self.record.detail),
        ]
    }

    /// What a handler kept, as JSON again.
    private static func parsed(_ text: String?) -> JSON {
        guard let text else { return .null }
        return (try? JSON(parsing: text)) ?? .string(text)
    }
}
