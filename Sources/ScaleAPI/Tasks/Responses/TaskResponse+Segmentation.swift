extension TaskResponse {
    /// The masks of a segmentation; nil when the response is of another type.
    public var segmentation: Segmentation? {
        guard let annotations = self.json["annotations"]?.object,
            annotations["labeled"] != nil || annotations["combined"] != nil || annotations["unlabeled"] != nil
        else { return nil }
        return Segmentation(annotations: annotations, mapping: self.json["labelMapping"]?.object ?? [:])
    }

    /// The masks of an image and what their colours mean (contract C3).
    public struct Segmentation: Sendable, Hashable {
        let annotations: JSON.Object
        let mapping: JSON.Object

        /// The mask of the pixels without a label.
        public var unlabeledURL: String? { self.annotations["unlabeled"]?.string }

        /// The labels, also those that were not found in the image.
        public var labels: [String] { self.annotations["labeled"]?.object?.members.map(\.key) ?? [] }

        /// The masks of a label: one, one for each thing, or none when it was not found.
        public func urls(of label: String) -> [String] {
            self.annotations["labeled"]?[label]?.oneOrMany.compactMap(\.string) ?? []
        }

        /// The image with all masks in their colours.
        public var imageURL: String? { self.annotations["combined"]?["image"]?.string }

        /// The image whose pixels are the indexes of their labels.
        public var indexedImageURL: String? { self.annotations["combined"]?["indexedImage"]?.string }

        /// The same with room for more indexes.
        public var extendedIndexedImageURL: String? { self.annotations["combined"]?["extendedIndexedImage"]?.string }

        /// What a label is in those images: one entry, or one for each thing.
        public func entries(of label: String) -> [Entry] {
            self.mapping[label]?.oneOrMany.compactMap(Entry.init(json:)) ?? []
        }

        var urls: [String] {
            let combined = [self.imageURL, self.indexedImageURL, self.extendedIndexedImageURL]
            // Member by member: asking for each label would take time by the square of their number.
            let labeled = self.annotations["labeled"]?.object?.members ?? []
            return [self.unlabeledURL].compactMap(\.self)
                + labeled.flatMap { $0.value.oneOrMany.compactMap(\.string) } + combined.compactMap(\.self)
        }

        /// What a label is in these images.
        public struct Entry: ScaleObject {
            /// The entry as Scale sent it.
            public let json: JSON.Object

            /// An entry from its JSON; nil unless that is an object.
            public init?(json: JSON) {
                guard let object = json.object else { return nil }
                self.json = object
            }

            /// The pixels of this value are the label's.
            public var index: Int? { self.json["index"]?.int }

            /// The colour, as `#` and six hexadecimal digits.
            public var color: String? { self.json["color"]?.string }

            /// How many pixels it has.
            public var pixelCount: Int? { self.json["numPixels"]?.int }

            /// The answers about it.
            public var attributes: JSON.Object { self.json["attributes"]?.object ?? [:] }
        }
    }
}
