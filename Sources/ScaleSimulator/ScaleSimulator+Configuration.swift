extension ScaleSimulator {
    /// How a simulator behaves.
    ///
    /// The defaults make one for tests: loopback, a port chosen by the kernel.
    package struct Configuration: Sendable {
        /// The address to listen at.
        package var address = "127.0.0.1"

        /// The port to listen at; 0 lets the kernel choose.
        package var port = 0

        /// Keys of live mode, sent by clients as the user name of HTTP Basic.
        package var apiKeys: Set<String> = ["live_simulator"]

        /// Keys of test mode.
        package var testAPIKeys: Set<String> = ["test_simulator"]

        /// What live callbacks carry in `scale-callback-auth`.
        package var callbackAuthKey = "live_auth_simulator"

        /// What test callbacks carry in `scale-callback-auth`.
        package var testCallbackAuthKey = "test_auth_simulator"

        /// Seeds responses, planted faults and duplicates.
        package var seed: UInt64 = 1

        /// Divides the completion delay and the waits between tries of a callback.
        ///
        /// Above 0.
        package var clockScale = 1.0

        /// Seconds from the creation of a live task to its completion, before `clockScale`.
        package var completionDelay = 2.0

        /// Share of image annotation tasks with a planted fault, 0 to 1.
        package var faultShare = 0.25

        /// Share of callbacks that are delivered twice, 0 to 1.
        package var duplicateShare = 0.0

        /// Hosts beyond loopback that callbacks may go to, in small letters.
        package var allowedCallbackHosts: Set<String> = []

        /// Entries the journal keeps.
        package var journalCapacity = 200_000

        /// The defaults.
        package init() {}

        /// What callbacks of this mode carry in `scale-callback-auth`.
        func callbackAuthKey(_ mode: Mode) -> String {
            switch mode {
            case .live: self.callbackAuthKey
            case .test: self.testCallbackAuthKey
            }
        }
    }
}
