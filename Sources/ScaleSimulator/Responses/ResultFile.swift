/// A large result that a response names by its URL (contract C3).
///
/// Nothing of it is stored: it is made anew from the seed whenever it is fetched.
struct ResultFile: Sendable {
    /// What is sent to whoever fetches the file.
    struct Body: Sendable {
        var bytes: [UInt8]
        var contentType: String

        /// A file of JSON.
        static func json(_ value: JSON) -> Body { Body(bytes: value.utf8, contentType: "application/json") }

        /// A picture.
        static func png(_ picture: PNG) -> Body { Body(bytes: picture.bytes, contentType: "image/png") }
    }

    /// The last part of its URL.
    let uuid: String

    /// Makes the contents, the same every time.
    let make: @Sendable () -> Body
}

/// The files of one response while it is made up.
struct ResultFiles: Sendable {
    private let urls: ResultURLs
    private let task: String
    private(set) var files: [ResultFile] = []

    init(of task: String, urls: ResultURLs) {
        self.task = task
        self.urls = urls
    }

    /// Adds a file and returns its URL for the response.
    mutating func add(
        using generator: inout SeededGenerator,
        _ make: @escaping @Sendable () -> ResultFile.Body
    ) -> JSON {
        let uuid = generator.uuid()
        self.files.append(ResultFile(uuid: uuid, make: make))
        return self.urls.url(task: self.task, uuid: uuid)
    }
}
