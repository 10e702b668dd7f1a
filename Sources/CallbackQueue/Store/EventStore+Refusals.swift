internal import Foundation
internal import GRDB

/// One request that was refused, with what is kept of it: never the whole body, never a key.
package struct Refusal: Sendable, Hashable {
    /// When, in milliseconds since 1970.
    package var at: Int64
    /// Why: one of a fixed list of words, such as `wrong-key`.
    package var reason: String
    /// The address that the connection came from.
    package var remote: String
    /// Method and path, cut and with control characters escaped.
    package var request: String
    /// The body's size as far as it was read; nil when it was refused before.
    package var bodySize: Int?
    /// The digest of the body, when it was read to its end.
    package var bodySHA256: [UInt8]?
    /// The first bytes of the body, when it was read to its end.
    package var firstBytes: [UInt8]?

    package init(
        at: Int64,
        reason: String,
        remote: String,
        request: String,
        bodySize: Int? = nil,
        bodySHA256: [UInt8]? = nil,
        firstBytes: [UInt8]? = nil
    ) {
        self.at = at
        self.reason = reason
        self.remote = remote
        self.request = request
        self.bodySize = bodySize
        self.bodySHA256 = bodySHA256
        self.firstBytes = firstBytes
    }
}

extension EventStore {
    /// How many refusals are kept one by one; older ones are only counted.
    package static let refusalRingLength = 1000

    /// Adds refusals to the ring and to the counts of their hour.
    ///
    /// - Parameter counts: How many there were of each reason, with those that are not among `refusals`.
    package func record(_ refusals: [Refusal], counts: [String: Int], hour: Int64) async throws(StoreError) {
        try await self.writer.write { database in
            for refusal in refusals {
                try database.cachedStatement(
                    sql: """
                        INSERT INTO refusal (at, reason, remote, request, bodySize, bodySHA256, firstBytes)
                        VALUES (?, ?, ?, ?, ?, ?, ?)
                        """
                )
                .execute(arguments: [
                    refusal.at, refusal.reason, refusal.remote, refusal.request, refusal.bodySize,
                    refusal.bodySHA256.map { Data($0) }, refusal.firstBytes.map { Data($0) },
                ])
            }
            try database.cachedStatement(sql: "DELETE FROM refusal WHERE id <= (SELECT max(id) FROM refusal) - ?")
                .execute(arguments: [Self.refusalRingLength])
            for (reason, count) in counts {
                try database.cachedStatement(
                    sql: """
                        INSERT INTO refusalCount (hour, reason, count) VALUES (?, ?, ?)
                        ON CONFLICT DO UPDATE SET count = count + excluded.count
                        """
                )
                .execute(arguments: [hour, reason, count])
            }
        }
    }
}
