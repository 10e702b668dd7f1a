internal import Callbacks

/// The number under which everything about one task or batch stands together in the store's indexes.
///
/// Different subjects may share a number, so whoever must be exact compares the name as well. Of today's task ids, 24
/// hexadecimal digits that begin with the second of creation, the number begins with that second too: callbacks of a
/// batch come together and then touch a few pages of the index instead of one page each.
enum SubjectKey {
    /// The number of what a callback is about.
    static func value(of callback: Callback) -> Int64 {
        switch callback.subject {
        case .task(let id): Self.value(ofTask: id)
        case .batch(let name): Self.leadingInteger(of: Digest.sha256(Array("batch \(name)".utf8)))
        // Nothing is known to belong together, so nothing waits for another.
        case .unrecognised: Self.leadingInteger(of: callback.fingerprint)
        }
    }

    /// The number of a task.
    static func value(ofTask id: String) -> Int64 {
        let hash = Self.leadingInteger(of: Digest.sha256(Array(("task " + id).utf8)))
        guard id.utf8.count == 24, let second = Int64(id.prefix(8), radix: 16) else { return hash }
        return second << 32 | hash & 0xFFFF_FFFF
    }

    /// The first 8 bytes of a digest as a number.
    static func leadingInteger(of digest: [UInt8]) -> Int64 {
        Int64(bitPattern: digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }
}
