import Callbacks

/// Recognises a line that was appended already.
struct LineKey: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64

    /// The key of some bytes: the beginning of their SHA-256.
    init(_ bytes: some Sequence<UInt8>) {
        let digest = Digest.sha256(Array(bytes))
        self.high = digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        self.low = digest[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// The keys of the last lines of a file.
struct RecentLines: Sendable {
    /// How many are known. After a crash as many deliveries are repeated as were done and not yet settled, which are
    /// fewer.
    static let capacity = 8192

    private var keys: Set<LineKey> = []
    private var ring: [LineKey] = []
    private var next = 0

    var count: Int { self.keys.count }

    func contains(_ key: LineKey) -> Bool { self.keys.contains(key) }

    /// Adds a key, and forgets the oldest when there are too many.
    mutating func insert(_ key: LineKey) {
        guard self.keys.insert(key).inserted else { return }
        if self.ring.count < Self.capacity {
            self.ring.append(key)
        } else {
            self.keys.remove(self.ring[self.next])
            self.ring[self.next] = key
            self.next = (self.next + 1) % Self.capacity
        }
    }
}
