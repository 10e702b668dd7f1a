import Testing

@testable import ScaleSimulator

@Suite struct TimestampTests {
    @Test(arguments: [
        ("2025-03-11T09:14:02.117Z", "2025-03-11T09:14:02.117Z"),
        ("2025-03-11T09:14:02Z", "2025-03-11T09:14:02.000Z"),
        ("2025-03-11 09:14:02.117999", "2025-03-11T09:14:02.117Z"),
        ("2025-03-11", "2025-03-11T00:00:00.000Z"),
        ("2024-02-29T23:59:59.9+02:00", "2024-02-29T21:59:59.900Z"),
        ("2024-02-29T23:59:59 02:00", "2024-02-29T21:59:59.000Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ("2000-03-01T00:00-0130", "2000-03-01T01:30:00.000Z"),
    ])
    func `the ways of writing a time are read`(text: String, expected: String) {
        #expect(Timestamp(text)?.description == expected)
    }

    @Test(arguments: [
        "", "yesterday", "2025-13-01", "2025-1-1", "2025-03-11T", "2025-03-11T09", "2025-03-11T09:14:02.Z",
        "2025-03-11x",
    ])
    func `what is no time is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `every day of four centuries survives writing and reading`() {
        for day in stride(from: Int64(-50000), to: 100_000, by: 1) {
            let time = Timestamp(milliseconds: day * 86_400_000 + 12345)
            #expect(Timestamp(time.description) == time)
        }
    }
}
