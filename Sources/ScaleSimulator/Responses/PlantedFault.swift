extension ScaleSimulator {
    /// What the simulator does wrong on purpose in a response, so that a rule can find it.
    package enum PlantedFault: String, Sendable, CaseIterable {
        /// An annotation carries a label the task did not ask for, in the response or in a result file.
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

        /// The answer to a text field is a single letter.
        case answerTooShort = "answer-too-short"

        /// A field has no answer, or one of several respondents left it out.
        case fieldMissing = "field-missing"

        /// Respondents chose differently.
        case respondentsDisagree = "respondents-disagree"

        /// The text of an entity is not what stands at its offsets.
        case spanTextDiffers = "span-text-differs"

        /// The category was not among those to choose from.
        case categoryNotOffered = "category-not-offered"

        /// A label that was asked for is missing from a segmentation.
        case labelMissing = "label-missing"

        /// Those that occur in image annotations.
        static let ofImages: [PlantedFault] = [
            .labelNotAskedFor, .tooSmall, .outsideImage, .nearDuplicate, .attributeMissing, .empty,
        ]
    }
}

/// The short name inside this module; outside it stays nested, so that it cannot meet another.
typealias PlantedFault = ScaleSimulator.PlantedFault
