public import ScaleAPI

/// One world at Scale: whom we believe, and as whom we answer.
///
/// Live and test are separate worlds with keys of their own (contract B0), so they are two accounts.
public struct Account: Sendable {
    /// The name by which configuration, events and the command line know the account.
    public var name: String
    /// The values of `scale-callback-auth` that are believed; several while keys are being rotated.
    public var callbackAuthKeys: [Secret]
    /// The key for calling Scale back; nil when no handler of this account calls.
    public var apiKey: Secret?
    /// The base of Scale's REST API, with its version.
    public var url: String
    /// How many requests per second handlers may send together; nil for no limit.
    public var requestsPerSecond: Double?

    /// Makes an account.
    public init(
        name: String,
        callbackAuthKeys: [Secret],
        apiKey: Secret? = nil,
        url: String = "https://api.scale.com/v1",
        requestsPerSecond: Double? = nil
    ) {
        self.name = name
        self.callbackAuthKeys = callbackAuthKeys
        self.apiKey = apiKey
        self.url = url
        self.requestsPerSecond = requestsPerSecond
    }
}
