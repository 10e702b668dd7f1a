internal import GRDB

/// How the verdicts of audit handlers compare with what people decided.
extension StoreReader {
    /// How many of a handler's newest verdicts are compared.
    package static let comparedVerdicts = 500
    /// Among how many of the newest deliveries of all handlers they are looked for.
    private static let newestDeliveries: Int64 = 50_000

    /// The agreement of each audit handler with people over its newest verdicts, by its name; none for a handler without
    /// verdicts among the newest deliveries.
    package func agreements() async throws(StoreError) -> [String: Agreement] {
        try await self.read { database in
            var agreements: [String: Agreement] = [:]
            let handlers = try Row.fetchAll(database, sql: "SELECT id, name FROM handler WHERE type = 'audit'")
            for handler in handlers {
                agreements[handler[1]] = try Self.agreement(ofHandler: handler[0], in: database)
            }
            return agreements
        }
    }

    private static func agreement(ofHandler id: Int64, in database: Database) throws -> Agreement? {
        // By number, so that it costs the same however many deliveries there are. A body has no part in it.
        let verdicts = try Row.fetchCursor(
            database,
            sql: """
                SELECT attempt.detail ->> 'verdict', event.id, event.accountID, event.subject, event.taskID,
                    event.completedAt, event.priorResponseCount
                FROM delivery NOT INDEXED
                CROSS JOIN event ON event.id = delivery.eventID
                CROSS JOIN attempt
                    ON attempt.deliveryID = delivery.id AND attempt.number = delivery.attemptCount
                WHERE delivery.id > (SELECT max(id) FROM delivery) - ? AND delivery.handlerID = ?
                    AND delivery.state = 'completed' AND json_valid(attempt.detail)
                    AND attempt.detail ->> 'verdict' IS NOT NULL AND event.taskID IS NOT NULL
                ORDER BY delivery.id DESC LIMIT ?
                """,
            arguments: [Self.newestDeliveries, id, Self.comparedVerdicts]
        )
        var agreement = Agreement()
        while let row = try verdicts.next() {
            let response = Response(
                eventID: row[1],
                accountID: row[2],
                subject: row[3],
                taskID: row[4],
                completedAt: row[5],
                priorResponseCount: row[6]
            )
            agreement.add(row[0], try Self.decision(about: response, in: database))
        }
        return agreement.total > 0 ? agreement : nil
    }
}
