package import Callbacks
import Foundation
import ScaleAPI

/// Posts the event to a server of the operator's, signed by Standard Webhooks.
///
/// A repeat does no harm where the receiver heeds `webhook-id`, which is the same for all attempts and all replays of an
/// event. The server's addresses are checked before each connection (`OutsideServer`).
package struct ForwardHandler: CallbackHandler {
    private let configuration: Configuration
    private let signer: WebhookSigner
    private let server: OutsideServer
    private let now: @Sendable () -> Int64

    /// Reads the settings.
    ///
    /// - Throws: `ForwardError` for a URL, secret, header or network that cannot be used.
    package init(configuration: Configuration) throws(ForwardError) {
        try self.init(
            configuration: configuration,
            surroundings: .system,
            now: { Int64(Date().timeIntervalSince1970) }
        )
    }

    /// With a resolver and a clock of its own, for tests.
    ///
    /// - Parameter now: Seconds since 1970.
    init(
        configuration: Configuration,
        surroundings: Surroundings,
        now: @escaping @Sendable () -> Int64
    ) throws(ForwardError) {
        guard !configuration.secrets.isEmpty else {
            throw ForwardError("There is no secret to sign with. Give 'secrets' one.")
        }
        for header in configuration.headers {
            if let problem = Self.problem(withHeader: header.name, value: header.value.exposed) {
                throw ForwardError("The header '\(header.name.cut(to: 100))' cannot be sent: \(problem). Correct it.")
            }
        }
        var allowed: [AddressRange] = []
        for text in configuration.allowedNetworks {
            guard let ranges = Self.networks(named: text) else {
                throw ForwardError("'\(text.cut(to: 100))' is no network. Write 'private' or one such as 10.1.0.0/16.")
            }
            allowed += ranges
        }
        do {
            self.signer = try WebhookSigner(secrets: configuration.secrets)
            self.server = try OutsideServer(
                url: configuration.url,
                allowed: allowed,
                timeout: configuration.timeout,
                surroundings: surroundings
            )
        } catch let error as ScaleError {
            throw ForwardError("The 'url' cannot be used: \(error.message). Change it, or see 'allow-networks'.")
        } catch {
            throw ForwardError("\(error)")
        }
        self.configuration = configuration
        self.now = now
    }

    /// Posts once; the outcome's detail has the status and the beginning of the answer.
    package func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        let id = Self.webhookID(of: event)
        let body = self.configuration.body == .raw ? event.body : event.envelope()
        var headers = self.signer.headers(id: id, timestamp: self.now(), body: body)
        headers += [
            ("content-type", "application/json"), ("user-agent", "scale-callbacks/1"),
            ("scale-callbacks-event", String(event.id)), ("scale-callbacks-account", event.account),
            ("scale-callbacks-kind", event.callback.kind.rawValue),
            ("scale-callbacks-attempt", String(context.attempt)),
        ]
        headers += self.configuration.headers.map { ($0.name, $0.value.exposed) }
        do {
            let answer = try await self.server.post(body, headers: headers, attempt: context.attempt)
            return self.outcome(of: answer, id: id)
        } catch {
            return try self.outcome(of: error, id: id)
        }
    }

    /// What the receiver recognises the event by: of its account and fingerprint, so that the same callback has the same
    /// id for ever, in every store.
    static func webhookID(of event: Event) -> String {
        let whole = Digest.sha256(Array(event.account.utf8) + [0] + event.callback.fingerprint)
        return "evt_" + Digest.hexadecimal(whole.prefix(16))
    }

    /// The beginning of an answer's body. A server that repeats what it was sent must not bring a token onto the record.
    private func excerpt(_ body: [UInt8]) -> String {
        var text = String(decoding: body, as: UTF8.self)
        for header in self.configuration.headers where !header.value.exposed.isEmpty {
            // Behind a scheme such as `Bearer` stands what is secret.
            for part in [header.value.exposed] + header.value.exposed.split(separator: " ").map(String.init)
            where part.utf8.count >= 8 {
                text = text.replacing(part, with: header.value.description)
            }
        }
        return String(excerptOf: Array(text.utf8))
    }

    /// What an answer means for the delivery.
    ///
    /// | answer | outcome |
    /// |---|---|
    /// | 2xx | completed |
    /// | 410 | hold: the receiver wants no more |
    /// | 400, 405, 406, 411, 413, 414, 415, 422, 431, 501, 505 | dead: it would say the same of this event again |
    /// | 408, 425, 429, 5xx | retry, not before it says |
    /// | any other 4xx, 3xx | retry: an address, a token or a deployment that people can mend meanwhile |
    func outcome(of answer: OutsideServer.Answer, id: String) -> Outcome {
        let excerpt = self.excerpt(answer.body)
        let detail: JSON = [
            "webhook_id": .string(id), "status": .number(.init(answer.status)), "answer": .string(excerpt),
        ]
        let said = excerpt.isEmpty ? "" : ": \(excerpt)"
        let summary = "the server answered \(answer.status)\(said)".cut(to: 500)
        switch answer.status {
        case 200..<300: return .completed("forwarded: \(answer.status)", detail: detail)
        case 300..<400:
            let target = answer.location.map { " to \(String(excerptOf: $0.utf8, limit: 200))" } ?? ""
            let redirect =
                "the server redirects (\(answer.status))\(target), and redirects are not followed: change 'url'"
            return .retry(.rejected, redirect, after: answer.retryAfter, detail: detail)
        case 410:
            return .hold("\(summary). It wants no more: change or remove the handler, or resume it", detail: detail)
        case 400, 405, 406, 411, 413, 414, 415, 422, 431, 501, 505:
            return .dead(.rejected, summary, detail: detail)
        case 408, 425, 429: return .retry(.unavailable, summary, after: answer.retryAfter, detail: detail)
        case 400..<500: return .retry(.rejected, summary, after: answer.retryAfter, detail: detail)
        default: return .retry(.unavailable, summary, after: answer.retryAfter, detail: detail)
        }
    }

    /// What no answer means: retry, but an address that is not allowed needs people.
    func outcome(of error: ScaleError, id: String) throws -> Outcome {
        if error.code == .cancelled || Task.isCancelled { throw CancellationError() }
        let detail: JSON = ["webhook_id": .string(id)]
        if error.code == .invalidArgument {
            return .hold(
                "\(error.message). Allow it by 'allow-networks' or correct the name, then resume the handler",
                detail: detail
            )
        }
        return .retry(.unavailable, "\(error.message)".cut(to: 500), detail: detail)
    }
}
