/// First in, first out, without moving the rest at every step.
struct Queue<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var head = 0

    mutating func append(_ element: Element) { self.elements.append(element) }

    mutating func popFirst() -> Element? {
        guard self.head < self.elements.count else { return nil }
        let first = self.elements[self.head]
        self.elements[self.head] = nil
        self.head += 1
        if self.head > 64, self.head * 2 > self.elements.count {
            self.elements.removeFirst(self.head)
            self.head = 0
        }
        return first
    }
}
