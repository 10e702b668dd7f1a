import Logging

/// The tasks that match a filter, newest first, fetched page by page as they are read.
///
/// One page is held at a time, however long the list. Each iterator starts from the first page. The list ends when
/// Scale says so, gives no token for a next page, or gives one that it gave before.
public struct ScaleTaskPages: AsyncSequence, Sendable {
    /// A task.
    public typealias Element = ScaleTask
    /// Why a page could not be fetched.
    public typealias Failure = ScaleError

    let client: ScaleClient
    let filter: TaskFilter

    /// Starts from the first page; nothing is fetched yet.
    public func makeAsyncIterator() -> Iterator { Iterator(client: self.client, filter: self.filter) }

    /// Reads one page after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private let client: ScaleClient
        private let filter: TaskFilter
        /// What is left of the current page, last task first.
        private var page: [JSON] = []
        private var hasMore = true
        private var token: String?
        private var pagesRead = 0
        private var earlierToken: String?
        private var earlierTokenPage = 0

        init(client: ScaleClient, filter: TaskFilter) {
            self.client = client
            self.filter = filter
        }

        /// The next task, nil at the end.
        ///
        /// After an error the same page is asked for again.
        public mutating func next() async throws(ScaleError) -> ScaleTask? {
            try await self.next(isolation: #isolation)
        }

        /// The next task, nil at the end.
        ///
        /// After an error the same page is asked for again.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(ScaleError) -> ScaleTask? {
            while true {
                while let json = self.page.popLast() {
                    if let task = ScaleTask(json: json) { return task }
                    self.client.logger.warning("Listed task without task_id passed over")
                }
                guard self.hasMore else { return nil }
                try await self.fetchPage()
            }
        }

        private mutating func fetchPage() async throws(ScaleError) {
            let answer = try await self.client.taskPage(self.filter, limit: self.filter.pageSize, token: self.token)
            self.page = answer.docs.reversed()
            self.pagesRead += 1
            guard answer.hasMore != false, let next = answer.nextToken, !next.isEmpty else {
                self.hasMore = false
                return
            }
            guard next != self.token, next != self.earlierToken else {
                self.client.logger.warning("Task list ended early: Scale repeats a page token")
                self.hasMore = false
                return
            }
            // One earlier token is kept and moved to pages 1, 2, 4, 8 and so on: that finds a circle of any length
            // without remembering every token (Brent's method).
            if self.pagesRead >= self.earlierTokenPage * 2 {
                self.earlierToken = next
                self.earlierTokenPage = self.pagesRead
            }
            self.token = next
        }
    }
}
