import CallbackQueue
import Callbacks
import ScaleAPI

/// One event with everything that was done about it.
struct EventHistory: Row {
    static var columns: [Column] { EventItem.columns }

    private let event: EventRecord
    private let deliveries: [(delivery: DeliveryRecord, attempts: [AttemptRecord])]

    /// Reads what belongs to an event.
    init(_ event: EventRecord, reader: StoreReader) async throws {
        self.event = event
        var deliveries: [(delivery: DeliveryRecord, attempts: [AttemptRecord])] = []
        var cursor: Int64?
        repeat {
            let page = try await reader.deliveries(DeliverySelection(eventID: event.id), from: cursor)
            for delivery in page.rows {
                deliveries.append((delivery, try await reader.attempts(ofDelivery: delivery.id)))
            }
            cursor = page.next
        } while cursor != nil
        self.deliveries = deliveries.reversed()
    }

    var cells: [String] { EventItem(self.event).cells }

    /// The event with its deliveries, and those with their attempts.
    var json: JSON {
        guard case .object(var object) = EventItem(self.event).json else { return .null }
        object["deliveries"] = .array(
            self.deliveries.map { delivery, attempts in
                var object = DeliveryItem(delivery).object
                object["attempts"] = .array(attempts.map { AttemptItem($0).json })
                return .object(object)
            }
        )
        return .object(object)
    }

    /// Prints it: one JSON document, or tables for people.
    func write(as format: OutputFormat, to sink: some OutputSink) throws {
        guard format == .table else {
            try sink.writeLine(self.json.encodedString)
            return
        }
        for (title, value) in self.facts { try sink.writeLine("\(title): \(TerminalText.escaped(value))") }
        guard !self.deliveries.isEmpty else {
            try sink.writeLine("\nParked: no handler took it.")
            return
        }
        try sink.writeLine("")
        var listing = Listing(of: DeliveryItem.self, format: .table, to: sink)
        for entry in self.deliveries { try listing.add(DeliveryItem(entry.delivery)) }
        try listing.finish()
        try sink.writeLine("")
        var attempts = Listing(of: AttemptItem.self, format: .table, to: sink)
        for entry in self.deliveries {
            for attempt in entry.attempts { try attempts.add(AttemptItem(attempt)) }
        }
        try attempts.finish()
        for entry in self.deliveries {
            for attempt in entry.attempts {
                guard let detail = attempt.detail else { continue }
                let title = "\n\(entry.delivery.handler), attempt \(attempt.number):"
                if let verdict = (try? JSON(parsing: detail)).flatMap({ VerdictExplanation($0) }) {
                    try sink.writeLine(title)
                    for line in verdict.lines { try sink.writeLine("  \(line)") }
                } else {
                    try sink.writeLine("\(title) \(TerminalText.escaped(detail))")
                }
            }
        }
    }

    private var facts: [(title: String, value: String)] {
        let event = self.event
        let facts: [(String, String?)] = [
            ("event", String(event.id)), ("account", event.account), ("kind", event.kind), ("task", event.taskID),
            ("type", event.taskType), ("status", event.status), ("review", event.reviewStatus),
            ("project", event.project), ("batch", event.batch), ("completed", event.completedAt.map(Times.text)),
            ("received", Times.text(event.receivedAt)), ("seen", "\(event.seen), last \(Times.text(event.lastSeenAt))"),
            ("body", "\(event.bodySize) bytes, SHA-256 \(Digest.hexadecimal(event.bodySHA256))"),
        ]
        return facts.compactMap { title, value in value.map { (title, $0) } }
    }
}
