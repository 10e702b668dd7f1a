internal import COpenSSL
package import ScaleAPI

/// SHA-256, HMAC and constant-time comparison by the system's libcrypto.
public enum Digest {
    /// The SHA-256 of some bytes: 32 bytes.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { Self.sha256($0) } }

    /// The SHA-256 of some bytes.
    static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { result, count in
            let algorithm = Self.fetchedSHA256.algorithm
            // Where the algorithm could not be fetched, the slower function finds it by itself.
            if EVP_Digest(bytes.baseAddress, bytes.count, result.baseAddress, nil, algorithm, nil) != 1 {
                _ = SHA256(bytes.baseAddress, bytes.count, result.baseAddress)
            }
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }

    /// The algorithm as libcrypto implements it, looked up once: that takes longer than to hash a few bytes.
    private struct FetchedAlgorithm: Sendable {
        /// The address of an `EVP_MD`, which is never freed and which all threads may use.
        private let address = UInt(bitPattern: EVP_MD_fetch(nil, "SHA256", nil))

        var algorithm: OpaquePointer? { OpaquePointer(bitPattern: self.address) }
    }

    private static let fetchedSHA256 = FetchedAlgorithm()

    /// A SHA-256 that is fed piece by piece.
    final class SHA256Stream: JSONDigest {
        private let context = EVP_MD_CTX_new()

        init() { EVP_DigestInit_ex(self.context, Digest.fetchedSHA256.algorithm ?? EVP_sha256(), nil) }

        deinit { EVP_MD_CTX_free(self.context) }

        func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(self.context, bytes.baseAddress, bytes.count) }

        func finish() -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { result, count in
                EVP_DigestFinal_ex(self.context, result.baseAddress, nil)
                count = Int(SHA256_DIGEST_LENGTH)
            }
        }
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
