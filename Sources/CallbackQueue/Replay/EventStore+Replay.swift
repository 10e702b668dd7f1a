internal import GRDB

extension EventStore {
    /// How many deliveries one transaction makes, so that callbacks do not wait for long.
    static let replayStep = 200

    /// Makes new deliveries of stored events for a handler, due now, in steps of a transaction each.
    ///
    /// Passed over is what has changed since somebody looked: events that are gone or without a body, those of which a
    /// delivery waits already, and those that had their effect unless effects are to be repeated. So the same numbers may
    /// be asked for twice.
    package func replay(
        _ eventIDs: [Int64],
        forHandler name: String,
        repeatsEffects: Bool,
        now: Int64
    ) async throws(StoreError) -> ReplayAnswer {
        let dueAt = self.clock.dueTime(now)
        var created = 0
        for start in stride(from: 0, to: eventIDs.count, by: Self.replayStep) {
            let ids = eventIDs[start..<min(start + Self.replayStep, eventIDs.count)]
            let count: Int? = try await self.writer.write(weight: ids.count * 256) { database in
                let find = "SELECT id FROM handler WHERE name = ?"
                guard let handler = try Int64.fetchOne(database, sql: find, arguments: [name]) else { return nil }
                return try ids.count { id in
                    try Self.replay(id, handler, repeatsEffects: repeatsEffects, dueAt: dueAt, in: database)
                }
            }
            guard let count else { return ReplayAnswer(created: nil) }
            created += count
        }
        return ReplayAnswer(created: created)
    }

    /// Makes one delivery; false when there is nothing to deliver.
    private static func replay(
        _ eventID: Int64,
        _ handlerID: Int64,
        repeatsEffects: Bool,
        dueAt: Int64,
        in database: Database
    ) throws -> Bool {
        let row = try Row.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT subject, accountID FROM event WHERE id = ?1 AND EXISTS (SELECT 1 FROM body WHERE eventID = ?1)
                        AND NOT EXISTS (
                            SELECT 1 FROM delivery INDEXED BY deliveryByEvent WHERE eventID = ?1 AND handlerID = ?2
                                AND (state = 'pending' OR NOT ?3 AND \(ReplaySelection.hadEffect)))
                    """
            ),
            arguments: [eventID, handlerID, repeatsEffects]
        )
        guard let row else { return false }
        try database.cachedStatement(
            sql: "INSERT INTO delivery (eventID, handlerID, subject, dueAt, repeatsEffects) VALUES (?, ?, ?, ?, ?)"
        )
        .execute(arguments: [
            // As for a fresh event.
            eventID, handlerID, (row[0] as Int64) &+ (row[1] as Int64), dueAt, repeatsEffects,
        ])
        return true
    }
}
