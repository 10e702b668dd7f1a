internal import COpenSSL

/// The SHA-256 of bytes that come piece by piece.
package struct RunningDigest: ~Copyable {
    private let context = EVP_MD_CTX_new()
    private var isUsable: Bool

    /// The digest of nothing so far.
    package init() {
        self.isUsable = EVP_DigestInit_ex(self.context, EVP_sha256(), nil) == 1
    }

    deinit { EVP_MD_CTX_free(self.context) }

    /// Adds some bytes.
    package mutating func add(_ bytes: [UInt8]) {
        self.isUsable = self.isUsable && EVP_DigestUpdate(self.context, bytes, bytes.count) == 1
    }

    /// The digest of all that was added: 32 bytes; nil when there was no memory for it.
    package consuming func end() -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        guard self.isUsable, EVP_DigestFinal_ex(self.context, &digest, nil) == 1 else { return nil }
        return digest
    }
}
