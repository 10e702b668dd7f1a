internal import GRDB

/// What people said of a response.
package enum Decision: String, Sendable, Hashable, CaseIterable {
    case accepted
    case rejected
    /// They corrected it themselves.
    case fixed
}

/// What people decided about responses, read from the log. Whatever compares verdicts with people asks here.
extension StoreReader {
    /// One response of a task, as an event brought it.
    struct Response {
        let eventID: Int64
        let accountID: Int64
        let subject: Int64
        let taskID: String
        let completedAt: Int64?
        let priorResponseCount: Int
    }

    /// What people decided about a response in the end; nil while they have not.
    ///
    /// It is the last audit of the same completion, in the order in which the audits were made. A redo has another time
    /// of completion, a customer's fix has the same and one prior response more. An audit that one of our handlers sent
    /// comes back as a callback too: for each of those the first with its verdict is left out.
    static func decision(about response: Response, in database: Database) throws -> Decision? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT reviewStatus, priorResponseCount FROM event INDEXED BY eventBySubject
                WHERE subject = ? AND kind = 'audit' AND accountID = ? AND taskID = ? AND completedAt IS ?
                    AND priorResponseCount >= ? AND reviewStatus IN ('accepted', 'rejected', 'fixed')
                ORDER BY coalesce(changedAt, receivedAt), id
                """
        )
        let audits = try Row.fetchAll(
            statement,
            arguments: [
                response.subject, response.accountID, response.taskID, response.completedAt,
                response.priorResponseCount,
            ]
        )
        var decisions = audits.compactMap { row -> Decision? in
            // Who has more prior responses of the same completion has a fix in the place of this response.
            (row[1] as Int) > response.priorResponseCount ? .fixed : Decision(rawValue: row[0])
        }
        guard !decisions.isEmpty else { return nil }
        for own in try Self.ownAudits(ofEvent: response.eventID, subject: response.subject, in: database) {
            if let echo = decisions.firstIndex(of: own) { decisions.remove(at: echo) }
        }
        return decisions.last
    }

    /// What our handlers told Scale about the response of an event, one for each time.
    ///
    /// They claim it beforehand, and an audit whose answer stayed unclear mostly did arrive. Stores of older versions
    /// have no claims, only what was put on record afterwards.
    private static func ownAudits(ofEvent id: Int64, subject: Int64, in database: Database) throws -> [Decision] {
        let claims = try database.cachedStatement(
            sql: "SELECT verdict FROM claim INDEXED BY claimBySubject WHERE subject = ? AND eventID = ?"
        )
        var verdicts = try String.fetchAll(claims, arguments: [subject, id])
        if verdicts.isEmpty {
            let records = try database.cachedStatement(
                sql: """
                    SELECT DISTINCT attempt.detail ->> 'verdict'
                    FROM delivery INDEXED BY deliveryByEvent
                    CROSS JOIN attempt ON attempt.deliveryID = delivery.id
                    WHERE delivery.eventID = ? AND json_valid(attempt.detail) AND attempt.detail ->> 'mode' = 'live'
                        AND attempt.detail ->> 'answer' IN ('audited', 'the earlier audit did arrive')
                    """
            )
            verdicts = try String.fetchAll(records, arguments: [id])
        }
        return verdicts.compactMap { verdict in
            switch verdict {
            case "accept": .accepted
            case "reject": .rejected
            default: nil
            }
        }
    }
}
