extension ScaleSimulator {
    /// Scale's two wholly separate worlds; the API key chooses.
    package enum Mode: String, Sendable, CaseIterable {
        case live
        case test
    }
}

/// The short name inside this module; outside it stays nested, so that it cannot meet another.
typealias Mode = ScaleSimulator.Mode
