internal import COpenSSL
package import ScaleAPI

/// SHA-256, HMAC and constant-time comparison by the system's libcrypto.
public enum Digest {
    /// The SHA-256 of some bytes: 32 bytes.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { Self.sha256($0) } }

    /// The SHA-256 of some bytes.
    static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var context = Self.newContext()
        SHA256_Update(&context, bytes.baseAddress, bytes.count)
        return Self.finish(&context)
    }

    // Libcrypto's newer functions, which choose among algorithms, take longer to begin than to hash a few bytes.
    private static func newContext() -> SHA256_CTX {
        var context = SHA256_CTX()
        SHA256_Init(&context)
        return context
    }

    private static func finish(_ context: inout SHA256_CTX) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { result, count in
            SHA256_Final(result.baseAddress, &context)
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }

    /// A SHA-256 that is fed piece by piece.
    package struct SHA256Stream: JSONDigest {
        private var context = Digest.newContext()

        /// The digest of nothing so far.
        package init() {}

        package mutating func update(_ bytes: UnsafeRawBufferPointer) {
            SHA256_Update(&self.context, bytes.baseAddress, bytes.count)
        }

        package mutating func finish() -> [UInt8] { Digest.finish(&self.context) }
    }

    /// The HMAC-SHA-256 of some bytes under a key: 32 bytes.
    package static func hmacSHA256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { result, count in
            var length: UInt32 = 0
            _ = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, result.baseAddress, &length)
            count = Int(length)
        }
    }

    /// Whether two digests of equal length are equal, in a time that does not depend on their contents.
    static func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    /// Bytes from the system's random generator.
    static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Lower-case hexadecimal text of some bytes.
    public static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension JSONDocument.Node {
    /// Bytes that are equal for equal values and different for different ones, however the values were written; long parts
    /// stand there as their SHA-256.
    package var canonicalBytes: [UInt8] { self.canonicalBytes { Digest.SHA256Stream() } }

    /// The SHA-256 of the canonical bytes.
    var canonicalDigest: [UInt8] {
        self.canonicalHash(digest: { Digest.SHA256Stream() }, { Digest.sha256($0) })
    }
}
