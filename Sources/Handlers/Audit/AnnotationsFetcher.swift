import Callbacks
import ScaleAPI
import Synchronization

/// Fetches the file that a response's annotations are in, into memory, for rules to read.
struct AnnotationsFetcher: Sendable {
    /// Why the event cannot be judged now.
    struct Failure: Error {
        let outcome: Outcome
    }

    /// The file while it comes.
    private final class Intake: Sendable {
        private let content = Mutex<[UInt8]>([])

        var bytes: [UInt8] { self.content.withLock { $0 } }

        func begin() { self.content.withLock { $0 = [] } }

        func take(_ bytes: [UInt8]) { self.content.withLock { $0 += bytes } }
    }

    private let limit: Int

    init(_ configuration: AuditHandler.Fetch) { self.limit = configuration.limit }

    /// Fetches a file. One that is there but that rules cannot read leaves the event to people.
    ///
    /// - Throws: `Failure` when it cannot be had, `CancellationError` when the attempt was cancelled.
    func file(at url: String, account: String, in context: HandlerContext) async throws -> AnnotationsFile {
        guard let scale = context.scale else {
            let summary =
                "the account '\(account)' has no API key to fetch with: give it an api-key, then resume the handler"
            throw Failure(outcome: .hold(summary))
        }
        let intake = Intake()
        do throws(ResultFileError) {
            _ = try await scale.readResultFile(
                at: url,
                limit: self.limit,
                begin: { intake.begin() },
                take: { intake.take($0) }
            )
        } catch {
            guard error.error.code != .responseTooLarge else {
                return .unusable("the file with the annotations is longer than the \(self.limit) bytes of 'fetch'")
            }
            var outcome = try Outcome(failure: error)
            outcome.summary = "the file with the annotations: \(outcome.summary)".cut(to: 500)
            throw Failure(outcome: outcome)
        }
        let bytes = intake.bytes
        do throws(JSONSyntaxError) {
            return .read(try JSONDocument(bytes))
        } catch {
            // Without a length, a server that gives up cannot be told from one that is done.
            if ResultKind(head: bytes) == .json, !ResultKind.json.canEnd(with: bytes) {
                throw Failure(outcome: .retry(.unavailable, "the file with the annotations ends in the middle"))
            }
            return .unusable("the file with the annotations is not strict JSON in UTF-8")
        }
    }
}
