extension TagsHandler {
    /// What a tags handler is told by its section of the configuration file.
    package struct Configuration: Sendable, Hashable {
        /// Replace all tags by these; nil to leave them.
        package var set: [String]?
        /// Add these.
        package var add: [String]
        /// Remove these.
        package var remove: [String]

        package init(set: [String]? = nil, add: [String] = [], remove: [String] = []) {
            self.set = set
            self.add = add
            self.remove = remove
        }
    }
}
