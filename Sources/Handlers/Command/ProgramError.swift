/// Why a program cannot be run, and what to do about it.
package struct ProgramError: Error, Hashable, CustomStringConvertible {
    /// The sentence for people.
    package let description: String

    init(_ description: String) { self.description = description }
}
