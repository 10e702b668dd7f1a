import Logging

/// What a list call finds, fetched page by page as it is read.
///
/// One page is held at a time, however long the list. Each iterator starts from the first page. The list ends when
/// Scale says so, or when it sends a page or a token for a page that it sent before. Scale's lists are not a snapshot:
/// what is made or changed while reading may be missed or come twice where pages are counted from the start (batches).
public struct ScalePages<Element: ScaleObject>: AsyncSequence, Sendable {
    /// Why a page could not be fetched.
    public typealias Failure = ScaleError

    /// One page.
    struct Page {
        let docs: [JSON]
        /// What to ask the next page with; nil when this is the last.
        let next: String?
        /// What only this page holds, where a repeated page cannot be told by what it was asked with.
        var mark: String?
    }

    let logger: Logger
    /// Fetches the page for a cursor; nil asks for the first one.
    let fetch: @Sendable (_ cursor: String?) async throws(ScaleError) -> Page

    /// Starts from the first page; nothing is fetched yet.
    public func makeAsyncIterator() -> Iterator { Iterator(pages: self) }

    /// Reads one page after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private let pages: ScalePages
        /// What is left of the current page, last element first.
        private var page: [JSON] = []
        private var hasMore = true
        private var cursor: String?
        private var cursors = CircleWatch()
        private var marks = CircleWatch()

        init(pages: ScalePages) { self.pages = pages }

        /// The next element, nil at the end.
        ///
        /// After an error the same page is asked for again.
        public mutating func next() async throws(ScaleError) -> Element? {
            try await self.next(isolation: #isolation)
        }

        /// The next element, nil at the end.
        ///
        /// After an error the same page is asked for again.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(ScaleError) -> Element? {
            while true {
                while let json = self.page.popLast() {
                    if let element = Element(json: json) { return element }
                    self.pages.logger.warning(
                        "Listed thing without its id or name passed over",
                        metadata: ["scale.object": "\(Element.self)"]
                    )
                }
                guard self.hasMore else { return nil }
                try await self.fetchPage()
            }
        }

        private mutating func fetchPage() async throws(ScaleError) {
            let page = try await self.pages.fetch(self.cursor)
            if let mark = page.mark, self.marks.closes(with: mark) {
                self.end("page")
                return
            }
            self.page = page.docs.reversed()
            guard let next = page.next else {
                self.hasMore = false
                return
            }
            guard !self.cursors.closes(with: next) else {
                self.end("token")
                return
            }
            self.cursor = next
        }

        private mutating func end(_ repeated: String) {
            self.pages.logger.warning(
                "List ended early because Scale repeats itself",
                metadata: ["scale.object": "\(Element.self)", "scale.repeated": "\(repeated)"]
            )
            self.hasMore = false
        }
    }
}

/// Finds out that marks run in a circle of any length, keeping only two of them.
///
/// One earlier mark is kept and moved to places 1, 2, 4, 8 and so on (Brent's method).
struct CircleWatch {
    private var last: String?
    private var kept: String?
    private var keptPlace = 0
    private var place = 0

    /// Whether the next mark was there before.
    mutating func closes(with mark: String) -> Bool {
        if mark == self.last || mark == self.kept { return true }
        self.place += 1
        if self.place >= self.keptPlace * 2 {
            self.kept = mark
            self.keptPlace = self.place
        }
        self.last = mark
        return false
    }
}
