public import Foundation

/// A file that Scale keeps for the account (contract B4).
public struct ScaleFile: ScaleObject {
    /// The file as Scale sent it.
    public let json: JSON.Object

    /// A file from its JSON; nil unless that is an object with an `id` and an `attachment_url`.
    public init?(json: JSON) {
        guard let object = json.object(identifiedBy: "id"),
            let url = object["attachment_url"]?.string, !url.isEmpty
        else { return nil }
        self.json = object
    }

    /// Scale's id.
    public var id: String { self.text("id") }

    /// What to give as `attachment` of a task; it begins with `scaledata://` and leads nowhere but at Scale.
    public var attachmentURL: String { self.text("attachment_url") }

    /// The caller's own name for the file.
    public var referenceID: String? { self.json["reference_id"]?.string }

    /// The caller's own data.
    public var metadata: JSON.Object { self.json["metadata"]?.object ?? [:] }

    /// What Scale takes the content for, for example `image/png`.
    public var mimeType: String? { self.json["mime_type"]?.string }

    /// Bytes.
    public var size: Int? { self.json["size"]?.int }

    /// The names of the projects it belongs to.
    public var projectNames: [String] { self.strings("project_names") }

    /// When Scale got it.
    public var createdAt: Date? { self.date("created_at") }

    /// When anything about it last changed.
    public var updatedAt: Date? { self.date("updated_at") }
}

extension ScaleFile {
    /// What may be said of a file when Scale gets it.
    public struct Options: Sendable, Hashable {
        /// How people see it.
        public var displayName: String?
        /// The project it belongs to, by name (Rapid).
        public var projectName: String?
        /// The caller's own name for it; no two files of an account may share one.
        public var referenceID: String?
        /// The caller's own data.
        public var metadata: JSON.Object?

        /// Options; nothing is required.
        public init(
            displayName: String? = nil,
            projectName: String? = nil,
            referenceID: String? = nil,
            metadata: JSON.Object? = nil
        ) {
            self.displayName = displayName
            self.projectName = projectName
            self.referenceID = referenceID
            self.metadata = metadata
        }

        /// The options that are set, without the metadata, in Scale's spelling.
        var texts: [(key: String, value: String)] {
            [
                ("display_name", self.displayName), ("project_name", self.projectName),
                ("reference_id", self.referenceID),
            ]
            .compactMap { key, value in value.map { (key, $0) } }
        }
    }
}
