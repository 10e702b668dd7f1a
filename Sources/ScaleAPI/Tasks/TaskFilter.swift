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
    /// The type of the tasks.
    public var type: ScaleTask.TaskType?
    /// The task status.
    public var status: ScaleTask.Status?
    /// Any of these audit states; empty for all.
    public var customerReviewStatuses: [ScaleTask.ReviewStatus] = []
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
        type: ScaleTask.TaskType? = nil,
        status: ScaleTask.Status? = nil
    ) {
        self.project = project
        self.batch = batch
        self.type = type
        self.status = status
    }

    /// The query without paging.
    var query: Query {
        var query: Query = [:]
        query.add("project", self.project)
        query.add("batch", self.batch)
        query.add("type", self.type?.rawValue)
        query.add("status", self.status?.rawValue)
        if !self.customerReviewStatuses.isEmpty {
            query.add("customer_review_status", self.customerReviewStatuses.map(\.rawValue).joined(separator: ","))
        }
        query.add("unique_id", each: self.uniqueIDs)
        query.add("tags", each: self.tags)
        query.add("start_time", self.createdAfter)
        query.add("end_time", self.createdBefore)
        query.add("completed_after", self.completedAfter)
        query.add("completed_before", self.completedBefore)
        query.add("updated_after", self.updatedAfter)
        query.add("updated_before", self.updatedBefore)
        query.add("include_attachment_url", self.includesAttachmentURL)
        query.add("limited_response", self.isLimited)
        return query
    }
}
