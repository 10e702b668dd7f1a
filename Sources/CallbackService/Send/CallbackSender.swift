import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ScaleAPI

/// Posts one callback, as Scale does.
struct CallbackSender: Sendable {
    /// What came of it.
    struct Answer: Sendable, Hashable {
        /// The HTTP status.
        var status: Int
        /// From the start to the end of the answer.
        var duration: Duration
        /// The beginning of the answer's body.
        var body: String
    }

    /// Where to post.
    var url: String
    /// The callback auth key; nil to send none.
    var key: Secret?
    /// How long the whole exchange may take.
    var timeout: Duration = .seconds(30)

    /// Posts a body and waits for the whole answer, of which a few bytes are kept.
    ///
    /// - Throws: When the receiver cannot be reached or does not answer in time.
    func send(_ body: [UInt8], with client: HTTPClient = .shared) async throws -> Answer {
        var request = HTTPClientRequest(url: self.url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let key = self.key {
            request.headers.add(name: "scale-callback-auth", value: key.exposed)
        }
        request.body = .bytes(body)
        let clock = ContinuousClock()
        let start = clock.now
        let response = try await client.execute(request, timeout: TimeAmount(self.timeout))
        var text: [UInt8] = []
        for try await part in response.body {
            text.append(contentsOf: part.readableBytesView.prefix(200 - text.count))
        }
        return Answer(
            status: Int(response.status.code),
            duration: clock.now - start,
            body: String(decoding: text, as: UTF8.self)
        )
    }
}
