extension JSONDocument.Node {
    /// Bytes that are equal for equal values and different for different ones, however the values were written.
    ///
    /// White space, the order of keys, escapes in strings and the spelling of numbers (`1`, `1.0`, `10e-1`) do not
    /// matter. Of repeated keys the order does. The bytes are for comparing and hashing; they are not JSON, and a part
    /// that grows past 4 KB is replaced by `digest` of itself, which keeps the work linear in the size of the text.
    ///
    /// Of a list however long no more than one element and 64 KB are held in memory.
    ///
    /// - Parameter makeDigest: Begins a collision-resistant hash, such as SHA-256.
    package func canonicalBytes(digest makeDigest: @escaping () -> any JSONDigest) -> [UInt8] {
        self.canonicalHash(digest: makeDigest) { Array($0) }
    }

    /// A hash of the canonical bytes.
    package func canonicalHash(
        digest makeDigest: @escaping () -> any JSONDigest,
        _ hash: (UnsafeRawBufferPointer) -> [UInt8]
    ) -> [UInt8] {
        self.document.bytes.withUnsafeBufferPointer { buffer in
            var writer = CanonicalWriter(
                buffer: buffer,
                scanner: JSONScanner(buffer, at: self.start),
                makeDigest: makeDigest
            )
            writer.writeValue()
            return hash(writer.output.bytes)
        }
    }
}

/// A hash that is fed piece by piece.
package protocol JSONDigest {
    /// Adds bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// The hash of all that was added; the last call.
    mutating func finish() -> [UInt8]
}
