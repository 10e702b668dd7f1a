import Testing

@testable import ScaleAPI

@Suite struct ScaleErrorCodeTests {
    @Test func `every status has its code`() {
        let known: [Int: ScaleError.Code] = [
            400: .badRequest, 401: .unauthorized, 402: .notEnabled, 403: .forbidden, 404: .notFound, 408: .timeout,
            409: .conflict, 429: .tooManyRequests, 502: .unavailable, 503: .unavailable, 504: .unavailable,
        ]
        for status in 100..<700 where !(200..<300).contains(status) {
            let expected: ScaleError.Code =
                switch status {
                case 300..<400: .redirected
                case 520...530: .unavailable
                case 500..<600: known[status] ?? .serverError
                default: known[status] ?? .other
                }
            #expect(ScaleError.Code(status: status) == expected, "\(status)")
        }
    }
}
