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
        try await self.writer.write { database in
            var ids: [String: Int64] = [:]
            for handler in handlers {
                try database.execute(
                    sql: """
                        INSERT INTO handler (name, type, createdAt) VALUES (?, ?, ?)
                        ON CONFLICT (name) DO UPDATE SET type = excluded.type WHERE type <> excluded.type
                        """,
                    arguments: [handler.name, handler.type, now]
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

    /// Lets a held handler go on.
    ///
    /// - Returns: False when there is no such handler.
    package func resumeHandler(named name: String) async throws(StoreError) -> Bool {
        try await self.writer.write { database in
            try database.execute(
                sql: "UPDATE handler SET heldAt = NULL, heldReason = NULL WHERE name = ?",
                arguments: [name]
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
