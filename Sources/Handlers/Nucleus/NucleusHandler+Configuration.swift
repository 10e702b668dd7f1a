package import ScaleAPI

extension NucleusHandler {
    /// What a nucleus handler is told by its section of the configuration file.
    package struct Configuration: Sendable, Hashable {
        /// The dataset's id.
        package var dataset: String
        /// The item's name in the dataset, with placeholders.
        package var referenceID: String
        /// The item's metadata. Texts may hold placeholders; what has no value, or null, is left out.
        package var metadata: JSON.Object
        /// Whether an item that is there gets the new metadata.
        package var updates: Bool
        /// Whether the handler waits for the job's end.
        package var follows: Bool
        /// A query whose first row has values for the item; without a row nothing is done. Nil for none.
        package var find: String?

        package init(
            dataset: String,
            referenceID: String = "{task_id}",
            metadata: JSON.Object = [:],
            updates: Bool = false,
            follows: Bool = true,
            find: String? = nil
        ) {
            self.dataset = dataset
            self.referenceID = referenceID
            self.metadata = metadata
            self.updates = updates
            self.follows = follows
            self.find = find
        }
    }
}
