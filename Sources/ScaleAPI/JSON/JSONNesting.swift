/// The objects and arrays that are open at a place in a text, a bit a level.
///
/// Up to 64 levels need no memory of their own.
struct JSONNesting {
    /// How many are open.
    private(set) var depth = 0
    /// Whether the innermost is an object.
    var isInObject: Bool { self.innermost & 1 == 1 }

    /// The innermost levels, the last in the lowest bit: a one for an object, zeros where nothing is open.
    private var innermost: UInt64 = 0
    /// All levels outside of these, 64 in each.
    private var outer: [UInt64] = []

    mutating func enter(object: Bool) {
        if self.depth & 63 == 0, self.depth > 0 {
            self.outer.append(self.innermost)
            self.innermost = 0
        }
        self.innermost = self.innermost << 1 | (object ? 1 : 0)
        self.depth += 1
    }

    mutating func leave() {
        self.innermost >>= 1
        self.depth -= 1
        if self.depth & 63 == 0, let innermost = self.outer.popLast() { self.innermost = innermost }
    }
}
