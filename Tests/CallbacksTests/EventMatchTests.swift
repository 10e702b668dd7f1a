import Callbacks
import ScaleAPI
import Testing

@Suite struct EventMatchTests {
    private static func callback(
        project: String? = "dock",
        batch: String? = nil,
        status: String = "completed"
    ) throws -> Callback {
        var task: JSON.Object = [
            "task_id": "a", "type": "imageannotation", "tags": ["urgent", "night"],
            "metadata": ["dock": 1, "door": nil],
        ]
        task["project"] = project.map { .string($0) }
        task["batch"] = batch.map { .string($0) }
        return try Callback(body: JSON.object(["task": .object(task), "status": .string(status)]).encoded)
    }

    @Test(
        arguments: [
            (EventMatch(), true), (EventMatch(accounts: ["live"]), true), (EventMatch(accounts: ["test"]), false),
            (EventMatch(accounts: []), false), (EventMatch(projects: ["other", "dock"]), true),
            (EventMatch(projects: ["dock*"]), true), (EventMatch(projects: ["Dock"]), false),
            (EventMatch(batches: ["*"]), false), (EventMatch(types: ["imageannotation"]), true),
            (EventMatch(types: ["image*"]), false), (EventMatch(statuses: ["completed", "error"]), true),
            (EventMatch(statuses: ["error"]), false), (EventMatch(kinds: [.completed]), true),
            (EventMatch(kinds: [.audit, .error]), false), (EventMatch(kinds: []), false),
            (EventMatch(tags: ["night"]), true), (EventMatch(tags: ["night", "urgent"]), true),
            (EventMatch(tags: ["night", "day"]), false), (EventMatch(metadataKeys: ["dock", "door"]), true),
            (EventMatch(metadataKeys: ["window"]), false),
            (EventMatch(accounts: ["live"], projects: ["d*k"], kinds: [.completed], tags: ["urgent"]), true),
            (EventMatch(accounts: ["live"], projects: ["d*k"], kinds: [.completed], tags: ["day"]), false),
        ]
    )
    func `every condition that is given must hold`(match: EventMatch, isAccepted: Bool) throws {
        #expect(try match.accepts(Self.callback(), account: "live") == isAccepted)
    }

    @Test(
        arguments: [
            ("dock*", "dock", true), ("dock*", "dock_7", true), ("dock*", "a dock", false), ("*", "", true),
            ("*", "anything", true), ("", "", true), ("", "a", false), ("dock", "dock", true), ("dock", "dock2", false),
            ("*dock", "a dock", true), ("*dock", "dock a", false), ("a*b*c", "abc", true), ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "acb", false), ("a*b*c", "abcbc", true), ("a*b*c", "abcb", false), ("a**c", "abc", true),
            ("*a*", "bab", true), ("*ab", "aab", true), ("*aab", "aaab", true), ("?ock", "dock", false),
            ("[d]ock", "dock", false), ("d.*", "dock", false), ("ü*", "über", true), ("**", "", true),
            ("*a", "", false),
        ]
    )
    func `a star stands for any run of characters and nothing else is special`(
        pattern: String,
        value: String,
        isMatch: Bool
    ) throws {
        let callback = try Self.callback(project: value, batch: value)
        #expect(EventMatch(projects: [pattern]).accepts(callback, account: "live") == isMatch)
        #expect(EventMatch(batches: ["no", pattern]).accepts(callback, account: "live") == isMatch)
    }

    /// With one more branch per star, this pattern would take longer than the age of the universe.
    @Test(.timeLimit(.minutes(1))) func `no pattern is slow`() throws {
        let value = String(repeating: "a", count: 10_000)
        let callback = try Self.callback(project: value)
        let pattern = String(repeating: "*a", count: 30) + "*b"
        #expect(!EventMatch(projects: [pattern]).accepts(callback, account: "live"))
        #expect(EventMatch(projects: [String(repeating: "*a", count: 30)]).accepts(callback, account: "live"))
    }

    @Test func `a condition on a name refuses what has none`() throws {
        let callback = try Self.callback(project: nil)
        #expect(EventMatch().accepts(callback, account: "live"))
        #expect(!EventMatch(projects: ["*"]).accepts(callback, account: "live"))
    }

    @Test func `what is unrecognised must be asked for`() throws {
        let parked = try Examples.callback("33")
        #expect(!EventMatch().accepts(parked, account: "live"))
        #expect(EventMatch(kinds: [.unrecognised]).accepts(parked, account: "live"))
        for kind in Callback.Kind.allCases where kind != .unrecognised {
            #expect(!EventMatch(kinds: [kind]).accepts(parked, account: "live"))
        }
        let unknownStatus = try Self.callback(status: "exploded")
        #expect(!EventMatch().accepts(unknownStatus, account: "live"))
    }

    @Test func `a batch callback is matched by its name`() throws {
        let batch = try Examples.callback("50")
        #expect(EventMatch(batches: ["dockyard_*"]).accepts(batch, account: "live"))
        #expect(!EventMatch(batches: ["other"]).accepts(batch, account: "live"))
        #expect(!EventMatch(projects: ["*"]).accepts(batch, account: "live"))
    }

    @Test(
        arguments: [
            (EventMatch(), EventMatch(), false), (EventMatch(accounts: ["live"]), EventMatch(), false),
            (EventMatch(accounts: ["live"]), EventMatch(accounts: ["test"]), true),
            (EventMatch(accounts: ["live", "test"]), EventMatch(accounts: ["test"]), false),
            (EventMatch(types: ["a"]), EventMatch(types: ["b"]), true),
            (EventMatch(projects: ["a"]), EventMatch(projects: ["b"]), true),
            (EventMatch(projects: ["a*"]), EventMatch(projects: ["b"]), false),
            (EventMatch(batches: ["a"]), EventMatch(batches: ["b"]), true),
            (EventMatch(statuses: ["error"]), EventMatch(statuses: ["completed"]), true),
            (EventMatch(kinds: [.completed]), EventMatch(kinds: [.audit]), true),
            (EventMatch(kinds: [.completed]), EventMatch(kinds: [.audit, .completed]), false),
            (EventMatch(tags: ["a"]), EventMatch(tags: ["b"]), false),
        ]
    )
    func `two matches are disjoint only when no event can pass both`(left: EventMatch, right: EventMatch, are: Bool) {
        #expect(left.isDisjoint(from: right) == are)
        #expect(right.isDisjoint(from: left) == are)
    }
}
