package import Callbacks
internal import Foundation
internal import GRDB

/// The numbers under which accounts and handlers stand in the store, and holding handlers.
extension EventStore {
    /// The numbers of accounts by name; new names are added. Names are never removed: events refer to them.
    package func accountIDs(for names: [String]) async throws(StoreError) -> [String: Int64] {
        try await self.writer.write { database in
            var ids: [String: Int64] = [:]
            for name in names {
                // Nothing is written for a known one: a service must start on a full disk too.
                let find = "SELECT id FROM account WHERE name = ?"
                if let id = try Int64.fetchOne(database, sql: find, arguments: [name]) {
                    ids[name] = id
                } else {
                    try database.execute(sql: "INSERT INTO account (name) VALUES (?)", arguments: [name])
                    ids[name] = database.lastInsertedRowID
                }
            }
            return ids
        }
    }

    /// The numbers of handlers by name; new names are added and start with new events.
    package func handlerIDs(
        for handlers: [(name: String, type: String)],
        now: Int64
    ) async throws(StoreError) -> [String: Int64] {
        try await self.handlerIDs(for: handlers.map { ($0.name, $0.type, nil) }, now: now)
    }

    /// As above, with what each handler is now by a digest of its settings.
    func handlerIDs(
        for handlers: [(name: String, type: String, digest: [UInt8]?)],
        now: Int64
    ) async throws(StoreError) -> [String: Int64] {
        try await self.writer.write { database in
            var ids: [String: Int64] = [:]
            for handler in handlers {
                try database.execute(
                    sql: """
                        INSERT INTO handler (name, type, createdAt, digest) VALUES (?, ?, ?, ?)
                        ON CONFLICT (name) DO UPDATE SET type = excluded.type, digest = excluded.digest
                        WHERE type <> excluded.type OR digest IS NOT excluded.digest
                        """,
                    arguments: [handler.name, handler.type, now, handler.digest.map { Data($0) }]
                )
                ids[handler.name] = try Int64.fetchOne(
                    database,
                    sql: "SELECT id FROM handler WHERE name = ?",
                    arguments: [handler.name]
                )
            }
            return ids
        }
    }

    /// Holds a handler: its deliveries stay due and none is leased until `resumeHandler`.
    ///
    /// - Returns: False when there is no such handler.
    package func holdHandler(named name: String, reason: String, now: Int64) async throws(StoreError) -> Bool {
        try await self.writer.write { database in
            try database.execute(
                sql: "UPDATE handler SET heldAt = coalesce(heldAt, ?), heldReason = ? WHERE name = ?",
                arguments: [now, reason, name]
            )
            return database.changesCount > 0
        }
    }

    /// Lets a held handler go on. When a limit held it, limits count anew from here, or it would be held again at once.
    ///
    /// - Returns: False when there is no such handler.
    package func resumeHandler(named name: String) async throws(StoreError) -> Bool {
        try await self.writer.write { database in
            try database.execute(
                sql: """
                    UPDATE handler SET heldAt = NULL, heldReason = NULL, isPastLimit = 0,
                        limitsFrom = iif(isPastLimit,
                            coalesce((SELECT max(number) FROM claim WHERE handlerID = handler.id), 0), limitsFrom)
                    WHERE name = ?
                    """,
                arguments: [name]
            )
            return database.changesCount > 0
        }
    }

    /// Holds every handler, also those that come later: nothing is leased and no claim is granted until `resumeAll`.
    /// Each handler's own hold stays as it is.
    package func holdAll(reason: String, now: Int64) async throws(StoreError) {
        try await self.writer.write { database in
            try database.execute(
                sql: """
                    INSERT INTO hold (id, heldAt, reason) VALUES (1, ?, ?)
                    ON CONFLICT DO UPDATE SET reason = excluded.reason
                    """,
                arguments: [now, reason]
            )
        }
    }

    /// Ends `holdAll`.
    ///
    /// - Returns: False when it was not in force.
    package func resumeAll() async throws(StoreError) -> Bool {
        try await self.writer.write { database in
            try database.execute(sql: "DELETE FROM hold")
            return database.changesCount > 0
        }
    }

    /// Switches a handler to a mode while it runs, and for all later starts.
    ///
    /// - Parameters:
    ///   - mode: `live` counts for as long as the handler has these settings, `shadow` for any.
    ///   - digest: The settings, as `HandlerRegistration.digest`.
    /// - Returns: False when there is no such handler.
    package func setMode(
        _ mode: HandlerMode,
        for digest: [UInt8]?,
        ofHandler name: String,
        now: Int64
    ) async throws(StoreError) -> Bool {
        try await self.writer.write { database in
            try database.execute(
                sql: "UPDATE handler SET mode = ?, modeDigest = ?, modeAt = ? WHERE name = ?",
                arguments: [mode.rawValue, digest.map { Data($0) }, now, name]
            )
            return database.changesCount > 0
        }
    }

    /// Records when keys were last used.
    package func recordKeyUses(_ uses: [KeyUse]) async throws(StoreError) {
        guard !uses.isEmpty else { return }
        try await self.writer.write { database in
            for use in uses {
                try database.cachedStatement(
                    sql: """
                        INSERT INTO keyUse (accountID, keyIndex, lastUsedAt) VALUES (?, ?, ?)
                        ON CONFLICT DO UPDATE SET lastUsedAt = max(lastUsedAt, excluded.lastUsedAt)
                        """
                )
                .execute(arguments: [use.accountID, use.keyIndex, use.lastUsedAt])
            }
        }
    }
}

/// When a callback auth key was last used.
package struct KeyUse: Sendable, Hashable {
    /// The account's number.
    package var accountID: Int64
    /// The key's place in the account's list; -1 for callbacks that were accepted without a key.
    package var keyIndex: Int
    /// In milliseconds since 1970.
    package var lastUsedAt: Int64

    package init(accountID: Int64, keyIndex: Int, lastUsedAt: Int64) {
        self.accountID = accountID
        self.keyIndex = keyIndex
        self.lastUsedAt = lastUsedAt
    }
}
