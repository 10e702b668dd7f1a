package import ScaleAPI

extension CommandHandler {
    /// What a command handler is told by its section of the configuration file.
    package struct Configuration: Sendable, Hashable {
        /// How the program is used.
        package enum Form: String, Sendable, Hashable, CaseIterable {
            /// It is started for each event and its exit code is the outcome.
            case run
            /// It goes on running, and reads and answers one line an event.
            case worker
        }

        /// How the program is used.
        package var form: Form
        /// The program and its arguments. No shell reads them.
        package var program: [String]
        /// The folder it starts in; nil for the service's own.
        package var folder: String?
        /// Variables of the service's environment that it gets too, by name. Their values may be secret.
        package var environment: [String: Secret]

        package init(form: Form, program: [String], folder: String? = nil, environment: [String: Secret] = [:]) {
            self.form = form
            self.program = program
            self.folder = folder
            self.environment = environment
        }
    }

    /// The variables that every program gets, as far as the service has them.
    package static let usualVariables = ["HOME", "LANG", "PATH", "TMPDIR", "TZ"]
    /// What the names of the variables that tell of the event begin with.
    package static let variablePrefix = "SCALE_CALLBACKS_"
}
