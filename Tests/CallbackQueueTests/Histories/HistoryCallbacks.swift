import Callbacks
import ScaleAPI

/// The callbacks that histories are made of: three subjects, with all that makes one event supersede another.
enum HistoryCallbacks {
    struct Entry {
        let callback: Callback
        /// Equal ids in two accounts are two tasks.
        let account: Int
        let task: String
    }

    private static let subjects = [(task: "a", account: 0), (task: "a", account: 1), (task: "b", account: 0)]
    static let subjectCount = 3
    static let countOfSubject = 7

    /// The subjects by turns.
    static let all: [Entry] = {
        var entries: [Entry] = []
        for number in 0..<Self.countOfSubject {
            for (task, account) in Self.subjects {
                guard let callback = try? Self.callback(number, of: task) else { continue }
                entries.append(Entry(callback: callback, account: account, task: task))
            }
        }
        return entries
    }()

    private static func callback(_ number: Int, of task: String) throws -> Callback {
        switch number {
        case 0: try Self.callback(task, "completed", ["completed_at": 1000])
        case 1: try Self.callback(task, "error", [:])
        case 2: try Self.callback(task, "completed", ["completed_at": 2000], priorResponses: 1)
        case 3:
            try Self.callback(
                task,
                "completed",
                ["completed_at": 1000, "customer_audited_at": 3000],
                review: "accepted"
            )
        case 4: try Self.callback(task, "pending", ["updated_at": 2000])
        case 5: try Self.callback(task, "completed", ["completed_at": 2000])
        default: try Self.callback(task, "canceled", ["updated_at": 5000])
        }
    }

    /// Short, because every keep and every lease reads it.
    private static func callback(
        _ task: String,
        _ status: String,
        _ times: [String: Int64],
        review: String? = nil,
        priorResponses: Int = 0
    ) throws -> Callback {
        var object: JSON.Object = ["task_id": .string(task), "status": .string(status)]
        for (key, time) in times { object[key] = .string(ScaleDate.string(milliseconds: time)) }
        object["customer_review_status"] = review.map { .string($0) }
        if priorResponses > 0 { object["prior_responses"] = .array(Array(repeating: 1, count: priorResponses)) }
        return try Callback(body: JSON.object(["task": .object(object)]).encoded)
    }
}
