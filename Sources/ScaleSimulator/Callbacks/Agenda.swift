/// What has to happen at a later time, soonest first; things of the same time in the order they were put in.
struct Agenda<Item: Sendable>: Sendable {
    private struct Entry: Sendable {
        var due: Duration
        var number: Int
        var item: Item

        func isBefore(_ other: Entry) -> Bool { (self.due, self.number) < (other.due, other.number) }
    }

    /// A binary heap: every entry comes before the two below it.
    private var heap: [Entry] = []
    private var added = 0

    /// When the soonest item is due; nil when there is none.
    var nextDue: Duration? { self.heap.first?.due }

    /// Puts an item in, due at a time on the simulator's own clock.
    mutating func add(_ item: Item, due: Duration) {
        self.added += 1
        self.heap.append(Entry(due: due, number: self.added, item: item))
        var child = self.heap.count - 1
        while child > 0, self.heap[child].isBefore(self.heap[(child - 1) / 2]) {
            self.heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the soonest item if it is due by then.
    mutating func take(dueBy now: Duration) -> Item? {
        guard let first = self.heap.first, first.due <= now else { return nil }
        let last = self.heap.removeLast()
        guard !self.heap.isEmpty else { return first.item }
        self.heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < self.heap.count {
                if self.heap[child].isBefore(self.heap[smallest]) { smallest = child }
            }
            guard smallest != parent else { return first.item }
            self.heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
