import CallbackQueue
import Callbacks
import Testing

@testable import CallbackServer

/// One row of a table: what is sent on a connection of its own, and what must come of it.
struct RequestCase: Sendable {
    var name: String
    var bytes: [UInt8]
    /// The final answers' statuses, in order.
    var statuses: [Int]
    /// Whether the server ends the connection.
    var closes: Bool
    /// The bodies that must be in the store, in order.
    var kept: [[UInt8]]
    /// Why it is refused, when it is.
    var reason: RefusalReason?
    /// Whether the answer has no body, as for HEAD.
    var isHead = false

    /// A request that is refused.
    static func refused(
        _ name: String,
        _ bytes: [UInt8],
        _ status: Int,
        _ reason: RefusalReason,
        closes: Bool = true,
        isHead: Bool = false
    ) -> Self {
        Self(name: name, bytes: bytes, statuses: [status], closes: closes, kept: [], reason: reason, isHead: isHead)
    }

    /// A request that is kept.
    static func kept(_ name: String, _ bytes: [UInt8], _ body: [UInt8], closes: Bool = false) -> Self {
        Self(name: name, bytes: bytes, statuses: [200], closes: closes, kept: [body])
    }
}

/// Plays a table against a receiver of its own, then compares the store and the list of refusals with it.
func play(
    _ cases: [RequestCase],
    setup: Setup = Setup()
) async throws {
    let kept = cases.flatMap(\.kept)
    try await withReceiver(setup) { receiver in
        for row in cases {
            let (answers, ending) = try await receiver.exchange(
                row.bytes,
                answers: row.statuses.count,
                isHead: row.isHead
            )
            let final = answers.filter { $0.status >= 200 }
            #expect(final.map(\.status) == row.statuses, "\(row.name)")
            #expect(ending == (row.closes ? .closed : .open), "\(row.name)")
            #expect(final.allSatisfy { $0["cache-control"] == "no-store" }, "\(row.name)")
            #expect((final.last?["connection"] == "close") == row.closes, "\(row.name)")
        }
        #expect(try await receiver.storedDigests() == kept.map(Digest.sha256))
    } whenStopped: { reader in
        try await expectRefusals(cases.compactMap { $0.reason?.rawValue }, in: reader)
    }
}

/// Compares the list of refusals and their counts with what was refused, and looks that neither tells too much.
func expectRefusals(_ reasons: [String], in reader: StoreReader) async throws {
    let refusals = try await reader.refusals(limit: 1000).rows.reversed().map(\.refusal)
    #expect(refusals.map(\.reason) == reasons)
    for refusal in refusals {
        #expect(refusal.request.unicodeScalars.count <= 200)
        #expect(!refusal.request.contains("?"), "the query may hold a secret: \(refusal.request)")
        #expect((refusal.firstBytes ?? []).count <= 256)
        #expect(refusal.remote == "127.0.0.1")
    }
    var counted: [String: Int] = [:]
    let counts = try await reader.refusalCounts(sinceHour: 0)
    for count in counts { counted[count.reason, default: 0] += count.count }
    #expect(counted == Dictionary(grouping: reasons, by: { $0 }).mapValues(\.count))
}
