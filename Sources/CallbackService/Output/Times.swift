import Foundation
import ScaleAPI

/// Times of the store, written as Scale writes them.
enum Times {
    /// ISO 8601 in UTC with milliseconds.
    static func text(_ milliseconds: Int64) -> String { ScaleDate.string(milliseconds: milliseconds) }

    /// As JSON; null for nil.
    static func json(_ milliseconds: Int64?) -> JSON { milliseconds.map { .string(Self.text($0)) } ?? .null }
}
