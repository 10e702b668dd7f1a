/// Why a text is not JSON in the sense of RFC 8259, and where.
///
/// Safe to print: it holds nothing of the text itself.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    ///
    /// New reasons may be added.
    public struct Reason: Hashable, Sendable, CustomStringConvertible {
        /// The sentence fragment that goes into messages.
        public let description: String

        /// The text ends inside a value, or is empty.
        public static let unexpectedEnd = Self(description: "unexpected end of text")
        /// A byte that cannot stand here.
        public static let unexpectedByte = Self(description: "unexpected character")
        /// Something follows the value.
        public static let trailingText = Self(description: "text after the value")
        /// A control character inside a string, which must be written as an escape.
        public static let controlCharacter = Self(description: "control character in a string")
        /// An escape that JSON does not know.
        public static let badEscape = Self(description: "invalid escape in a string")
        /// A number without its digits.
        public static let badNumber = Self(description: "invalid number")
        /// Bytes that are not UTF-8.
        public static let notUTF8 = Self(description: "not UTF-8")
        /// More than 512 arrays and objects inside each other.
        public static let tooDeep = Self(description: "nested deeper than 512 levels")
    }

    /// What is wrong.
    public let reason: Reason
    /// The byte at which it was seen, counted from 0.
    public let offset: Int

    /// For example `invalid number at byte 17`.
    public var description: String { "\(self.reason) at byte \(self.offset)" }
}
