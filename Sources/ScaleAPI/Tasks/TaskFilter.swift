public import Foundation

/// Which tasks to list (contract T3).
///
/// Everything is optional; what is set must hold together. Whether the time bounds are inclusive is not known, so let
/// windows overlap.
public struct TaskFilter: Sendable, Hashable {
    /// The project's name.
    public var project: String?
    /// The batch's name.
    public var batch: String?
    /// The task type, for example `imageannotation`.
    public var type: String?
    /// The task status.
    public var status: ScaleTask.Status?
    /// Any of these audit states; empty for all.
    public var customerReviewStatuses: [String] = []
    /// Any of these unique ids; empty for all.
    public var uniqueIDs: [String] = []
    /// Tasks with these tags; empty for all.
    public var tags: [String] = []
    /// Created at or after this.
    public var createdAfter: Date?
    /// Created before this.
    public var createdBefore: Date?
    /// Completed at or after this.
    public var completedAfter: Date?
    /// Completed before this.
    public var completedBefore: Date?
    /// Changed at or after this.
    public var updatedAfter: Date?
    /// Changed before this.
    public var updatedBefore: Date?
    /// Tasks a page, 1 to 100; nil for Scale's own choice, which is 100.
    public var pageSize: Int?
    /// Whether each task brings a presigned URL of its attachment.
    public var includesAttachmentURL = false
    /// Whether tasks hold only their id, status, metadata and project.
    public var isLimited = false

    /// A filter; the fields not named here can be set afterwards.
    public init(
        project: String? = nil,
        batch: String? = nil,
        type: String? = nil,
        status: ScaleTask.Status? = nil
    ) {
        self.project = project
        self.batch = batch
        self.type = type
        self.status = status
    }

    /// The query without paging.
    var query: [(String, String)] {
        var query: [(String, String)] = []
        func add(_ key: String, _ value: String?) {
            if let value { query.append((key, value)) }
        }
        add("project", self.project)
        add("batch", self.batch)
        add("type", self.type)
        add("status", self.status?.rawValue)
        if !self.customerReviewStatuses.isEmpty {
            add("customer_review_status", self.customerReviewStatuses.joined(separator: ","))
        }
        for uniqueID in self.uniqueIDs { add("unique_id", uniqueID) }
        for tag in self.tags { add("tags", tag) }
        add("start_time", self.createdAfter.map(ScaleDate.string))
        add("end_time", self.createdBefore.map(ScaleDate.string))
        add("completed_after", self.completedAfter.map(ScaleDate.string))
        add("completed_before", self.completedBefore.map(ScaleDate.string))
        add("updated_after", self.updatedAfter.map(ScaleDate.string))
        add("updated_before", self.updatedBefore.map(ScaleDate.string))
        if self.includesAttachmentURL { add("include_attachment_url", "true") }
        if self.isLimited { add("limited_response", "true") }
        return query
    }
}
