/// How verdicts compare with what people decided about the same responses.
///
/// | verdict | people accepted | rejected or fixed | have not decided |
/// |---|---|---|---|
/// | `accept` | agreed | disagreed | undecided |
/// | `reject` | disagreed | agreed | undecided |
/// | `leave` | left | left | left |
package struct Agreement: Sendable, Hashable {
    /// People decided likewise.
    package var agreed = 0
    /// People decided otherwise.
    package var disagreed = 0
    /// People have not decided yet.
    package var undecided = 0
    /// The verdict was to leave the task to people.
    package var left = 0

    package init() {}

    /// All verdicts.
    package var total: Int { self.agreed + self.disagreed + self.undecided + self.left }

    /// Adds verdicts; those of another word count as left.
    package mutating func add(_ verdict: String, _ decision: Decision?, _ count: Int = 1) {
        if verdict != "accept" && verdict != "reject" {
            self.left += count
        } else if decision == nil {
            self.undecided += count
        } else if Self.isContradicted(verdict, by: decision) {
            self.disagreed += count
        } else {
            self.agreed += count
        }
    }

    /// Whether people decided otherwise. A fix says that the response was wrong.
    package static func isContradicted(_ verdict: String, by decision: Decision?) -> Bool {
        switch (verdict, decision) {
        case ("accept", .rejected), ("accept", .fixed), ("reject", .accepted): true
        default: false
        }
    }
}
