extension ScaleSimulator {
    /// How a simulator behaves.
    ///
    /// The defaults make one for tests: loopback, a port chosen by the kernel. Every knob is a member here too.
    @dynamicMemberLookup
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

        /// Seeds responses, planted faults and chaos.
        package var seed: UInt64 = 1

        /// What can be turned while it runs, as it is at the start.
        package var knobs = Knobs()

        /// How much each mode may hold.
        package var limits = Limits()

        /// Hosts beyond loopback that callbacks may go to, in small letters.
        package var allowedCallbackHosts: Set<String> = []

        /// Whether result URLs need a live key; else knowing the URL is enough.
        package var secureResultURLs = true

        /// Where clients reach the simulator when that is not where it listens, without a slash at the end.
        ///
        /// URLs in answers begin with it.
        package var publicURL: String?

        /// Entries the journal keeps.
        package var journalCapacity = 200_000

        /// The defaults.
        package init() {}

        /// One of the knobs.
        package subscript<Value>(dynamicMember knob: WritableKeyPath<Knobs, Value>) -> Value {
            get { self.knobs[keyPath: knob] }
            set { self.knobs[keyPath: knob] = newValue }
        }

        /// What callbacks of this mode carry in `scale-callback-auth`, as the knob is turned.
        func callbackAuthKey(_ mode: Mode, _ choice: Knobs.CallbackAuth) -> String {
            switch (choice, mode) {
            case (.live, _), (.byMode, .live): self.callbackAuthKey
            case (.test, _), (.byMode, .test): self.testCallbackAuthKey
            }
        }
    }
}
