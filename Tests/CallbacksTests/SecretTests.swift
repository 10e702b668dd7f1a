import Callbacks
import ScaleAPI
import Testing

@Suite struct SecretTests {
    private static let account = Account(
        name: "live",
        callbackAuthKeys: [Secret("callback-s3cret"), Secret("older-s3cret")],
        apiKey: Secret("api-s3cret")
    )

    private func texts(of value: some Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return [String(describing: value), String(reflecting: value), "\(value)", dumped, "\([value])"]
    }

    @Test func `nothing that prints shows a secret`() throws {
        let secret = try #require(Self.account.apiKey)
        let optional: Secret? = secret
        let texts =
            self.texts(of: secret) + self.texts(of: optional as Any) + self.texts(of: [secret])
            + self.texts(of: ["key": secret]) + self.texts(of: Self.account)
            + self.texts(of: CallbackVerifier(accounts: [Self.account]))
            + self.texts(of: ScaleClient.Configuration(apiKey: secret))
        for text in texts { #expect(!text.contains("s3cret")) }
        #expect(String(describing: secret) == "<redacted>")
    }
}
