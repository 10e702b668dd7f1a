/// A way to write a time in UTC: `yyyy MM dd HH mm ss` with `-`, `_`, `.` or digits between them.
struct DatePattern: Sendable, Hashable {
    private enum Part: Sendable, Hashable {
        case year, month, day, hour, minute, second
        case literal(Character)
    }

    private let parts: [Part]

    /// Reads a pattern.
    ///
    /// - Throws: `TemplateError` for any other letter or sign, and for an empty pattern.
    init(_ text: String) throws(TemplateError) {
        let fields: [(String, Part)] = [
            ("yyyy", .year), ("MM", .month), ("dd", .day), ("HH", .hour), ("mm", .minute), ("ss", .second),
        ]
        var parts: [Part] = []
        var rest = Substring(text)
        while let first = rest.first {
            if let (letters, part) = fields.first(where: { rest.hasPrefix($0.0) }) {
                parts.append(part)
                rest = rest.dropFirst(letters.count)
            } else if first.isASCII, first.isNumber || "-_.".contains(first) {
                parts.append(.literal(first))
                rest.removeFirst()
            } else {
                throw TemplateError(
                    "The date pattern '\(text)' is not understood. Use yyyy MM dd HH mm ss with - _ or . between them."
                )
            }
        }
        guard !parts.isEmpty else {
            throw TemplateError("A date placeholder has an empty pattern. Write it as {completed:yyyy-MM-dd}.")
        }
        self.parts = parts
    }

    /// The time as text; nil outside the years 0 to 9999.
    func text(millisecondsSince1970 milliseconds: Int64) -> String? {
        let seconds = milliseconds.flooredQuotient(by: 1000)
        let days = seconds.flooredQuotient(by: 86_400)
        let secondOfDay = Int(seconds - days * 86_400)
        let (year, month, day) = Self.civilDate(daysSince1970: days)
        guard (0...9999).contains(year) else { return nil }
        var text = ""
        for part in self.parts {
            switch part {
            case .year: text += Self.padded(Int(year), to: 4)
            case .month: text += Self.padded(month, to: 2)
            case .day: text += Self.padded(day, to: 2)
            case .hour: text += Self.padded(secondOfDay / 3600, to: 2)
            case .minute: text += Self.padded(secondOfDay / 60 % 60, to: 2)
            case .second: text += Self.padded(secondOfDay % 60, to: 2)
            case .literal(let character): text.append(character)
            }
        }
        return text
    }

    /// The Gregorian date of a day, counting years from March so that a leap day ends its year.
    private static func civilDate(daysSince1970 days: Int64) -> (year: Int64, month: Int, day: Int) {
        let daysPerEra: Int64 = 146_097
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(by: daysPerEra)
        let dayOfEra = shifted - era * daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ value: Int, to width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
