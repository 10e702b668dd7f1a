import NIOCore
import NIOHTTP1
import Synchronization

/// Where the content of a result file goes instead of into memory, and what is noted of the answer it came in.
final class ResultIntake: Sendable {
    /// The last answer, or the lack of one.
    struct Answer: Sendable {
        /// What kind of content it has, as the server says.
        var contentType: String?
        /// Whether it came from Scale's API.
        var isFromScale = false
    }

    /// Forgets what came.
    let begin: @Sendable () async throws -> Void
    /// Takes a piece.
    let take: @Sendable (ByteBuffer) async throws -> Void
    let answer = Mutex(Answer())

    init(
        begin: @escaping @Sendable () async throws -> Void,
        take: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) {
        self.begin = begin
        self.take = take
    }

    func note(_ outcome: Exchange.Outcome, isFromScale: Bool) {
        var answer = Answer(isFromScale: isFromScale)
        if case .answer(_, let headers, _) = outcome { answer.contentType = headers.first(name: "content-type") }
        self.answer.withLock { $0 = answer }
    }
}

/// Why a result file is not wanted, said by whoever takes it.
package struct ResultFileRefusal: Error, Hashable {
    /// One line for people.
    package let reason: String

    /// A refusal.
    package init(_ reason: String) { self.reason = reason }
}

/// Why a result file could not be fetched.
package struct ResultFileError: Error, Hashable {
    /// The failure.
    package let error: ScaleError
    /// Whether Scale's API answered, or did not; else another host, whose 401 and 403 say nothing of our key.
    package let isFromScale: Bool
}

extension FileFailure {
    /// Runs what takes a piece of a file, and brings its errors into the form that exchanges know.
    static func wrapping(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let refusal as ResultFileRefusal {
            throw FileFailure(code: .invalidArgument, message: refusal.reason)
        } catch  where !Task.isCancelled {
            throw FileFailure(code: .fileFailed, message: "\(error)")
        }
    }
}
