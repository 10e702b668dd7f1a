public import Foundation

/// Which batches to list (contract B2).
///
/// Everything is optional; what is set must hold together.
public struct BatchFilter: Sendable, Hashable {
    /// The project's name.
    public var project: String?
    /// How far the batch is.
    public var status: ScaleBatch.Status?
    /// Created at or after this.
    public var createdAfter: Date?
    /// Created before this.
    public var createdBefore: Date?
    /// Completed at or after this.
    public var completedAfter: Date?
    /// Completed before this.
    public var completedBefore: Date?
    /// Audited at or after this.
    public var auditedAfter: Date?
    /// Audited before this.
    public var auditedBefore: Date?
    /// Whether archived batches are left out.
    public var excludesArchived = false
    /// Whether each batch brings more about itself; known from one source only.
    public var isDetailed = false
    /// Batches a page, 1 to 100; nil for Scale's own choice.
    public var pageSize: Int?

    /// A filter; the fields not named here can be set afterwards.
    public init(project: String? = nil, status: ScaleBatch.Status? = nil) {
        self.project = project
        self.status = status
    }

    /// The query without paging.
    var query: Query {
        var query: Query = [:]
        query.add("project", self.project)
        query.add("status", self.status?.rawValue)
        query.add("start_time", self.createdAfter)
        query.add("end_time", self.createdBefore)
        query.add("completed_after", self.completedAfter)
        query.add("completed_before", self.completedBefore)
        query.add("audited_after", self.auditedAfter)
        query.add("audited_before", self.auditedBefore)
        query.add("exclude_archived", self.excludesArchived)
        query.add("detailed", self.isDetailed)
        return query
    }
}
