import Callbacks
import ScaleAPI
import Testing

@Suite struct CallbackFingerprintTests {
    @Test func `only the two spellings of one rejection are the same callback`() throws {
        var names: [[UInt8]: [String]] = [:]
        for example in Examples.all {
            names[try Callback(body: example.body).fingerprint, default: []].append(example.name)
        }
        let same = names.values.filter { $0.count > 1 }
        // They differ in the shape of the comments and in callback_* only, which contract A8 leaves out.
        #expect(same == [["41-audit-rejected", "42-audit-rejected-comments-as-string"]])
    }

    @Test(arguments: Examples.all) func `a text rendered anew is the same callback`(example: Examples.Example) throws {
        let json = try JSON(parsing: example.body)
        let original = try Callback(body: example.body)
        for seed in 0..<40 as Range<UInt64> {
            let body = JSONRerenderer.render(json, seed: seed)
            let callback = try Callback(body: body)
            #expect(callback.fingerprint == original.fingerprint, "seed \(seed)")
            #expect(callback.kind == original.kind, "seed \(seed)")
            #expect(callback.changedAt == original.changedAt, "seed \(seed)")
        }
    }

    @Test(arguments: Examples.all.filter { Int($0.name.prefix(2)) ?? 0 < 50 && !$0.name.hasPrefix("33") })
    func `our own edits and the delivery's marks do not matter`(example: Examples.Example) throws {
        let json = try JSON(parsing: example.body)
        let edited = json.changingTask { task in
            task.setting("tags", ["edited"]).setting("metadata", ["edited": 1])
                .setting("updated_at", "2031-01-01T00:00:00.000Z").setting("callback_succeeded", true)
                .setting("callback_completed", nil).setting("callback_succeeded_at", "2031-01-01T00:00:00.000Z")
        }
        #expect(edited != json)
        let fingerprint = try Callback(body: edited.encoded).fingerprint
        #expect(try fingerprint == Callback(body: example.body).fingerprint)
    }

    private static let changes: [(String, @Sendable (JSON) -> JSON)] = [
        ("response", { $0.setting("response", ["annotations": []]) }),
        ("no response", { $0.setting("response", nil).changingTask { $0.setting("response", nil) } }),
        ("status", { $0.setting("status", "error") }),
        ("id", { $0.setting("task_id", "other").changingTask { $0.setting("task_id", "other") } }),
        ("completed_at", { $0.changingTask { $0.setting("completed_at", "2025-03-11T13:40:55.903Z") } }),
        ("review", { $0.changingTask { $0.setting("customer_review_status", "accepted") } }),
        ("audited", { $0.changingTask { $0.setting("customer_audited_at", "2025-03-11T15:02:10.501Z") } }),
        ("audits", { $0.changingTask { $0.setting("audits", [["audited_at": "2025-03-11T15:02:10.502Z"]]) } }),
        ("prior", { $0.changingTask { $0.setting("prior_responses", [[:]]) } }),
    ]

    @Test func `fingerprints stay what they were in earlier versions, whose stores hold them`() throws {
        let all = try Examples.all.sorted { $0.name < $1.name }.flatMap { try Callback(body: $0.body).fingerprint }
        #expect(
            Digest.hexadecimal(Digest.sha256(all)) == "68bb36b01f3e0dfef1579e65315ee7a8ea3cec8df3d6ddc61abbc56764e2c507"
        )
    }

    @Test func `the fingerprint of a list that is hashed on the way stays what it was, too`() throws {
        let annotations = (0..<4000)
            .map { number in
                let inner = (0..<number % 40).map(String.init).joined(separator: ",")
                return #"{"uuid":"\#(number)","label":"truck","left":\#(number).50,"inner":[\#(inner)]}"#
            }
        let body =
            #"{"task_id":"65c5704c6bf306f6b6e3422f","status":"completed","response":{"z":1,"annotations":[\#(annotations.joined(separator: ","))]}}"#
        #expect(
            Digest.hexadecimal(try Callback(body: Array(body.utf8)).fingerprint)
                == "8b10c614173092bc37656fb7e39d77c61e9e02760acb52c52867d86cdd2c524a"
        )
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["k", #"\u006b"#, "é"])
    func `a flood of keys, ordered or not, takes no more time than its length`(prefix: String) throws {
        let count = 5000
        let rising = (0..<count).map { "\"\(prefix)\($0)\":0" }
        // Neither almost in order nor the other way round.
        let mixed = (0..<count).map { rising[$0 * 48_271 % count] }
        func body(_ members: [String]) -> [UInt8] {
            let object = members.joined(separator: ",")
            return Array(#"{"task_id":"a","status":"completed",\#(object),"response":{\#(object)}}"#.utf8)
        }
        let callback = try Callback(body: body(mixed))
        #expect(callback.kind == .completed)
        #expect(try Callback(body: body(rising)).fingerprint == callback.fingerprint)
        // One key that is there twice makes it a shape that is not known.
        #expect(try Callback(body: body(mixed + [rising[0]])).kind == .unrecognised)
    }

    @Test func `objects inside each other down to the limit are put in order at each level`() throws {
        func body(_ members: (String) -> String) -> [UInt8] {
            let response = (0..<510).reduce("1") { inner, _ in "{\(members(inner))}" }
            return Array(#"{"task_id":"a","status":"completed","response":\#(response)}"#.utf8)
        }
        let first = try Callback(body: body { #""a":\#($0),"b":[]"# }).fingerprint
        #expect(try Callback(body: body { #""b":[],"a":\#($0)"# }).fingerprint == first)
        #expect(try Callback(body: body { #""a":[],"b":\#($0)"# }).fingerprint != first)
    }

    @Test(arguments: ["01", "03", "17"]) func `a change of meaning is another callback`(number: String) throws {
        let json = try Examples.json(number)
        var seen: [[UInt8]: String] = [try Callback(body: json.encoded).fingerprint: "unchanged"]
        for (name, change) in Self.changes {
            let fingerprint = try Callback(body: change(json).encoded).fingerprint
            #expect(seen[fingerprint] == nil, "\(name) is the same as \(seen[fingerprint] ?? "")")
            seen[fingerprint] = name
        }
    }

    @Test func `a difference deep in a long response is seen`() throws {
        func body(_ last: String) -> [UInt8] {
            let rows = (0..<3000).map { #"{"left":\#($0),"top":[\#($0),{"label":"box"}]}"# }.joined(separator: ",")
            return Array(#"{"task_id":"a","status":"completed","response":{"annotations":[\#(rows),\#(last)]}}"#.utf8)
        }
        let first = try Callback(body: body("1"))
        #expect(try Callback(body: body("1.0")).fingerprint == first.fingerprint)
        #expect(try Callback(body: body("2")).fingerprint != first.fingerprint)
        #expect(try Callback(body: body("\"1\"")).fingerprint != first.fingerprint)
        #expect(try Callback(body: body("[1]")).fingerprint != first.fingerprint)
    }

    @Test(
        arguments: [
            (#""1""#, "1"), ("0", "false"), ("null", "{}"), ("[]", "{}"), (#"["a","b"]"#, #"["ab"]"#),
            (#"["b","a"]"#, #"["a","b"]"#), ("[[],[]]", "[[[]]]"), (#"{"a":1,"b":2}"#, #"{"a":2,"b":1}"#),
            ("1", "-1"), ("1", "10"), ("0.1", "0.01"), ("1e400", "1e401"),
            ("123456789012345678901", "123456789012345678902"),
            (#""\ud800""#, #""\ufffd""#), (#""\ud800""#, #""\ud801""#), (#""e\u0301""#, #""é""#), (#""""#, "null"),
            (#"{"a":1,"a":2}"#, #"{"a":2,"a":1}"#), (#"{"a":[1]}"#, #"{"a":1}"#), (#""A""#, #""a""#),
        ]
    )
    func `responses of different value are different callbacks`(left: String, right: String) throws {
        func fingerprint(_ response: String) throws -> [UInt8] {
            // Inside an array, since a response of null means none.
            try Callback(body: Array(#"{"task_id":"a","status":"completed","response":[\#(response)]}"#.utf8))
                .fingerprint
        }
        #expect(try fingerprint(left) != fingerprint(right))
    }

    @Test(
        arguments: [
            ("1", "1.0"), ("1", "10e-1"), ("1", "0.1E1"), ("0", "-0"), ("0", "0.000e7"), ("100", "1e2"),
            ("1e5", "1E+005"), (#""/""#, #""\/""#), (#""é""#, #""\u00e9""#), (#""😀""#, #""\uD83D\ude00""#),
            (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#), (#"{"é":1,"b":2}"#, #"{"b":2,"\u00e9":1}"#),
            (#"{"a":1,"b":2,"a":3}"#, #"{"a":1,"a":3,"b":2}"#),
        ]
    )
    func `responses of equal value are the same callback`(left: String, right: String) throws {
        func fingerprint(_ response: String) throws -> [UInt8] {
            try Callback(body: Array(#"{"task_id":"a","status":"completed","response":\#(response)}"#.utf8)).fingerprint
        }
        #expect(try fingerprint(left) == fingerprint(right))
    }

    @Test(
        arguments: [
            (#"{"batch":"a","status":"completed","stats":{"completed":1}}"#, false),
            (#"{"stats":{"error":2.0,"completed":1},"status":"completed","batch":"a"}"#, true),
            (#"{"batch":"a","status":"completed","stats":{"completed":1,"error":3}}"#, false),
            (#"{"batch":"b","status":"completed","stats":{"completed":1,"error":2}}"#, false),
            (#"{"batch":"a","status":"cancelled","stats":{"completed":1,"error":2}}"#, false),
            (#"{"task_id":"a","status":"completed","stats":{"completed":1,"error":2}}"#, false),
        ]
    )
    func `a batch is told apart by name, status and statistics`(body: String, isSame: Bool) throws {
        let first = #"{"batch":"a","status":"completed","stats":{"completed":1,"error":2}}"#
        let fingerprint = try Callback(body: Array(first.utf8)).fingerprint
        #expect(try (Callback(body: Array(body.utf8)).fingerprint == fingerprint) == isSame)
    }

    @Test(arguments: Examples.all.filter { (1...32).contains(Int($0.name.prefix(2)) ?? 0) || $0.name.hasPrefix("4") })
    func `a task as it is now has the fingerprint of its last callback`(example: Examples.Example) throws {
        let json = try JSON(parsing: example.body)
        let task = try #require(ScaleTask(json: json["task"] ?? nil))
        let callback = try Callback(body: example.body)
        #expect(Callback(task: task).fingerprint == callback.fingerprint)
        #expect(Callback(task: task).kind == callback.kind)
    }
}
