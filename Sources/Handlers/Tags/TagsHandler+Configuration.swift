extension TagsHandler {
    /// What a tags handler is told by its section of the configuration file.
    package struct Configuration: Sendable, Hashable {
        /// Replace all tags by these; nil to leave them.
        package var set: [String]?
        /// Add these.
        package var add: [String]
        /// Remove these.
        package var remove: [String]
        /// A query whose first row has values for the tags; without a row nothing is done. Nil for none.
        package var find: String?

        package init(set: [String]? = nil, add: [String] = [], remove: [String] = [], find: String? = nil) {
            self.set = set
            self.add = add
            self.remove = remove
            self.find = find
        }
    }
}
