import Callbacks
import ScaleAPI

extension RuleView {
    /// Earlier responses and audits of the task.
    static let history = RuleView(
        "history",
        "one per earlier event, response and audit of the task, those from the log first; each oldest first",
        [
            .init("position", "the place in this list, from 0") { .integer(Int64($0.position)) },
            .init("source", "`log`: an earlier event that is kept here; `task`: the task itself lists it") {
                .text($0.entry.source.rawValue)
            },
            .init("kind", "`response`, `audit`, or the kind of the earlier event") { .text($0.entry.kind) },
            .init("at", "when it was") { RuleValue($0.entry.at) },
            .init("review_status", "what was said of the response: `accepted`, `rejected`, `fixed`") {
                RuleValue($0.entry.reviewStatus)
            },
            .init("reviewer", "who said it") { RuleValue($0.entry.reviewer) },
            .init("comments", "JSON: what was said about it, on the newest audit only when the task lists it") {
                RuleValue(document: $0.entry.comments)
            },
            .init("seconds", "how long the audit took") { RuleValue($0.entry.seconds) },
            .init("response", "JSON: the response as it was then", limit: RuleDatabase.maximumDocumentLength) {
                RuleValue(document: $0.entry.response)
            },
        ] as [Field<(position: Int, entry: HistoryEntry)>],
        rows: { event throws(RuleFailure) in
            let entries = event.log + HistoryEntry.listed(by: event)
            guard entries.count <= RuleDatabase.maximumHistory else {
                throw .unavailable("the task has more than \(RuleDatabase.maximumHistory) earlier responses and audits")
            }
            return entries.enumerated().map { (position: $0.offset, entry: $0.element) }
        }
    )
}

extension HistoryEntry {
    /// What the task itself lists (contract A3.2): its prior responses, then its audits, each oldest first.
    static func listed(by event: JudgedEvent) -> [HistoryEntry] {
        let responses = event["prior_responses"]?.elements ?? []
        var entries = responses.map { HistoryEntry(source: .task, kind: "response", response: JSON($0)) }
        let comments = event["customer_review_comments"].map { JSON($0) }
        // The newest comes first on the wire.
        let audits = event["audits"]?.elements.map { JSON($0) } ?? []
        let newest = audits.firstIndex { $0["audit_source"]?.string != "scale" }
        for (index, audit) in audits.enumerated().reversed() {
            entries.append(
                HistoryEntry(
                    source: .task,
                    kind: "audit",
                    at: audit["audited_at"]?.string,
                    reviewStatus: audit["audit_result"]?.string,
                    reviewer: audit["audited_by"]?.string,
                    comments: index == newest ? comments : nil,
                    seconds: audit["audit_time_secs"]?.double
                )
            )
        }
        if audits.isEmpty, let status = event.callback?.reviewStatus {
            entries.append(
                HistoryEntry(
                    source: .task,
                    kind: "audit",
                    at: event["customer_audited_at"]?.string,
                    reviewStatus: status,
                    reviewer: event["customer_reviewed_by"]?.string,
                    comments: comments,
                    seconds: event["customer_audit_time_secs"].flatMap { JSON($0).double }
                )
            )
        }
        return entries
    }
}
