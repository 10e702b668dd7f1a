import Callbacks

/// Reading and writing durations, sizes and shares as people write them.
enum Quantity {
    private static let durationUnits: [(name: String, milliseconds: Int64)] = [
        ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000),
        ("s", 1000), ("ms", 1),
    ]
    private static let sizeUnits: [(name: String, bytes: Int)] = [
        ("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10), ("B", 1),
    ]

    /// Reads `500ms`, `10s`, `15m`, `48h`, `90d`, `2w` or `2y`; a year is 365 days.
    static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = Self.split(text),
            let scale = Self.durationUnits.first(where: { $0.name == unit })?.milliseconds
        else { return nil }
        let (milliseconds, overflows) = Int64(number).multipliedReportingOverflow(by: scale)
        return overflows ? nil : .milliseconds(milliseconds)
    }

    /// Reads `512B`, `100KB`, `64MB` or `1GB`, in steps of 1024, as bytes.
    static func bytes(_ text: String) -> Int? {
        guard let (number, unit) = Self.split(text),
            let scale = Self.sizeUnits.first(where: { $0.name == unit })?.bytes
        else { return nil }
        return number * scale
    }

    /// Reads `5%` or `0.5%` as a share from 0 to 1; nil above 100%.
    static func share(_ text: String) -> Double? {
        guard text.hasSuffix("%"), text.utf8.allSatisfy({ $0 < 0x3A && $0 != UInt8(ascii: "+") }),
            let percent = Double(text.dropLast()), (0...100).contains(percent)
        else { return nil }
        return percent / 100
    }

    /// Writes a duration in the largest unit that says it exactly.
    static func text(_ duration: Duration) -> String {
        let milliseconds = duration.inMilliseconds
        guard milliseconds != 0 else { return "0s" }
        // Weeks are read but not written: 14d is easier to compare with 90d than 2w.
        for unit in Self.durationUnits where unit.name != "w" && milliseconds % unit.milliseconds == 0 {
            return "\(milliseconds / unit.milliseconds)\(unit.name)"
        }
        return "\(milliseconds)ms"
    }

    /// Writes a size in the largest unit that says it exactly.
    static func text(bytes: Int) -> String {
        let unit = Self.sizeUnits.first { bytes % $0.bytes == 0 && bytes > 0 } ?? ("B", 1)
        return "\(bytes / unit.bytes)\(unit.name)"
    }

    /// Writes a share as a percentage.
    static func text(share: Double) -> String {
        // Rounded, because 0.07 * 100 is not 7.
        let percent = (share * 100 * 1e9).rounded() / 1e9
        return percent == percent.rounded() ? "\(Int(percent))%" : "\(percent)%"
    }

    /// Nine digits at most, so that no size overflows.
    private static func split(_ text: String) -> (number: Int, unit: Substring)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(digits.utf8.count), let number = Int(digits) else { return nil }
        return (number, text[digits.endIndex...])
    }
}

extension Quantity {
    /// Writes a duration in whole seconds.
    static func seconds(_ duration: Duration) -> String {
        "\(Int(duration.inSeconds.rounded())) s"
    }
}
