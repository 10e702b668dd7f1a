import Callbacks
import ScaleAPI

/// How the fetching of an event's result files went, file by file.
struct ResultReport {
    /// What became of one file.
    enum Result {
        /// It is there now.
        case fetched(path: String, ResultFileIntake.Content)
        /// It was there already.
        case there(path: String)
        /// It is not wanted.
        case refused(String)
        /// It ends in the middle.
        case torn(ResultKind)
        /// It could not be fetched.
        case failed(ResultFileError)
        /// It could not be written.
        case unwritten(FileError)
        /// The attempt was cancelled.
        case cancelled
    }

    /// How many files are named on record; the index names all.
    private static let maximumListed = 20

    private let path: String
    private var count = 0
    private var listed: [JSON] = []
    private var failures: [JSON] = []
    /// The worst so far: a hold, else what may go better, else what is final.
    private var worst: Outcome?

    init(path: String) { self.path = path }

    /// Whether the handler has to be held.
    var isHeld: Bool { self.worst?.disposition == .hold }

    /// Adds what became of a file.
    ///
    /// - Throws: `CancellationError` when the attempt was cancelled, which does not count as one.
    mutating func add(_ result: Result, for file: ResultFetcher.File) throws {
        let outcome: Outcome
        switch result {
        case .fetched(let path, let content):
            self.list([
                "path": .string(path), "size": .number(JSON.Number(content.size)), "sha256": .string(content.sha256),
            ])
            return
        case .there(let path):
            self.list(["path": .string(path)])
            return
        case .refused(let reason): outcome = .dead(.refused, reason)
        case .torn(let kind): outcome = .retry(.unavailable, "the \(kind.rawValue) file ends in the middle")
        case .unwritten(let error):
            outcome =
                error.isObstacle
                ? .dead(.fault, "\(error). Clear the way, then retry the delivery") : .retry(.fault, "\(error)")
        case .failed(let failure): outcome = try Outcome(failure: failure)
        case .cancelled: throw CancellationError()
        }
        let name = "\(file.role)\(file.label.map { " of \($0.cut(to: 100))" } ?? "")"
        if self.failures.count < Self.maximumListed {
            self.failures.append([
                "number": .number(JSON.Number(file.number)), "file": .string(name), "problem": .string(outcome.summary),
            ])
        }
        if Self.rank(outcome) > self.worst.map(Self.rank) ?? 0 {
            self.worst = outcome
            self.worst?.summary = "result file \(file.number) (\(name)): \(outcome.summary)".cut(to: 500)
        }
    }

    private mutating func list(_ file: JSON) {
        self.count += 1
        if self.listed.count < Self.maximumListed { self.listed.append(file) }
    }

    private static func rank(_ outcome: Outcome) -> Int {
        switch outcome.disposition {
        case .hold: 3
        case .retry: 2
        default: 1
        }
    }

    /// What is on record.
    var detail: JSON {
        var detail: JSON.Object = ["path": .string(self.path)]
        if self.count > 0 { detail["files"] = .array(self.listed) }
        if self.count > 0 { detail["file_count"] = .number(JSON.Number(self.count)) }
        if !self.failures.isEmpty { detail["failed"] = .array(self.failures) }
        return .object(detail)
    }

    /// How the delivery ends.
    var outcome: Outcome {
        if var outcome = self.worst {
            outcome.detail = self.detail
            return outcome
        }
        let files =
            self.count == 0 ? "" : self.count == 1 ? ", with a result file" : ", with \(self.count) result files"
        return .completed("written to \(self.path)\(files)".cut(to: 500), detail: self.detail)
    }
}
