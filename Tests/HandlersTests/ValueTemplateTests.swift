import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

@Suite struct ValueTemplateTests {
    private static let metadata: JSON = [
        "a": "text", "n": 4.50, "b": true, "none": nil, "o": ["x": 1, "y": [1, 2]], "o.x": "whole key", "l": ["p"],
        "deep": ["er": ["est": "found"]], "": "empty key",
    ]

    private static func values(columns: [String] = [], row: JSON.Object = [:]) throws -> EventValues {
        let callback = try Example.callback("01-") { $0["metadata"] = Self.metadata }
        return EventValues(event: Example.event(callback), columns: columns, row: row)
    }

    @Test(
        arguments: [
            ("{metadata.a}", "text"), ("{metadata.n}", 4.5), ("{metadata.b}", true), ("{metadata.none}", nil),
            ("{metadata.o}", ["x": 1, "y": [1, 2]]), ("{metadata.o.x}", "whole key"), ("{metadata.o.y}", [1, 2]),
            ("{metadata.deep.er.est}", "found"), ("{metadata.deep.er.no}", nil), ("{metadata.a.b}", nil),
            ("{metadata.no}", nil),
            ("{metadata.l}", ["p"]), ("<{metadata.a}>", "<text>"), ("<{metadata.n}>", "<4.5>"),
            ("<{metadata.b}>", "<true>"),
            ("<{metadata.o}>", nil), ("{{{metadata.a}}}", "{text}"), ("{event_id}", "7"), ("plain", "plain"), ("", ""),
            ("{count}", 3), ("{count} of {label}", "3 of truck"), ("{nothing}", nil), ("{type}", "row wins"), (5, 5),
            ([1, "{metadata.no}", "{count}"], [1, 3]),
            (
                ["k": "{metadata.no}", "l": ["m": "{count}"], "z": nil],
                ["l": ["m": 3], "z": nil]
            ),
        ] as [(JSON, JSON?)]
    ) func `a value is filled with its type`(template: JSON, expected: JSON?) throws {
        let columns = ["count", "label", "nothing", "type"]
        let row: JSON.Object = ["count": 3, "label": "truck", "nothing": nil, "type": "row wins"]
        let filled = try ValueTemplate(template, columns: columns).filled(with: Self.values(columns: columns, row: row))
        #expect(filled == expected)
    }

    @Test(arguments: ["{colour}", "{metadata.}", "{count}", "{metadata.a:x}", "{completed:yyyy}", "{", "{}"])
    func `what no event has is refused at start`(text: String) {
        #expect(throws: TemplateError.self) { _ = try ValueTemplate(["k": [.string(text)]], columns: []) }
    }

    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
        (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ]) func `objects are merged as RFC 7396 has it in its examples`(target: String, patch: String, result: String)
        throws
    {
        let merged = try present(JSON(parsing: target).object).merged(with: try present(JSON(parsing: patch).object))
        #expect(JSON.object(merged) == (try JSON(parsing: result)))
    }
}
