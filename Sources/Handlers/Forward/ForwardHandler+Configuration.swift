package import ScaleAPI

extension ForwardHandler {
    /// What a forward handler is told by its section of the configuration file.
    package struct Configuration: Sendable, Hashable {
        /// What is sent.
        package enum Body: String, Sendable, Hashable, CaseIterable {
            /// The callback, byte for byte as received.
            case raw
            /// One JSON object that tells what is known of the event and holds the callback.
            case envelope
        }

        /// One header that goes along. Its value may hold a token, so it does not show itself.
        package struct Header: Sendable, Hashable {
            package let name: String
            package let value: Secret

            package init(name: String, value: Secret) {
                self.name = name
                self.value = value
            }
        }

        /// Where to.
        package var url: String
        /// What to sign with, `whsec_` and Base64; several while keys are rotated.
        package var secrets: [Secret]
        /// Headers besides those of the signature and of the event.
        package var headers: [Header]
        /// How long one request may take.
        package var timeout: Duration
        /// Networks that may be reached although they do not belong to the public internet: ranges, or `private`.
        package var allowedNetworks: [String]
        /// What is sent.
        package var body: Body

        package init(
            url: String,
            secrets: [Secret],
            headers: [Header] = [],
            timeout: Duration = .seconds(15),
            allowedNetworks: [String] = [],
            body: Body = .raw
        ) {
            self.url = url
            self.secrets = secrets
            self.headers = headers
            self.timeout = timeout
            self.allowedNetworks = allowedNetworks
            self.body = body
        }
    }

    /// The ranges that a word of `allow-networks` stands for; nil when it is none.
    package static func networks(named text: String) -> [AddressRange]? {
        text == "private" ? AddressRange.privateNetworks : AddressRange(text).map { [$0] }
    }

    /// Why a header cannot be sent; nil when it can.
    package static func problem(withHeader name: String, value: String) -> String? {
        let lowercased = name.lowercased()
        let isToken = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        guard isToken, (1...100).contains(name.utf8.count) else {
            return "a header's name is 1 to 100 letters, digits and \"-\""
        }
        if self.reservedHeaders.contains(lowercased) || self.reservedPrefixes.contains(where: lowercased.hasPrefix) {
            return "this header is set by the service or belongs to the connection"
        }
        guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), value.utf8.count <= 4096,
            value.first != " ", value.last != " "
        else { return "a header's value is at most 4096 visible ASCII characters and spaces between them" }
        return nil
    }

    private static let reservedHeaders: Set = [
        "connection", "content-encoding", "content-length", "content-type", "date", "expect", "host", "keep-alive",
        "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    ]
    private static let reservedPrefixes = ["webhook-", "scale-callback", "proxy-"]
}
