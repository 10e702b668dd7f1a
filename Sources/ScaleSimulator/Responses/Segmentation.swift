/// A made-up segmentation (contract C3): upright stripes, one for each label or instance, a tenth of the usual size.
struct Segmentation {
    /// One label, or one instance of it.
    private struct Region: Sendable {
        var label: String
        var index: Int
        var color: UInt32

        /// The columns it covers; none when the label is not in the picture.
        var columns: Range<Int>
    }

    /// Pixels.
    static let width = ImageAnnotation.width / 10
    static let height = ImageAnnotation.height / 10

    private let labels: [String]
    private let instanceLabels: [String]

    init(params: JSONObject) {
        let labels = Array(ImageAnnotation.names(params["labels"]?.array ?? []).prefix(100))
        let instances = ImageAnnotation.names(params["instance_labels"]?.array ?? []).prefix(50)
        self.labels = labels
        self.instanceLabels = instances.filter { !labels.contains($0) }
    }

    /// The response with its files; the fault, when one is wanted, is a label that is missing.
    func make(
        isFaulty: Bool,
        files: inout ResultFiles,
        using generator: inout SeededGenerator
    ) -> (response: JSON, plantedFault: PlantedFault?) {
        var regions = self.regions(using: &generator)
        let missing = isFaulty ? generator.pick(self.labels + self.instanceLabels) : nil
        regions.removeAll { $0.label == missing }
        let shown = regions
        var labeled = JSONObject()
        var mapping = JSONObject()
        for label in (self.labels + self.instanceLabels) where label != missing {
            let own = shown.filter { $0.label == label }
            let masks = own.map { region in
                region.columns.isEmpty
                    ? .null : files.add(using: &generator) { .png(Self.mask { region.columns.contains($0) }) }
            }
            let entries = own.map { region -> JSON in
                [
                    "index": JSON(region.index),
                    "color": .string("#" + SeededGenerator.hex(UInt64(region.color), 6)),
                    "numPixels": JSON(region.columns.count * Self.height),
                ]
            }
            // What is not in the picture is null; a label that has instances lists those there are.
            let isInstance = self.instanceLabels.contains(label)
            labeled[label] = isInstance && !masks.isEmpty ? .array(masks) : masks.first ?? .null
            mapping[label] = isInstance ? .array(entries) : entries.first ?? .null
        }
        let unlabeled = files.add(using: &generator) {
            .png(Self.mask { column in !shown.contains { $0.columns.contains(column) } })
        }
        let image = files.add(using: &generator) { .png(Self.combined(shown, inColor: true)) }
        let indexed = files.add(using: &generator) { .png(Self.combined(shown, inColor: false)) }
        let response: JSON = [
            "annotations": [
                "unlabeled": unlabeled, "labeled": .object(labeled),
                "combined": ["image": image, "indexedImage": indexed],
            ],
            "labelMapping": .object(mapping),
        ]
        return (response, missing == nil ? nil : .labelMissing)
    }

    private func regions(using generator: inout SeededGenerator) -> [Region] {
        let instances = self.instanceLabels.flatMap { label in
            Array(repeating: (label, true), count: generator.int(1, 2))
        }
        let wanted = self.labels.map { ($0, false) } + instances
        // What is left of the last stripe stays without a label.
        let widest = max(1, (Self.width - 4) / max(1, wanted.count))
        var column = 0
        return wanted.enumerated()
            .compactMap { place, entry -> Region? in
                let isPresent = column + widest < Self.width && generator.fraction() < 0.85
                guard isPresent || !entry.1 else { return nil }
                let width = isPresent ? generator.int(max(1, widest / 2), widest) : 0
                defer { column += width }
                return Region(
                    label: entry.0,
                    index: place + 1,
                    color: UInt32(generator.int(0x10_1010, 0xFF_FFFF)),
                    columns: column..<(column + width)
                )
            }
    }

    private static func mask(_ isInside: (Int) -> Bool) -> PNG {
        PNG(width: self.width, height: self.height, kind: .gray, row: (0..<self.width).map { isInside($0) ? 255 : 0 })
    }

    private static func combined(_ regions: [Region], inColor: Bool) -> PNG {
        let row = (0..<self.width)
            .flatMap { column -> [UInt8] in
                let region = regions.first { $0.columns.contains(column) }
                guard inColor else { return [UInt8(min(region?.index ?? 0, 255))] }
                let color = region?.color ?? 0
                return [UInt8(color >> 16 & 0xFF), UInt8(color >> 8 & 0xFF), UInt8(color & 0xFF)]
            }
        return PNG(width: self.width, height: self.height, kind: inColor ? .color : .gray, row: row)
    }
}
