import Callbacks
import Foundation
import ScaleAPI

/// Signs what is sent by the Standard Webhooks specification, version 1, with shared secrets.
struct WebhookSigner: Sendable {
    /// Why a secret is none. It never holds the secret.
    struct BadSecret: Error, CustomStringConvertible {
        let description: String
    }

    /// What every secret begins with.
    static let prefix = "whsec_"
    /// How long the key behind the prefix may be, in bytes.
    static let keyLengths = 24...64

    private let keys: [[UInt8]]

    /// A signer with one secret, or several while one takes the place of another.
    init(secrets: [Secret]) throws(BadSecret) {
        var keys: [[UInt8]] = []
        for secret in secrets { keys.append(try Self.key(of: secret)) }
        self.keys = keys
    }

    /// The headers for a body.
    ///
    /// - Parameters:
    ///   - id: The same whenever the same event is sent, so that the receiver recognises a repeat.
    ///   - timestamp: When this attempt is made, in seconds since 1970.
    func headers(id: String, timestamp: Int64, body: [UInt8]) -> [(name: String, value: String)] {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        let signatures = self.keys.map { "v1," + Data(Digest.hmacSHA256(signed, key: $0)).base64EncodedString() }
        return [
            ("webhook-id", id), ("webhook-timestamp", String(timestamp)),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }

    private static func key(of secret: Secret) throws(BadSecret) -> [UInt8] {
        let text = secret.exposed
        guard text.hasPrefix(Self.prefix), let key = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            Self.keyLengths.contains(key.count)
        else {
            throw BadSecret(
                description: "A secret is not '\(Self.prefix)' and 24 to 64 bytes in Base64. "
                    + "Make one with: echo \"\(Self.prefix)$(openssl rand -base64 32)\""
            )
        }
        return Array(key)
    }
}
