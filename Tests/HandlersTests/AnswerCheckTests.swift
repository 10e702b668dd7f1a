import Callbacks
import ScaleAPI
import Testing

@testable import Handlers

/// The checks of answers, texts, entities and of the task as a whole.
@Suite struct AnswerCheckTests {
    private typealias Case = CheckDecisionTests.Case

    private static func example(_ name: String, _ change: @escaping @Sendable (inout JSON.Object) -> Void = { _ in })
        -> @Sendable () throws -> Callback
    {
        { try Example.callback(name, change: change) }
    }

    /// A collection of texts with these answers instead of its own.
    private static func sheets(_ sheets: [JSON], required: JSON = 2) -> @Sendable () throws -> Callback {
        self.example("06-") { task in
            task["response"] = ["responses": .array(sheets)]
            var params = task["params"]?.object ?? [:]
            params["responses_required"] = required
            task["params"] = .object(params)
        }
    }

    private static let good: JSON = ["helpful": ["0"], "why": "Polite and correct", "score": ["4"]]

    private static func entity(_ text: JSON, _ start: JSON, _ end: JSON, in whole: String, merging: Bool = false)
        -> @Sendable () throws -> Callback
    {
        {
            try Example.task(
                "namedentityrecognition",
                params: ["text": .string(whole), "merge_newlines": .bool(merging)],
                response: ["annotations": [["id": "e", "start": start, "end": end, "text": text, "label": "l"]]]
            )
        }
    }

    private static let answers: [Case] = [
        Case("answer-missing", "all fields of one person", .finds(0), example("05-")),
        Case("answer-missing", "all fields of two people", .finds(0), example("06-")),
        Case("answer-missing", "plain values", .finds(0), example("07-")),
        Case(
            "answer-missing",
            "one field of the second",
            .finds(1),
            sheets([good, ["helpful": ["0"], "why": "Good"]])
        ),
        Case("answer-missing", "nothing from the second", .finds(3), sheets([good, [:]])),
        Case("answer-missing", "empty values", .finds(3), sheets([["helpful": [], "why": "", "score": .null]])),
        Case("answer-missing", ["field": "score"], "this one is there", .finds(0), sheets([["score": ["4"]]])),
        Case("answer-missing", "what may be empty", .finds(0)) {
            try Example.task(
                "textcollection",
                params: ["fields": [["field_id": "note", "required": false], ["field_id": "a"]]],
                response: ["annotations": ["a": "yes"]]
            )
        },
        Case("answer-missing", ["field": "note"], "asked for all the same", .finds(1)) {
            try Example.task(
                "textcollection",
                params: ["fields": [["field_id": "note", "required": false]]],
                response: ["annotations": ["a": "yes"]]
            )
        },
        Case("answer-missing", "a category", .finds(0), example("04-")),
        Case("answer-missing", "no category", .finds(1), example("04-") { $0["response"] = ["category": .null] }),
        Case("answer-missing", "a form", .finds(0), example("20-")),
        Case("answer-missing", "an empty form", .finds(1), example("20-") { $0["response"] = ["fields": [:]] }),
        Case("answer-missing", "no fields known", .undecided("which fields"), example("05-") { $0["params"] = [:] }),
        Case("answer-missing", "boxes", .undecided("no answers"), example("01-")),
        Case("answer-missing", "no response", .undecided("no response"), example("05-") { $0["response"] = nil }),
        Case("answer-not-offered", "values", .finds(0), example("05-")),
        Case("answer-not-offered", "places", .finds(0), example("06-")),
        Case("answer-not-offered", "plain values", .finds(0), example("07-")),
        Case("answer-not-offered", "a place too far", .finds(1), sheets([["helpful": ["2"]]])),
        Case("answer-not-offered", "a name", .finds(0), sheets([["helpful": "Yes"]])),
        Case("answer-not-offered", "one of many", .finds(1), sheets([["helpful": ["yes", "maybe"]]])),
        Case("answer-not-offered", "categories", .finds(0), example("04-")),
        Case(
            "answer-not-offered",
            "another category",
            .finds(1),
            example("04-") { task in
                task["response"] = ["category": ["stamp", "seal"]]
            }
        ),
        Case(
            "answer-not-offered",
            "a place is no category",
            .finds(1),
            example("04-") { task in
                task["response"] = ["category": "1"]
            }
        ),
        Case("answer-not-offered", "another choice", .finds(1), example("19-") { $0["response"] = ["choice": "x"] }),
        Case(
            "answer-not-offered",
            "no choices known",
            .undecided("which choices"),
            example("04-") { task in
                task["params"] = ["attachment": "x"]
            }
        ),
        Case("answer-not-offered", ["field": "colour"], "nobody", .undecided("nobody has answered"), example("05-")),
        Case("answers-disagree", "two who do", .finds(2), example("06-")),
        Case("answers-disagree", "two who do not", .finds(0), sheets([good, good])),
        Case("answers-disagree", "the value and its place", .finds(0), sheets([good, ["helpful": ["yes"]]])),
        Case("answers-disagree", ["field": "why"], "in a text", .finds(1), sheets([good, ["why": "Rude"]])),
        Case("answers-disagree", ["field": "why"], "the same text", .finds(0), sheets([good, good])),
        Case("answers-disagree", "two of three attempts", .finds(1), example("08-")),
        Case("answers-disagree", ["agreement": "0.6"], "two of three are enough", .finds(0), example("08-")),
        Case("answers-disagree", "one who had to answer", .finds(0), example("05-")),
        Case("answers-disagree", "one of two", .undecided("single people"), sheets([good])),
        Case("answers-disagree", ["field": "x"], "nobody", .undecided("nobody has answered"), sheets([good, good])),
        Case(
            "answers-disagree",
            "the same in another order",
            .finds(0),
            sheets([
                ["helpful": ["0", "1"]], ["helpful": ["1", "0"]],
            ])
        ),
    ]

    private static let texts: [Case] = [
        Case("text-too-short", ["minimum": "10"], "long enough", .finds(0), example("05-")),
        Case("text-too-short", ["minimum": "10"], "one of two", .finds(1), example("06-")),
        Case("text-too-short", ["minimum": "7"], "a plain value", .finds(1), example("07-")),
        Case("text-too-short", ["minimum": "2", "field": "why"], "a letter", .finds(1), sheets([["why": "x"]])),
        Case("text-too-short", ["minimum": "3"], "characters and not bytes", .finds(0), sheets([["why": "äöü"]])),
        Case("text-too-short", ["minimum": "3"], "null", .undecided("text is missing"), sheets([["why": .null]])),
        Case("text-too-short", ["minimum": "3", "field": "x"], "no field", .undecided("no text x"), example("05-")),
        Case("text-too-long", ["maximum": "8"], "one of two", .finds(2), example("06-")),
        Case("text-too-long", ["maximum": "100"], "short enough", .finds(0), example("06-")),
        Case("text-matches", ["pattern": "(?i)depot"], "found", .finds(1), example("05-")),
        Case("text-matches", ["pattern": "^depot"], "not at the start", .finds(0), example("05-")),
        Case("text-matches", ["pattern": "^yes$"], "choices are no texts", .finds(0), example("05-")),
        Case("text-not-matching", ["pattern": "date\\.$"], "found", .finds(0), example("05-")),
        Case("text-not-matching", ["pattern": "^\\p{Ll}"], "not found", .finds(1), example("05-")),
        Case("text-matches", ["pattern": "€", "in": "annotations"], "in a document", .finds(1), example("16-")),
        Case(
            "text-matches",
            ["pattern": "MV", "in": "annotations", "field": "vessel"],
            "an entity",
            .finds(1),
            example("09-")
        ),
        Case("text-matches", ["pattern": "MV", "in": "annotations"], "boxes", .undecided("missing"), example("01-")),
        Case(
            "text-matches",
            ["pattern": "5", "in": "attributes", "field": "occlusion"],
            "an attribute",
            .finds(1),
            example("01-")
        ),
        Case(
            "text-too-short",
            ["minimum": "3", "in": "attributes", "field": "hi_vis"],
            "one without it",
            .undecided("missing"),
            example("01-") { _ in }
        ),
        Case(
            "text-matches",
            ["pattern": "a", "in": "answers"],
            "boxes have no answers",
            .undecided("no answers"),
            example("01-")
        ),
    ]

    private static let spans: [Case] = [
        Case("span-differs", "good ones", .finds(0), example("09-")),
        Case("span-differs", "another text", .finds(1), entity("Bob", 0, 3, in: "Ann met Bob")),
        Case("span-differs", "behind the end", .finds(1), entity("Bob", 8, 40, in: "Ann met Bob")),
        Case("span-differs", "the wrong way round", .finds(1), entity("Bob", 11, 8, in: "Ann met Bob")),
        Case("span-differs", "in UTF-16", .finds(0), entity("Bob", 6, 9, in: "🚢🚢  Bob")),
        Case("span-differs", "behind the end in code points", .finds(1), entity("Bob", 5, 8, in: "🚢🚢  Bob")),
        Case("span-differs", "in code points", .finds(0), entity("Bob", 4, 7, in: "🚢🚢  Bob")),
        Case("span-differs", ["unit": "utf16"], "only in code points", .finds(1), entity("Bob", 4, 7, in: "🚢🚢  Bob")),
        Case(
            "span-differs",
            ["unit": "codepoints"],
            "only in UTF-16",
            .finds(1),
            entity("Bob", 6, 9, in: "🚢🚢  Bob")
        ),
        Case("span-differs", "half a character", .finds(1), entity("x", 0, 1, in: "🚢x")),
        Case("span-differs", "no text of its own", .undecided("no text or no offsets"), entity(.null, 0, 3, in: "Bob")),
        Case("span-differs", "no offsets", .undecided("no text or no offsets"), entity("Bob", .null, 3, in: "Bob")),
        Case("span-differs", "a good one with merged lines", .finds(0), entity("a", 0, 1, in: "a\nb", merging: true)),
        Case(
            "span-differs",
            "perhaps of merged lines",
            .undecided("merges line breaks"),
            entity("b", 1, 2, in: "a\n\nb", merging: true)
        ),
        Case(
            "span-differs",
            "no text of the task",
            .undecided("does not show its text"),
            example("09-") { task in
                task["params"] = ["labels": []]
            }
        ),
        Case("span-differs", "boxes", .undecided("no entities"), example("01-")),
    ]

    private static let tasks: [Case] = [
        Case("time-implausible", ["maximum": "100"], "84 seconds", .finds(0), example("20-")),
        Case("time-implausible", ["minimum": "85"], "one too few", .finds(1), example("20-")),
        Case("time-implausible", ["maximum": "83.5"], "too long", .finds(1), example("20-")),
        Case("time-implausible", "not known", .undecided("how long"), example("01-")),
        Case(
            "time-implausible",
            ["key": "work.seconds", "minimum": "5"],
            "in metadata",
            .finds(1),
            example("01-") { task in
                task["metadata"] = ["work": ["seconds": 2]]
            }
        ),
        Case(
            "time-implausible",
            ["key": "work.seconds"],
            "no number",
            .undecided("how long"),
            example("01-") { task in
                task["metadata"] = ["work": ["seconds": "2"]]
            }
        ),
        Case("changed-too-little", "nothing before", .finds(0), example("01-")),
        Case("changed-too-little", "accepted before", .finds(0), example("40-")),
        Case("changed-too-little", "two changes after a reject", .finds(0), example("44-")),
        Case("changed-too-little", ["changes": "3"], "three were wanted", .finds(1), example("44-")),
        Case(
            "changed-too-little",
            "the same again",
            .finds(1),
            example("41-") { task in
                task["prior_responses"] = [task["response"] ?? .null]
            }
        ),
        Case("changed-too-little", "rejected, and nothing else known", .undecided("not known"), example("41-")),
    ]

    @Test(arguments: answers + texts + spans + tasks)
    func `a check finds, does not find, or cannot tell`(_ sample: CheckDecisionTests.Case) throws {
        try CheckDecisionTests.expect(sample)
    }

    @Test func `what the log knows of a task counts for changes too`() throws {
        let again = try Example.callback("01-")
        let response = try present(again.response.map { JSON($0) })
        let rejected = HistoryEntry(kind: "audit", reviewStatus: "rejected", response: response)
        let sample = Case("changed-too-little", "the same again", .finds(1)) { again }
        try CheckDecisionTests.expect(sample, log: [HistoryEntry(kind: "completed", response: ["a": 1]), rejected])
        let other = Case("changed-too-little", "another", .finds(0)) { again }
        try CheckDecisionTests.expect(other, log: [rejected, HistoryEntry(kind: "completed", response: ["a": 1])])
    }

    @Test(arguments: [
        ("text-matches", ["pattern": "(a"], "does not close a group"), ("text-matches", [:], "needs the parameter"),
        ("text-matches", ["pattern": "a", "in": "moon"], "must be one of"),
        ("outside-image", ["width-key": "a..b"], "keys with dots"),
        ("outside-image", ["width-key": "a\"b"], "keys with dots"), ("not-inside", ["label": "a"], "'other'"),
    ]) func `a wrong parameter is refused`(name: String, parameters: [String: String], problem: String) throws {
        let error = #expect(throws: RuleError.self) {
            _ = try AuditHandler(
                configuration: .init(rules: [
                    .init(verdict: .reject, reason: "", condition: .check(name, parameters: parameters))
                ])
            )
        }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }
}
