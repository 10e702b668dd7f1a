import Callbacks

extension EventValues {
    /// The values for an event, or how its delivery ends because there are none.
    enum Search {
        case found(EventValues)
        case ended(Outcome)
    }

    /// Asks the handler's `find`, if it has one.
    static func search(_ find: Find?, for event: Event) -> Search {
        guard let find else { return .found(EventValues(event: event)) }
        switch find.answer(for: event.callback) {
        case .row(let row): return .found(EventValues(event: event, columns: find.columns, row: row))
        case .nothing: return .ended(.completed("'find' has no row for this event, so nothing was done"))
        case .undecided(let reason):
            return .ended(.dead(.refused, "'find' could not be decided, so nothing was sent: \(reason)".cut(to: 500)))
        }
    }
}
