internal import GRDB
internal import ScaleAPI

/// Which deliveries a person wants to see or change.
package struct DeliverySelection: Sendable, Hashable {
    /// These deliveries; nil for any.
    package var ids: [Int64]?
    /// Of these handlers; nil for any.
    package var handlers: [String]?
    /// In these states; nil for any.
    package var states: [String]?
    /// Of this event; nil for any.
    package var eventID: Int64?
    /// Of this task; nil for any.
    package var taskID: String?

    package init(
        ids: [Int64]? = nil,
        handlers: [String]? = nil,
        states: [String]? = nil,
        eventID: Int64? = nil,
        taskID: String? = nil
    ) {
        self.ids = ids
        self.handlers = handlers
        self.states = states
        self.eventID = eventID
        self.taskID = taskID
    }
}

extension EventStore {
    /// Makes dead and waiting deliveries due now, with their failures forgotten. Leased ones are left alone.
    ///
    /// - Returns: How many were made due.
    package func retryDeliveries(_ selection: DeliverySelection, now: Int64) async throws(StoreError) -> Int {
        let dueAt = self.clock.dueTime(now)
        return try await self.writer.write { database in
            let condition = selection.condition
            try database.execute(
                sql: """
                    UPDATE delivery SET state = 'pending', dueAt = ?, failureCount = 0, outcome = NULL,
                        failureClass = NULL, summary = NULL, settledAt = NULL
                    WHERE state IN ('pending', 'dead') AND leaseToken IS NULL
                        AND id IN (SELECT delivery.id FROM delivery
                            JOIN event ON event.id = delivery.eventID
                            JOIN handler ON handler.id = delivery.handlerID
                            WHERE \(condition.sql))
                    """,
                arguments: [dueAt] + condition.arguments
            )
            return database.changesCount
        }
    }
}

extension DeliverySelection {
    private static let knownStates = ["pending", "completed", "dead", "cancelled"]

    /// The selection as SQL over `delivery`, `event` and `handler`. Values are bound, never spliced.
    var condition: (sql: String, arguments: StatementArguments) {
        var terms = ["TRUE"]
        var arguments = StatementArguments()
        // One argument a list, because SQLite bounds how many there may be, and past it the statement fails.
        func add(_ column: String, in values: [JSON]?) {
            guard let values else { return }
            terms.append("\(column) IN (SELECT value FROM json_each(?))")
            arguments += [JSON.array(values).encodedString]
        }
        add("delivery.id", in: self.ids?.map { .number(JSON.Number(Int($0))) })
        add("handler.name", in: self.handlers?.map { .string($0) })
        if let states {
            // Spelled out, because the indexes of pending and dead deliveries serve no bound value. Others match nothing.
            let known = Self.knownStates.filter(states.contains).map { "delivery.state = '\($0)'" }
            terms.append(known.isEmpty ? "FALSE" : "(\(known.joined(separator: " OR ")))")
        }
        if let eventID {
            terms.append("delivery.eventID = ?")
            arguments += [eventID]
        }
        if let taskID {
            terms.append("event.subject = ? AND event.taskID = ?")
            arguments += [SubjectKey.value(ofTask: taskID), taskID]
        }
        return (terms.joined(separator: " AND "), arguments)
    }
}
