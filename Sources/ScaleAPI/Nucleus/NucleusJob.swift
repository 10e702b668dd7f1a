public import Foundation

/// Work that Nucleus does in its own time (contract B9).
public struct NucleusJob: ScaleObject {
    /// The job as Nucleus sent it.
    public let json: JSON.Object

    /// A job from its JSON; nil unless that is an object with a `job_id`.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "job_id") else { return nil }
        self.json = object
    }

    /// Scale's id.
    public var id: String { self.text("job_id") }

    /// How far the job is; a job that was just started tells its last known status.
    public var status: Status? {
        self.json.first(of: "status", "job_last_known_status")?.string.map(Status.init(rawValue:))
    }

    /// What kind of work it is, for example `uploadDatasetItems`.
    public var type: String? { self.json["job_type"]?.string }

    /// What part is done, 0 to 1; it moves in steps of some thousand images.
    public var progress: Double? { Self.number(self.json["job_progress"]) }

    /// How many steps are done.
    public var completedSteps: Int? { Self.number(self.json["completed_steps"]).flatMap { Int(exactly: $0) } }

    /// How many steps there are.
    public var totalSteps: Int? { Self.number(self.json["total_steps"]).flatMap { Int(exactly: $0) } }

    /// What Nucleus says about it: a text, or an object that depends on the type.
    public var message: JSON? { self.json["message"].flatMap { $0.isNull ? nil : $0 } }

    /// When it was started.
    public var createdAt: Date? { self.date("job_creation_time") }

    /// Numbers come as such or as text.
    private static func number(_ json: JSON?) -> Double? {
        let number = json?.double ?? json?.string.flatMap(Double.init)
        return number.flatMap { $0.isFinite ? $0 : nil }
    }
}

extension NucleusJob {
    /// How far a job is.
    public struct Status: ScaleWord {
        /// Nucleus's word.
        public let rawValue: String

        /// A status by Nucleus's word for it.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Not begun.
        public static let queued = Self(rawValue: "Queued")
        /// Under way.
        public static let running = Self(rawValue: "Running")
        /// Done, all of it.
        public static let completed = Self(rawValue: "Completed")
        /// Failed; older jobs do not say whose fault it was.
        public static let errored = Self(rawValue: "Errored")
        /// Failed for a reason at Nucleus.
        public static let erroredServer = Self(rawValue: "Errored_Server")
        /// Failed for a reason in what was sent.
        public static let erroredUser = Self(rawValue: "Errored_User")
        /// Done in part.
        public static let erroredPartial = Self(rawValue: "Errored_Partial")
        /// Given up because it no longer moved.
        public static let erroredHanging = Self(rawValue: "Errored_Hanging")
        /// Stopped by somebody.
        public static let cancelled = Self(rawValue: "Cancelled")
        /// Replaced by another job.
        public static let retried = Self(rawValue: "Retried")

        /// Whether the job failed, in whole or in part, also in a way that is not known here.
        public var isErrored: Bool { self.rawValue.hasPrefix("Errored") }

        /// Whether nothing more will happen; a status that is not known here counts as under way.
        public var isFinal: Bool {
            self == .completed || self == .cancelled || self == .retried || self.isErrored
        }
    }
}
