@testable import ScaleSimulator

extension ScaleSimulator.Configuration {
    /// A thousand times as fast: tasks complete after 2 ms, a refused callback is tried again after 15 ms.
    static var fast: Self {
        var configuration = Self()
        configuration.clockScale = 1000
        return configuration
    }

    /// Live tasks stay pending for the length of a test.
    static var idle: Self {
        var configuration = Self()
        configuration.completionDelay = 3600
        return configuration
    }
}
