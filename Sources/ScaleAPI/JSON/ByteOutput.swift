/// Bytes that grow at their end, without what an array does at each step to be copied cheaply.
struct ByteOutput: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    /// - Parameter capacity: How many bytes there will be, about.
    init(capacity: Int) {
        self.memory = .allocate(byteCount: max(64, capacity), alignment: 1)
    }

    deinit { self.memory.deallocate() }

    /// All bytes, until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self.memory[..<self.count]) }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        self.makeRoom(for: 1)
        self.memory[self.count] = byte
        self.count &+= 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        self.makeRoom(for: bytes.count)
        UnsafeMutableRawBufferPointer(rebasing: self.memory[self.count...]).copyMemory(from: bytes)
        self.count &+= bytes.count
    }

    /// Appends what already stands elsewhere.
    mutating func append(copyOf place: Range<Int>) {
        self.makeRoom(for: place.count)
        self.append(UnsafeRawBufferPointer(rebasing: self.memory[place]))
    }

    /// Takes out a part; what follows moves up.
    mutating func remove(_ place: Range<Int>) {
        let rest = UnsafeRawBufferPointer(rebasing: self.memory[place.upperBound..<self.count])
        UnsafeMutableRawBufferPointer(rebasing: self.memory[place.lowerBound...]).copyMemory(from: rest)
        self.count -= place.count
    }

    /// Appends the digits of a number, with a sign when it is negative.
    @inline(__always)
    mutating func append(decimal value: Int) {
        if value < 0 { self.append(UInt8(ascii: "-")) }
        self.append(magnitude: value.magnitude)
    }

    @inline(__always)
    private mutating func append(magnitude: UInt) {
        if magnitude >= 10 { self.append(leading: magnitude / 10) }
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10))
    }

    private mutating func append(leading magnitude: UInt) {
        if magnitude >= 10 { self.append(leading: magnitude / 10) }
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10))
    }

    /// Takes away what begins at `start`.
    mutating func removeAll(from start: Int) { self.count = start }

    /// Takes away bytes that are `byte` from the end, as far as `start`. Returns how many.
    mutating func removeTrailing(_ byte: UInt8, downTo start: Int) -> Int {
        let before = self.count
        while self.count > start, self.memory[self.count - 1] == byte { self.count -= 1 }
        return before - self.count
    }

    @inline(__always)
    private mutating func makeRoom(for more: Int) {
        if self.count &+ more > self.memory.count { self.grow(for: more) }
    }

    private mutating func grow(for more: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(2 * self.memory.count, self.count &+ more),
            alignment: 1
        )
        larger.copyMemory(from: self.bytes)
        self.memory.deallocate()
        self.memory = larger
    }
}
