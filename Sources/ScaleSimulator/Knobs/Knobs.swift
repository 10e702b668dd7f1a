/// What can be turned at a simulator, also while it runs: everything the contract leaves open (part E), the clock, and
/// the chaos.
///
/// The defaults follow the official SDK where sources disagree. Ranges and descriptions are in the table, `Knob.all`.
package struct Knobs: Sendable, Equatable {
    /// Divides every wait of the simulator's own clock.
    package var clockScale = 1.0

    /// Seconds from the creation of a live task to its completion, before `clockScale`.
    package var completionDelay = 2.0

    /// The same for test mode, in milliseconds; 0 completes a task before its creation is answered.
    package var testCompletionDelayMs = 0.0

    /// Share of tasks with a planted fault.
    package var faultShare = 0.25

    /// Tries after the first one.
    package var retries = 20

    /// Seconds from the first try to the second.
    package var retryFirstDelay = 15.0

    /// Every wait is so many times the one before.
    package var retryFactor = 2.0

    /// No wait is longer, in seconds.
    package var retryDelayCap = 7100.0

    /// Seconds one try may take; not divided by `clockScale`, for the receiver's clock is real.
    package var attemptTimeout = 10.0

    /// What becomes of an answer 3xx.
    package var redirects = Redirects.fail

    /// Whether the body carries `status` beside `task`.
    package var callbackStatus = true

    /// The order of the members of the body.
    package var callbackKeyOrder = KeyOrder.taskFirst

    /// Which key callbacks carry.
    package var callbackAuth = CallbackAuth.byMode

    /// What a second try sends.
    package var retriedBody = RetriedBody.anew

    /// Whether a cancel calls back.
    package var cancelCallsBack = false

    /// Whether an audit over the API calls back.
    package var auditCallsBack = true

    /// Whether a recalled task still shows its response.
    package var recallKeepsResponse = false

    /// The name under which a task tells how its callback went (contract A6).
    package var callbackField = CallbackField.succeeded

    /// The form of `customer_review_comments`.
    package var reviewComments = CommentsForm.array

    /// The form of the answer to an audit.
    package var auditAnswer = AuditAnswer.text

    /// The status that answers the cancel of a completed task.
    package var cancelCompleted = 400

    /// The status that answers the cancel of a canceled task.
    package var cancelTwice = 200

    /// The names of the counts in a batch's status.
    package var batchStatusKeys = BatchStatusKeys.plain

    /// Shares of callbacks that meet a mishap, by kind; a kind that is absent never happens.
    package var callbackShares: [CallbackMishap: Double] = [:]

    /// Shares of API answers that meet a mishap, by kind; a kind that is absent never happens.
    package var answerShares: [AnswerMishap: Double] = [:]

    /// Seconds a delayed callback waits, and a reordered one at most, before `clockScale`.
    package var callbackDelay = 1.0

    /// The size of an oversized callback.
    package var oversizedBytes = 65 * 1024 * 1024

    /// Seconds that a slow answer takes, not divided by `clockScale`.
    package var slowSeconds = 1.0

    /// Seconds in the `Retry-After` of chaotic answers.
    package var retryAfter = 1

    /// The defaults.
    package init() {}
}

extension Knobs {
    /// What becomes of an answer 3xx.
    package enum Redirects: String, Sendable, CaseIterable {
        /// It is a failure like any other.
        case fail

        /// It is followed, within the hosts that may be dialled.
        case follow
    }

    /// The order of the members of a callback's body.
    package enum KeyOrder: String, Sendable, CaseIterable {
        /// `task, response, task_id, status`.
        case taskFirst = "task_first"

        /// `response, task_id, task, status`.
        case responseFirst = "response_first"
    }

    /// Which key callbacks carry.
    package enum CallbackAuth: String, Sendable, CaseIterable {
        /// The live key for live tasks, the test key for test tasks.
        case byMode = "by_mode"

        /// Always the live key.
        case live

        /// Always the test key.
        case test
    }

    /// What a second try sends.
    package enum RetriedBody: String, Sendable, CaseIterable {
        /// The subject as it is at that time.
        case anew

        /// The bytes of the first try.
        case frozen
    }

    /// The name under which a task tells how its callback went.
    package enum CallbackField: String, Sendable, CaseIterable {
        case succeeded = "callback_succeeded"
        case succeededAt = "callback_succeeded_at"
        case completed = "callback_completed"
    }

    /// The form of `customer_review_comments`.
    package enum CommentsForm: String, Sendable, CaseIterable {
        /// Every comment, oldest first.
        case array

        /// The newest comment alone.
        case string
    }

    /// The form of the answer to an audit.
    package enum AuditAnswer: String, Sendable, CaseIterable {
        /// `OK` as plain text.
        case text

        /// `{"success": true}`.
        case json
    }

    /// The names of the counts in a batch's status.
    package enum BatchStatusKeys: String, Sendable, CaseIterable {
        /// `pending`, `completed`, …
        case plain

        /// `tasks_pending`, `tasks_completed`, …
        case prefixed = "tasks_"
    }
}
