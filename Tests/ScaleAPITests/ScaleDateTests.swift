import Foundation
import ScaleAPI
import Testing

@Suite struct ScaleDateTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000Z", 0), ("1970-01-01", 0), ("1970-01-01 00:00:00", 0),
        ("2025-01-01T00:00:00.123Z", 1_735_689_600_123), ("2025-01-01 00:00:00.123456", 1_735_689_600_123),
        ("2025-01-01T00:00:00.123456789Z", 1_735_689_600_123), ("2025-01-01T00:00:00.1Z", 1_735_689_600_100),
        ("2025-01-01T00:00:00.12+00:00", 1_735_689_600_120), ("2025-01-01t02:30:00z", 1_735_698_600_000),
        ("2025-01-01T02:00:00+02:00", 1_735_689_600_000), ("2024-12-31T18:30:00-0530", 1_735_689_600_000),
        ("2025-01-01T02:00:00+02", 1_735_689_600_000), ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("2000-02-29", 951_782_400_000), ("1969-12-31T23:59:59.999Z", -1), ("0000-01-01", -62_167_219_200_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("1600-02-29", -11_670_998_400_000),
    ])
    func `a timestamp is read in all its forms`(text: String, milliseconds: Int64) {
        #expect(ScaleDate.milliseconds(from: text) == milliseconds)
        #expect(ScaleDate.date(from: text).map(ScaleDate.string) == ScaleDate.string(milliseconds: milliseconds))
    }

    @Test(arguments: [
        "", "2025", "2025-01", "2025-1-1", "25-01-01", "2025-13-01", "2025-00-01", "2025-01-00", "2025-01-32",
        "2025-02-29",
        "1900-02-29", "2025-04-31", "2025-01-01T", "2025-01-01T00", "2025-01-01T00:00", "2025-01-01T00:00Z",
        "2025-01-01T24:00:00Z",
        "2025-01-01T00:60:00Z", "2025-01-01T00:00:61Z", "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00.1234567890Z",
        "2025-01-01T00:00:00,5Z", "2025-01-01T00:00:00ZZ", "2025-01-01T00:00:00Z ", " 2025-01-01",
        "2025-01-01T00:00:00 Z",
        "2025-01-01T00:00:00+", "2025-01-01T00:00:00+2", "2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00+02:60",
        "2025-01-01T00:00:00+02:", "2025-01-01T00:00:00+02:00Z", "2025/01/01", "2025-01-01_00:00:00", "+2025-01-01",
        "-025-01-01",
        "２０２５-01-01", "2025-01-01T00:00:00.\u{661}Z", "1735689600000", "2025-W01-1", "2025-01-01T00:00:0\u{0}Z",
        "20250101T000000Z",
    ])
    func `anything else is no timestamp`(text: String) {
        #expect(ScaleDate.milliseconds(from: text) == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (1_735_689_600_120, "2025-01-01T00:00:00.120Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (Int64.min, "0000-01-01T00:00:00.000Z"),
        (Int64.max, "9999-12-31T23:59:59.999Z"),
    ])
    func `a moment is written with milliseconds in UTC`(milliseconds: Int64, text: String) {
        #expect(ScaleDate.string(milliseconds: milliseconds) == text)
    }

    @Test func `every day of eight centuries comes back, with its time`() {
        let day: Int64 = 86_400_000
        var previous = ""
        for index in stride(from: Int64(-146_097), through: 146_097, by: 7) {
            let moment = index * day + Int64((index &* 7_919_333).magnitude % 86_400_000)
            let text = ScaleDate.string(milliseconds: moment)
            #expect(text > previous)
            #expect(ScaleDate.milliseconds(from: text) == moment)
            previous = text
        }
    }

    @Test func `a date is rounded to the nearest millisecond and never traps`() {
        #expect(ScaleDate.string(from: Date(timeIntervalSince1970: 0.0006)) == "1970-01-01T00:00:00.001Z")
        #expect(ScaleDate.string(from: Date(timeIntervalSince1970: .infinity)) == "9999-12-31T23:59:59.999Z")
        #expect(ScaleDate.string(from: Date(timeIntervalSince1970: -.infinity)) == "0000-01-01T00:00:00.000Z")
        #expect(ScaleDate.string(from: Date(timeIntervalSince1970: .nan)) == "1970-01-01T00:00:00.000Z")
        #expect(ScaleDate.string(from: .distantFuture) == "4001-01-01T00:00:00.000Z")
    }
}
