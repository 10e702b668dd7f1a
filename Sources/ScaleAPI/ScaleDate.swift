public import Foundation

/// Scale's timestamps: ISO 8601, in UTC with milliseconds when Scale writes them.
public enum ScaleDate {
    /// Milliseconds since 1970 of a timestamp, without allocating.
    ///
    /// Reads `yyyy-MM-dd`, then optionally `T` or a space with `HH:mm:ss`, up to nine digits of fraction (those behind
    /// the third are cut off) and `Z` or an offset such as `+02:00`, `+0200` or `+02`. Without a zone it is UTC.
    ///
    /// - Returns: nil for anything else, also for days that do not exist.
    public static func milliseconds(from text: String) -> Int64? {
        let utf8 = text.utf8
        return utf8.withContiguousStorageIfAvailable { Self.parse($0) } ?? Self.slowParse(text)
    }

    /// The moment of a timestamp, as `milliseconds(from:)` reads it.
    public static func date(from text: String) -> Date? {
        self.milliseconds(from: text).map { Date(timeIntervalSince1970: Double($0) / 1000) }
    }

    /// A moment as `yyyy-MM-ddTHH:mm:ss.SSSZ`, to the nearest millisecond.
    public static func string(from date: Date) -> String {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        guard !milliseconds.isNaN else { return Self.string(milliseconds: 0) }
        return Self.string(milliseconds: Int64(min(max(milliseconds, -1e15), 1e15)))
    }

    /// Milliseconds since 1970 as `yyyy-MM-ddTHH:mm:ss.SSSZ`; moments outside the years 0 to 9999 become the nearest.
    public static func string(milliseconds: Int64) -> String {
        let bounded = min(max(milliseconds, Self.first), Self.last)
        let day = Int(bounded - Self.modulo(bounded, 86_400_000)) / 86_400_000
        let time = Int(Self.modulo(bounded, 86_400_000))
        let civil = Self.civil(day: day)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        func append(_ value: Int, digits: Int, then separator: Unicode.Scalar) {
            var divisor = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
            text.append(UInt8(ascii: separator))
        }
        append(civil.year, digits: 4, then: "-")
        append(civil.month, digits: 2, then: "-")
        append(civil.day, digits: 2, then: "T")
        append(time / 3_600_000, digits: 2, then: ":")
        append(time / 60_000 % 60, digits: 2, then: ":")
        append(time / 1000 % 60, digits: 2, then: ".")
        append(time % 1000, digits: 3, then: "Z")
        return String(decoding: text, as: UTF8.self)
    }

    /// The first moment of the year 0.
    private static let first: Int64 = -62_167_219_200_000
    /// The last millisecond of the year 9999.
    private static let last: Int64 = 253_402_300_799_999

    private static func modulo(_ value: Int64, _ divisor: Int64) -> Int64 {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }

    /// Only for strings that are not stored as UTF-8, which bridging makes on Apple's systems.
    private static func slowParse(_ text: String) -> Int64? {
        guard text.utf8.count <= 64 else { return nil }
        return Array(text.utf8).withUnsafeBufferPointer { Self.parse($0) }
    }
}

// MARK: - Calendar

extension ScaleDate {
    /// Days from 1970-01-01 to a day of the Gregorian calendar.
    ///
    /// Years are counted from March, so that the leap day is the last of its year, in eras of 400 years.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The inverse of `days`.
    private static func civil(day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1
        )
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

// MARK: - Parsing

extension ScaleDate {
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        var reader = Reader(bytes: bytes)
        guard let year = reader.number(digits: 4), reader.take("-"),
            let month = reader.number(digits: 2), (1...12).contains(month), reader.take("-"),
            let day = reader.number(digits: 2), (1...Self.length(ofMonth: month, year: year)).contains(day)
        else { return nil }
        var milliseconds = Int64(Self.days(year: year, month: month, day: day)) * 86_400_000
        if reader.isAtEnd { return milliseconds }
        guard reader.take("T") || reader.take(" ") || reader.take("t"),
            let hour = reader.number(digits: 2), hour < 24, reader.take(":"),
            let minute = reader.number(digits: 2), minute < 60, reader.take(":"),
            // 60 is a leap second.
            let second = reader.number(digits: 2), second <= 60
        else { return nil }
        milliseconds += Int64((hour * 60 + minute) * 60 + second) * 1000
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            milliseconds += Int64(fraction)
        }
        guard let offset = reader.offsetInMinutes(), reader.isAtEnd else { return nil }
        return milliseconds - Int64(offset) * 60_000
    }

    private struct Reader {
        let bytes: UnsafeBufferPointer<UInt8>
        var position = 0

        var isAtEnd: Bool { self.position == self.bytes.count }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard !self.isAtEnd, self.bytes[self.position] == UInt8(ascii: character) else { return false }
            self.position += 1
            return true
        }

        mutating func digit() -> Int? {
            guard !self.isAtEnd, self.bytes[self.position] &- 0x30 < 10 else { return nil }
            self.position += 1
            return Int(self.bytes[self.position - 1] - 0x30)
        }

        mutating func number(digits: Int) -> Int? {
            var value = 0
            for _ in 0..<digits {
                guard let digit = self.digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        /// One to nine digits, as milliseconds.
        mutating func fraction() -> Int? {
            var value = 0
            var count = 0
            while let digit = self.digit() {
                count += 1
                if count <= 3 { value = value * 10 + digit }
            }
            guard (1...9).contains(count) else { return nil }
            for _ in 0..<max(0, 3 - count) { value *= 10 }
            return value
        }

        /// The zone; none means UTC.
        mutating func offsetInMinutes() -> Int? {
            if self.isAtEnd || self.take("Z") || self.take("z") { return 0 }
            let sign = self.take("+") ? 1 : -1
            guard sign == 1 || self.take("-") else { return nil }
            guard let hours = self.number(digits: 2), hours < 24 else { return nil }
            if self.isAtEnd { return sign * hours * 60 }
            _ = self.take(":")
            guard let minutes = self.number(digits: 2), minutes < 60 else { return nil }
            return sign * (hours * 60 + minutes)
        }
    }
}
