/// Why a forward handler cannot be built, and what to do about it.
package struct ForwardError: Error, Hashable, CustomStringConvertible {
    /// The sentence for people.
    package let description: String

    init(_ description: String) { self.description = description }
}
