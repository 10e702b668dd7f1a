internal import ScaleAPI

/// Decides whether a callback comes from Scale.
///
/// Scale sends a static shared secret, no signature (contract A2): the header is all there is to judge. Both sides are
/// hashed behind a random salt of this process and compared in constant time, against every key of every account, so
/// that the time tells neither a prefix nor which key came close.
public struct CallbackVerifier: Sendable {
    /// The name of the header that carries the key (contract A2).
    public static let headerName = "scale-callback-auth"
    /// The longest key that is looked at, in bytes.
    public static let maximumKeyLength = 1024

    /// The answer: believed, or why not. A refusal is an answer, not an error.
    public enum Result: Sendable, Hashable {
        /// The key is one of this account's, at this place in its list.
        case verified(account: String, keyIndex: Int)
        /// Not from Scale, as far as we can tell.
        case refused(Refusal)
    }

    /// Why a callback was not believed.
    public enum Refusal: String, Sendable, Hashable {
        /// The header is missing.
        case missing = "missing-key"
        /// The header is there more than once.
        case repeated = "repeated-key"
        /// No account has this key.
        case wrong = "wrong-key"
    }

    private struct Key: Sendable {
        let account: String
        let index: Int
        let digest: [UInt8]
    }

    /// A digest of the salt so far: a whole block, so that a short key behind it takes one more.
    private let salted: Digest.SHA256Stream
    private let keys: [Key]
    private let acceptsAllAs: String?

    /// A verifier for some accounts. Keys that are empty or longer than `maximumKeyLength` match nothing.
    ///
    /// - Parameters:
    ///   - accounts: Whom to believe.
    ///   - account: Believe every callback, key or no key, as this account's. Only for operators who say so aloud.
    public init(accounts: [Account], insecurelyAcceptingAllAs account: String? = nil) {
        var salted = Digest.SHA256Stream()
        Digest.randomBytes(64).withUnsafeBytes { salted.update($0) }
        self.salted = salted
        self.acceptsAllAs = account
        // An empty key would believe an empty header, and of one past the limit only the beginning would be compared.
        self.keys = accounts.flatMap { account in
            account.callbackAuthKeys.enumerated()
                .filter { (1...Self.maximumKeyLength).contains($0.element.exposed.utf8.count) }
                .map { index, key in
                    Key(account: account.name, index: index, digest: Self.digest(of: key.exposed, behind: salted))
                }
        }
    }

    /// Judges the values of the `scale-callback-auth` header lines of one request.
    public func verify(_ values: [String]) -> Result {
        // A wrong, missing or repeated key does the same work as a right one.
        let candidate = Self.digest(of: values.first ?? "", behind: self.salted)
        var match: Key?
        for key in self.keys where Digest.isEqualInConstantTime(candidate, key.digest) {
            match = key
        }
        if values.count == 1, let match {
            return .verified(account: match.account, keyIndex: match.index)
        }
        if let account = self.acceptsAllAs {
            return .verified(account: account, keyIndex: -1)
        }
        switch values.count {
        case 0: return .refused(.missing)
        case 1: return .refused(.wrong)
        default: return .refused(.repeated)
        }
    }

    /// What a key is compared by; of one that is too long only the beginning is looked at.
    private static func digest(of key: String, behind salted: Digest.SHA256Stream) -> [UInt8] {
        var (key, stream) = (key, salted)
        key.withUTF8 {
            stream.update(
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0).prefix(Self.maximumKeyLength + 1))
            )
        }
        return stream.finish()
    }
}
