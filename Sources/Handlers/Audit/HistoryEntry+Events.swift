package import Callbacks
import ScaleAPI

extension HistoryEntry {
    /// What earlier events of a task tell of it, oldest first, but for what the callback itself lists.
    ///
    /// | earlier event | entry |
    /// |---|---|
    /// | `completed` | `response`, unless it is among the callback's prior responses |
    /// | `audit` | `audit`, its newest, unless the callback lists it |
    /// | any other | its kind |
    package static func log(of earlier: [Event], before callback: Callback) -> [HistoryEntry] {
        guard !earlier.isEmpty else { return [] }
        let task = JudgedEvent(callback)
        let responses = Set((task["prior_responses"]?.elements ?? []).map(Self.identity))
        let audits = Set(Self.listed(by: task).filter { $0.kind == "audit" }.map(AuditIdentity.init))
        return earlier.compactMap { event in
            let earlier = event.callback
            let at = earlier.changedAt.map { ScaleDate.string(milliseconds: $0) }
            switch earlier.kind {
            case .completed:
                guard let response = JudgedEvent(earlier).responseNode, !responses.contains(Self.identity(response))
                else { return nil }
                return HistoryEntry(
                    kind: "response",
                    at: earlier.completedAt.map { ScaleDate.string(milliseconds: $0) } ?? at,
                    response: JSON(response)
                )
            case .audit:
                guard var audit = Self.listed(by: JudgedEvent(earlier)).last(where: { $0.kind == "audit" }),
                    !audits.contains(AuditIdentity(audit))
                else { return nil }
                audit.source = .log
                return audit
            case .error, .recalled, .canceled, .batch, .unrecognised:
                return HistoryEntry(kind: earlier.kind.rawValue, at: at)
            }
        }
    }

    /// The same for the same response, however its text is written.
    private static func identity(_ response: JSONDocument.Node) -> [UInt8] {
        Digest.sha256(response.canonicalBytes)
    }

    /// By what an audit is recognised in another list.
    private struct AuditIdentity: Hashable {
        let at: Int64?
        let reviewStatus: String?

        init(_ entry: HistoryEntry) {
            self.at = entry.at.flatMap { ScaleDate.milliseconds(from: $0) }
            self.reviewStatus = entry.reviewStatus
        }
    }
}
