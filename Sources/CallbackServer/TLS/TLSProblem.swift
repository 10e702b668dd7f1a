/// Why TLS cannot be made of its files, and what to do. It never holds anything of a key.
package struct TLSProblem: Error, Hashable, CustomStringConvertible {
    /// The file it is about; the raw value is its key in the configuration.
    package enum File: String, Sendable {
        case certificate
        case key
        case clientCA = "client-ca"
    }

    /// The file it is about.
    package var file: File
    /// A sentence for people.
    package var message: String

    package var description: String { self.message }
}
