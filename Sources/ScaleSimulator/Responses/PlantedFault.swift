extension ScaleSimulator {
    /// What the simulator does wrong on purpose in a response, so that a rule can find it.
    package enum PlantedFault: String, Sendable, CaseIterable {
        /// An annotation carries a label the task did not ask for.
        case labelNotAskedFor = "label-not-asked-for"

        /// A box is smaller than the task's own `min_width` and `min_height` (8 pixels when it names none).
        case tooSmall = "too-small"

        /// A box ends outside the picture.
        case outsideImage = "outside-image"

        /// Two boxes of one label lie almost on each other.
        case nearDuplicate = "near-duplicate"

        /// An annotation lacks an attribute that was asked for.
        case attributeMissing = "attribute-missing"

        /// There is not a single annotation.
        case empty
    }
}

/// The short name inside this module; outside it stays nested, so that it cannot meet another.
typealias PlantedFault = ScaleSimulator.PlantedFault
