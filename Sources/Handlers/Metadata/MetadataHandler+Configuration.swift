package import ScaleAPI

extension MetadataHandler {
    /// What a metadata handler is told by its section of the configuration file.
    package struct Configuration: Sendable, Hashable {
        /// What becomes of the metadata that a task has.
        package enum Mode: String, Sendable, Hashable, CaseIterable {
            /// It is replaced.
            case set
            /// It stays where nothing else is said.
            case merge
        }

        /// What becomes of the metadata that a task has.
        package var mode: Mode
        /// The new values. Texts may hold placeholders; null removes a key.
        package var values: JSON.Object
        /// A query whose first row has values for the metadata; without a row nothing is done. Nil for none.
        package var find: String?

        package init(mode: Mode, values: JSON.Object, find: String? = nil) {
            self.mode = mode
            self.values = values
            self.find = find
        }
    }
}
