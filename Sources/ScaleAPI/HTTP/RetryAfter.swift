import NIOHTTP1

/// The `Retry-After` header of RFC 9110: seconds or a date.
enum RetryAfter {
    /// No server is believed that asks for more than a day.
    static let maximum = Duration.seconds(86_400)

    /// How long to wait, never negative; nil when there is no such header or it makes no sense.
    static func duration(_ headers: HTTPHeaders, now: Int64) -> Duration? {
        guard let value = headers.first(name: "retry-after") else { return nil }
        let utf8 = value.utf8
        if !utf8.isEmpty, utf8.allSatisfy({ $0 &- 0x30 < 10 }) {
            return min(Self.maximum, .seconds(Int64(value) ?? Int64.max >> 8))
        }
        guard let date = Self.milliseconds(httpDate: value) else { return nil }
        return min(Self.maximum, max(.zero, .milliseconds(date - now)))
    }

    /// Milliseconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`; the two obsolete forms are not read.
    static func milliseconds(httpDate: String) -> Int64? {
        let parts = httpDate.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].utf8.count == 4, parts[0].last == ",", parts[5] == "GMT",
            let month = Self.months.firstIndex(of: String(parts[2]))
        else { return nil }
        // The rest is what the timestamps of the API are made of, in another order.
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return ScaleDate.milliseconds(from: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
