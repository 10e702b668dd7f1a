import CallbackQueue
import Callbacks
import ScaleAPI

/// An event as a row.
struct EventItem: Row {
    static let columns: [Column] = [
        .number("EVENT"), .text("RECEIVED"), .text("ACCOUNT"), .text("KIND"), .text("TASK OR BATCH"), .text("STATUS"),
        .number("SEEN"), .text("DELIVERIES"),
    ]

    private let record: EventRecord

    init(_ record: EventRecord) { self.record = record }

    var cells: [String] {
        let record = self.record
        return [
            String(record.id), Times.text(record.receivedAt), record.account, record.kind,
            record.taskID ?? record.batch ?? "–", record.reviewStatus ?? record.status ?? "–", String(record.seen),
            self.deliveries,
        ]
    }

    var json: JSON {
        let record = self.record
        return [
            "id": .number(.init(Int(record.id))),
            "account": .string(record.account),
            "task_id": JSON(record.taskID),
            "kind": .string(record.kind),
            "type": JSON(record.taskType),
            "status": JSON(record.status),
            "customer_review_status": JSON(record.reviewStatus),
            "project": JSON(record.project),
            "batch": JSON(record.batch),
            "completed_at": Times.json(record.completedAt),
            "origin": .string(record.origin),
            "received_at": .string(Times.text(record.receivedAt)),
            "seen": .number(.init(record.seen)),
            "last_seen_at": .string(Times.text(record.lastSeenAt)),
            "body_size": .number(.init(record.bodySize)),
            "body_sha256": .string(Digest.hexadecimal(record.bodySHA256)),
            "deliveries": .number(.init(record.deliveryCount)),
            "deliveries_pending": .number(.init(record.pendingCount)),
            "deliveries_dead": .number(.init(record.deadCount)),
        ]
    }

    private var deliveries: String {
        let record = self.record
        if record.deliveryCount == 0 { return "parked" }
        if record.deadCount > 0 { return "\(record.deadCount) dead of \(record.deliveryCount)" }
        if record.pendingCount > 0 { return "\(record.pendingCount) pending of \(record.deliveryCount)" }
        return "\(record.deliveryCount) completed"
    }
}

extension JSON {
    /// A string, or null for nil.
    init(_ string: String?) { self = string.map { .string($0) } ?? .null }
}
