/// One of Scale's words, of a set to which Scale may add.
///
/// A word that is not known here is kept as it came; a string literal makes one.
public protocol ScaleWord: RawRepresentable, Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral
where RawValue == String {
    /// The meaning of Scale's word.
    init(rawValue: String)
}

extension ScaleWord {
    /// Scale's word.
    public var description: String { self.rawValue }

    /// The meaning of Scale's word.
    public init(stringLiteral value: String) { self.init(rawValue: value) }
}
