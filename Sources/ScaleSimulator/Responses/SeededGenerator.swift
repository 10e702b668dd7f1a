/// Random numbers that repeat: the same seed gives the same row (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// A row of its own for every combination of seed and salts.
    init(seed: UInt64, _ salts: UInt64...) {
        self.state = seed
        for salt in salts {
            self.state = self.next() ^ (salt &* 0x9E37_79B9_7F4A_7C15)
        }
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// A number from 0 up to, not including, 1.
    mutating func fraction() -> Double { Double(self.next() >> 11) / Double(1 << 53) }

    /// A whole number from `low` to `high`, both included; `low` when `high` is smaller.
    mutating func int(_ low: Int, _ high: Int) -> Int { Int.random(in: low...max(low, high), using: &self) }

    /// One of the elements, nil when there are none.
    mutating func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &self) }

    /// A version 4 UUID in lower case.
    mutating func uuid() -> String {
        let high = (self.next() & ~0xF000) | 0x4000
        let low = (self.next() & ~(0b11 << 62)) | (0b10 << 62)
        let digits = Self.hex(high, 16) + Self.hex(low, 16)
        var parts: [Substring] = []
        var rest = Substring(digits)
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    /// The lowest `digits` hexadecimal digits of a number.
    static func hex(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String((String(repeating: "0", count: max(0, digits - text.count)) + text).suffix(digits))
    }
}
