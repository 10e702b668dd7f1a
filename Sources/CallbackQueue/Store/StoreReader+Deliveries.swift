internal import Foundation
internal import GRDB

/// One delivery in a list.
package struct DeliveryRecord: Sendable, Hashable {
    /// The delivery's number.
    package let id: Int64
    /// The event's number.
    package let eventID: Int64
    /// The task's id.
    package let taskID: String?
    /// The handler's name.
    package let handler: String
    /// `pending`, `completed`, `dead` or `cancelled`.
    package let state: String
    /// When it may run next, in milliseconds since 1970; while it is leased, when the lease ends.
    package let dueAt: Int64
    /// Whether an attempt is running now, as far as the store knows.
    package let isLeased: Bool
    /// How many attempts began.
    package let attemptCount: Int
    /// How many attempts failed.
    package let failureCount: Int
    /// How the last attempt ended.
    package let outcome: String?
    /// Whose fault the last failure was.
    package let failureClass: String?
    /// One line about the last attempt.
    package let summary: String?
    /// When it was settled for good, in milliseconds since 1970.
    package let settledAt: Int64?
    /// Why it waits although it may be due: its handler is held, alone or with all others; nil when it is not.
    package let heldReason: String?

    static let columns = """
        delivery.id, delivery.eventID, event.taskID, handler.name, delivery.state, delivery.dueAt,
        delivery.leaseToken IS NOT NULL, delivery.attemptCount, delivery.failureCount, delivery.outcome,
        delivery.failureClass, delivery.summary, delivery.settledAt,
        iif(delivery.state = 'pending',
            coalesce(handler.heldReason, (SELECT 'all handlers: ' || reason FROM hold WHERE id = 1)), NULL)
        """
}

extension DeliveryRecord: FetchableRecord {
    init(row: Row) {
        self.id = row[0]
        self.eventID = row[1]
        self.taskID = row[2]
        self.handler = row[3]
        self.state = row[4]
        self.dueAt = row[5]
        self.isLeased = row[6]
        self.attemptCount = row[7]
        self.failureCount = row[8]
        self.outcome = row[9]
        self.failureClass = row[10]
        self.summary = row[11]
        self.settledAt = row[12]
        self.heldReason = row[13]
    }
}

/// One attempt of a delivery.
package struct AttemptRecord: Sendable, Hashable {
    /// The delivery's number.
    package let deliveryID: Int64
    /// The attempt's number, from 1.
    package let number: Int
    /// When it began, in milliseconds since 1970.
    package let startedAt: Int64
    /// When it ended; nil while it runs, or when the process was killed during it.
    package let endedAt: Int64?
    /// How it ended: `completed`, `stale`, `retry`, `dead`, `released` or `interrupted`.
    package let outcome: String?
    /// Whose fault a failure was.
    package let failureClass: String?
    /// One line for people.
    package let summary: String?
    /// What was noted before an effect, as JSON text.
    package let note: String?
    /// What stays on record, as JSON text: of an audit its verdict.
    package let detail: String?
}

extension AttemptRecord: FetchableRecord {
    init(row: Row) {
        self.deliveryID = row[0]
        self.number = row[1]
        self.startedAt = row[2]
        self.endedAt = row[3]
        self.outcome = row[4]
        self.failureClass = row[5]
        self.summary = row[6]
        self.note = row[7]
        self.detail = row[8]
    }
}

extension StoreReader {
    /// One page of deliveries, newest first.
    ///
    /// - Parameter cursor: The `next` of the page before; nil for the first.
    package func deliveries(
        _ selection: DeliverySelection = DeliverySelection(),
        from cursor: Int64? = nil,
        limit: Int = 100
    ) async throws(StoreError) -> Page<DeliveryRecord> {
        try await self.read { database in
            var rows: [DeliveryRecord] = []
            func fetch(_ source: String, _ bounds: ClosedRange<Int64>) throws {
                let condition = selection.condition
                rows += try DeliveryRecord.fetchAll(
                    database,
                    sql: """
                        SELECT \(DeliveryRecord.columns) FROM \(source)
                        CROSS JOIN handler ON handler.id = delivery.handlerID
                        WHERE delivery.id BETWEEN ? AND ? AND \(condition.sql)
                        ORDER BY delivery.id DESC LIMIT ?
                        """,
                    arguments: [bounds.lowerBound, bounds.upperBound] + condition.arguments + [limit + 1 - rows.count]
                )
            }
            let bounds = .min...(cursor ?? .max)
            switch selection.way {
            case .events(let source): try fetch(source, bounds)
            case .states(let source):
                // Mostly they are the newest, or few: then the one or the other way is quick.
                let newest = try Int64.fetchOne(database, sql: "SELECT max(id) FROM delivery") ?? 0
                let middle = max(bounds.lowerBound, min(newest, bounds.upperBound) - Self.newestRows)
                try fetch(DeliverySelection.byNumber, (middle + 1)...max(middle + 1, bounds.upperBound))
                if rows.count <= limit { try fetch(source, bounds.lowerBound...middle) }
            }
            let next = rows.count > limit ? rows.removeLast().id : nil
            return Page(rows: rows, next: next)
        }
    }

    /// How many of the newest deliveries are looked at one by one before an index of a state is.
    private static let newestRows: Int64 = 20_000

    /// How many deliveries `EventStore.retryDeliveries` would make due.
    package func retryableCount(_ selection: DeliverySelection) async throws(StoreError) -> Int {
        let condition = selection.condition
        return try await self
            .fetch(
                CountRecord.self,
                sql: """
                    SELECT count(*) FROM delivery
                    JOIN event ON event.id = delivery.eventID
                    JOIN handler ON handler.id = delivery.handlerID
                    WHERE delivery.state IN ('pending', 'dead') AND delivery.leaseToken IS NULL AND \(condition.sql)
                    """,
                arguments: condition.arguments
            )
            .first?
            .count ?? 0
    }

    /// The attempts of a delivery, oldest first.
    package func attempts(ofDelivery id: Int64) async throws(StoreError) -> [AttemptRecord] {
        try await self.fetch(
            AttemptRecord.self,
            sql: """
                SELECT deliveryID, number, startedAt, endedAt, outcome, failureClass, summary, note, detail
                FROM attempt WHERE deliveryID = ? ORDER BY number
                """,
            arguments: [id]
        )
    }
}

private struct CountRecord: Sendable, FetchableRecord {
    let count: Int

    init(row: Row) { self.count = row[0] }
}

extension DeliverySelection {
    /// How deliveries are found, as what stands behind `FROM`.
    fileprivate enum Way {
        /// In an order that serves the list.
        case events(String)
        /// By the index of their state, out of order.
        case states(String)
    }

    /// All deliveries by falling number.
    fileprivate static let byNumber =
        "delivery NOT INDEXED CROSS JOIN event ON event.id = delivery.eventID"

    fileprivate var way: Way {
        if self.taskID != nil {
            return .events(
                """
                event INDEXED BY eventBySubject
                CROSS JOIN delivery INDEXED BY deliveryByEvent ON delivery.eventID = event.id
                """
            )
        }
        let delivery = { (index: String) in
            "delivery INDEXED BY \(index) CROSS JOIN event ON event.id = delivery.eventID"
        }
        if self.eventID != nil { return .events(delivery("deliveryByEvent")) }
        if self.ids != nil { return .events(Self.byNumber) }
        switch self.states {
        case ["dead"]: return .events(delivery("deliveryDead"))
        case ["pending"]: return .states(delivery("deliveryDue"))
        default: return .events(Self.byNumber)
        }
    }
}
