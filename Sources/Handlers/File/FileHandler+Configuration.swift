extension FileHandler {
    /// What a file handler is told by its section of the configuration file.
    package struct Configuration: Sendable, Hashable {
        /// The folder that all files stay inside of: the fixed leading part of the path template.
        package var folder: String
        /// The path below the folder, with `{name}` placeholders and `/` between segments.
        package var template: String

        package init(folder: String, template: String) {
            self.folder = folder
            self.template = template
        }
    }
}
