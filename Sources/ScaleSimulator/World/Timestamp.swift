#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A moment in milliseconds since 1970-01-01 UTC, the resolution in which Scale writes times.
struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var milliseconds: Int64

    /// The system's wall clock.
    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The earlier of two moments is the smaller.
    static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp: CustomStringConvertible {
    /// ISO 8601 in UTC with milliseconds, for example `2025-03-11T09:14:02.117Z`.
    var description: String {
        var days = self.milliseconds / 86_400_000
        var rest = self.milliseconds % 86_400_000
        if rest < 0 {
            rest += 86_400_000
            days -= 1
        }
        let (year, month, day) = Self.civil(days: days)
        func padded(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60000 % 60, 2)):\(padded(rest / 1000 % 60, 2))"
        return "\(date)T\(time).\(padded(rest % 1000, 3))Z"
    }

    /// Reads ISO 8601 or `YYYY-MM-DD[ HH:MM:SS[.ffffff]]`; without an offset the time is UTC.
    ///
    /// Nil when the text is neither. Digits beyond milliseconds are dropped.
    init?(_ text: String) {
        var reader = Reader(rest: Substring(text).utf8)
        guard let year = reader.number(digits: 4), reader.take("-"), let month = reader.number(digits: 2),
            reader.take("-"), let day = reader.number(digits: 2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var milliseconds = Self.days(year: year, month: month, day: day) * 86_400_000
        if !reader.rest.isEmpty {
            guard reader.take("T") || reader.take("t") || reader.take(" "),
                let hour = reader.number(digits: 2), reader.take(":"), let minute = reader.number(digits: 2),
                hour < 25, minute < 60
            else { return nil }
            milliseconds += hour * 3_600_000 + minute * 60000
            if reader.take(":") {
                guard let second = reader.number(digits: 2), second < 61 else { return nil }
                milliseconds += second * 1000
                if reader.take(".") {
                    guard let fraction = reader.fraction() else { return nil }
                    milliseconds += fraction
                }
            }
            guard let offset = reader.offset(), reader.rest.isEmpty else { return nil }
            milliseconds -= offset
        }
        self.init(milliseconds: milliseconds)
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted in years that begin in March.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

/// Walks over the characters of a written time.
private struct Reader {
    var rest: Substring.UTF8View

    mutating func take(_ character: Character) -> Bool {
        guard let first = self.rest.first, first == character.asciiValue else { return false }
        self.rest = self.rest.dropFirst()
        return true
    }

    mutating func number(digits: Int) -> Int64? {
        let text = self.rest.prefix(digits)
        guard text.count == digits, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.rest = self.rest.dropFirst(digits)
        return Int64(String(Substring(text)))
    }

    mutating func fraction() -> Int64? {
        let digits = self.rest.prefix { (0x30...0x39).contains($0) }
        guard (1...9).contains(digits.count) else { return nil }
        self.rest = self.rest.dropFirst(digits.count)
        return Int64((String(Substring(digits)) + "00").prefix(3))
    }

    /// Milliseconds east of UTC.
    ///
    /// A blank stands for the plus sign that an unescaped query turned into one.
    mutating func offset() -> Int64? {
        if self.rest.isEmpty || self.take("Z") || self.take("z") { return 0 }
        let sign: Int64
        if self.take("+") || self.take(" ") {
            sign = 1
        } else if self.take("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = self.number(digits: 2), hours < 24 else { return nil }
        _ = self.take(":")
        guard let minutes = self.number(digits: 2), minutes < 60 else { return nil }
        return sign * (hours * 3_600_000 + minutes * 60000)
    }
}
