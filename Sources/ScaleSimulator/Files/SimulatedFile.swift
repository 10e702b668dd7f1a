/// A file that was uploaded or imported (contract B4): what is known of it, without its bytes.
struct SimulatedFile: Sendable {
    /// 24 hexadecimal characters.
    let id: String

    /// The `scaledata://` URL that stands for the file in the parameters of a task.
    let attachmentURL: String

    let createdAt: Timestamp

    /// The name without folders, or the one it was given to be shown by.
    var displayName: String

    var mimeType: String

    /// Bytes.
    var size: Int

    /// Recognises the same bytes again.
    var digest: UInt64

    /// The customer's own name of it, unique within the mode.
    var referenceID: String?

    /// Nil until it was set: the member is absent then.
    var metadata: JSON?

    /// The projects that list it.
    var projectNames: [String] = []

    /// For the books: with the digest, FNV-1a of 64 bits in hexadecimal digits.
    var bookJSON: JSON {
        [
            "id": .string(self.id), "display_name": .string(self.displayName), "size": JSON(self.size),
            "mime_type": .string(self.mimeType), "digest": .string(SeededGenerator.hex(self.digest, 16)),
        ]
    }

    /// The file as the API shows it.
    var json: JSON {
        var file: JSONObject = ["id": .string(self.id), "attachment_url": .string(self.attachmentURL)]
        file["reference_id"] = self.referenceID.map(JSON.string)
        file["metadata"] = self.metadata
        file["display_name"] = .string(self.displayName)
        file["created_at"] = .string("\(self.createdAt)")
        file["updated_at"] = .string("\(self.createdAt)")
        file["mime_type"] = .string(self.mimeType)
        file["size"] = JSON(self.size)
        file["project_names"] = .array(self.projectNames.map(JSON.string))
        return .object(file)
    }
}

/// All files of one mode.
struct FileShelf: Sendable {
    /// More files are refused, so that memory stays bounded.
    static let maximum = 100_000

    /// In the order of creation.
    private(set) var files: [SimulatedFile] = []
    private var numbers: [String: Int] = [:]
    private var references: [String: Int] = [:]

    /// Whether this `scaledata://` URL stands for a file.
    func holds(_ attachmentURL: String) -> Bool { self.numbers[attachmentURL] != nil }

    /// The file with this `reference_id`.
    func file(reference: String) -> SimulatedFile? { self.references[reference].map { self.files[$0] } }

    /// Puts a file in.
    mutating func add(_ file: SimulatedFile) {
        self.numbers[file.attachmentURL] = self.files.count
        if let reference = file.referenceID { self.references[reference] = self.files.count }
        self.files.append(file)
    }
}
