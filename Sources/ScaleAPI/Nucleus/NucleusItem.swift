/// An image for a Nucleus dataset (contract B9).
public struct NucleusItem: Sendable, Hashable {
    /// Where the image is: a URL of `http:`, `https:`, `s3:` or `gs:` for `appendItems`, the path of a file of this
    /// machine for `appendLocalItems`.
    public var image: String
    /// The caller's own name for the item, unique in the dataset.
    public var referenceID: String
    /// The caller's own data; texts and numbers in it can be searched.
    public var metadata: JSON.Object

    /// An item.
    public init(image: String, referenceID: String, metadata: JSON.Object = [:]) {
        self.image = image
        self.referenceID = referenceID
        self.metadata = metadata
    }

    /// Whether Nucleus can fetch the image itself.
    var isRemote: Bool { ["http:", "https:", "s3:", "gs:"].contains { self.image.hasPrefix($0) } }

    /// The item as Nucleus reads it; the file of a local one goes by `image`.
    func json(image: String) -> JSON.Object {
        [
            "metadata": .object(self.metadata), "reference_id": .string(self.referenceID),
            "image_url": .string(image),
        ]
    }
}
