import ScaleAPI

/// Changes the structure of JSON: members and elements go, come twice, move, or become something else.
struct JSONMutator {
    /// Words that mean something in a callback or have broken other programs.
    private static let words: [JSON] = [
        nil, true, false, 0, -1, 1, 1e308, -0.5, 9_223_372_036_854_775_807, "", "a", "task", "completed", "error",
        "pending",
        "canceled", "accepted", "rejected", "2025-03-11T13:40:55.902Z", "9999-99-99T99:99:99Z", "box", "polygon",
        "\u{0}",
        "e\u{301}", "😀", [], [:],
    ]
    private static let keys = [
        "task_id", "task", "status", "response", "batch", "stats", "type", "project", "tags", "metadata", "params",
        "completed_at", "updated_at", "customer_review_status", "customer_audited_at", "audits", "audited_at",
        "prior_responses", "annotations", "label", "left", "top", "width", "height", "vertices", "x", "y", "geometries",
        "objects_to_annotate", "annotation_attributes", "attributes", "choices", "min_width", "",
    ]

    private var generator: SeededGenerator
    /// How many values have to be passed before the one that is changed.
    private var toPass = 0
    /// A value seen on the way, to be put elsewhere.
    private var seen: JSON = nil

    /// The text with one to three changes, spelled anew; nil when it is no JSON.
    static func mutated(_ text: [UInt8], seed: UInt64) -> [UInt8]? {
        guard let json = try? JSON(parsing: text) else { return nil }
        let changed = Self.mutated(json, seed: seed)
        return seed % 4 == 0 ? JSONRerenderer.render(changed, seed: seed) : changed.encoded
    }

    /// The value with one to three changes.
    static func mutated(_ json: JSON, seed: UInt64) -> JSON {
        var mutator = Self(generator: SeededGenerator(seed: seed))
        var json = json
        for _ in 0..<mutator.random(3) + 1 {
            mutator.toPass = mutator.random(Self.count(json))
            json = mutator.walked(json)
        }
        return json
    }

    private init(generator: SeededGenerator) { self.generator = generator }

    private mutating func random(_ count: Int) -> Int { Int.random(in: 0..<max(count, 1), using: &self.generator) }

    private static func count(_ json: JSON) -> Int {
        switch json {
        case .array(let elements): elements.reduce(1) { $0 + Self.count($1) }
        case .object(let object): object.members.reduce(1) { $0 + Self.count($1.value) }
        default: 1
        }
    }

    private mutating func walked(_ json: JSON) -> JSON {
        self.toPass -= 1
        if self.toPass == -1 { return self.changed(json) }
        if self.toPass < -1 { return json }
        if self.random(8) == 0 { self.seen = json }
        switch json {
        case .array(let elements): return .array(elements.map { self.walked($0) })
        case .object(let object):
            return .object(JSON.Object(members: object.members.map { ($0.key, self.walked($0.value)) }))
        default: return json
        }
    }

    private mutating func changed(_ json: JSON) -> JSON {
        switch (json, self.random(6)) {
        case (.array(var elements), 0...2):
            let index = self.random(elements.count)
            switch self.random(4) {
            case 0 where !elements.isEmpty: elements.remove(at: index)
            case 1 where !elements.isEmpty: elements.append(elements[index])
            case 2: elements.shuffle(using: &self.generator)
            default: elements.append(self.word())
            }
            return .array(elements)
        case (.object(let object), 0...2):
            var members = object.members.map { (key: $0.key, value: $0.value) }
            let index = self.random(members.count)
            switch self.random(5) {
            case 0 where !members.isEmpty: members.remove(at: index)
            case 1 where !members.isEmpty: members.append((members[index].key, self.word()))
            case 2 where !members.isEmpty: members[index].key = self.key()
            case 3: members.shuffle(using: &self.generator)
            default: members.append((self.key(), self.word()))
            }
            return .object(JSON.Object(members: members))
        case (.string(let text), 0...1): return .string(text + "x")
        case (.string(let text), 2): return .string(String(text.dropLast()))
        case (.number(let number), 0...2): return .number(JSON.Number((number.int ?? 0) &+ 1))
        case (_, 3): return [json]
        case (_, 4): return .object([self.key(): json])
        default: return self.word()
        }
    }

    private mutating func word() -> JSON {
        self.random(3) == 0 ? self.seen : Self.words[self.random(Self.words.count)]
    }

    private mutating func key() -> String { Self.keys[self.random(Self.keys.count)] }
}
