extension FileHandler {
    /// What a file handler is told by its section of the configuration file.
    package struct Configuration: Sendable, Hashable {
        /// How events are kept.
        package enum Format: String, Sendable, Hashable, CaseIterable {
            /// Each event in a file of its own.
            case json
            /// One line for each event, many in a file.
            case jsonl
        }

        /// The folder that all files stay inside of: the fixed leading part of the path template.
        package var folder: String
        /// The path below the folder, with `{name}` placeholders and `/` between segments.
        package var template: String
        /// How events are kept.
        package var format: Format
        /// The size in bytes at which another file is begun, of lines only; nil for never.
        package var rotateAt: Int?
        /// Whether files are gzip files.
        package var isCompressed: Bool
        /// What to do about result files; nil to leave them where they are.
        package var fetch: Fetch?

        package init(
            folder: String,
            template: String,
            format: Format = .json,
            rotateAt: Int? = nil,
            isCompressed: Bool = false,
            fetch: Fetch? = nil
        ) {
            self.folder = folder
            self.template = template
            self.format = format
            self.rotateAt = rotateAt
            self.isCompressed = isCompressed
            self.fetch = fetch
        }
    }

    /// How result files are fetched.
    package struct Fetch: Sendable, Hashable {
        /// Where they go below the handler's folder, unless something else is said.
        package static let usualTemplate = "files/{task_id}/{event_id}-{number}-{role}.{ending}"

        /// Their path below the folder, with the placeholders `{number} {role} {label} {ending}` too.
        package var template: String
        /// The largest file to take, in bytes.
        package var limit: Int
        /// The kinds of files to take.
        package var kinds: [ResultKind]

        package init(
            template: String = Self.usualTemplate,
            limit: Int = 1 << 30,
            kinds: [ResultKind] = [.json, .png]
        ) {
            self.template = template
            self.limit = limit
            self.kinds = kinds
        }
    }
}
