import ScaleAPI

/// What a callback says, by the rules of the fingerprint, written down a second time over decoded JSON.
///
/// Two callbacks have one fingerprint exactly when they have one meaning.
enum CallbackMeaning: Hashable {
    case task([Meaning?])
    case batch([Meaning?])
    case unrecognised(Meaning)

    /// The meaning of a body; nil for what decoded JSON cannot tell apart: half surrogate pairs, and numbers with
    /// exponents of more than 15 digits.
    init?(_ json: JSON) {
        guard let whole = Meaning(json) else { return nil }
        guard let root = Self.members(json), let task = Self.members(root["task"]) else {
            self = .unrecognised(whole)
            return
        }
        let outerID = root["task_id"]?.string
        if let id = outerID ?? task["task_id"]?.string {
            guard (task["task_id"]?.string ?? id) == id, Self.isPlausible(id) else {
                self = .unrecognised(whole)
                return
            }
            self.init(task, root: root, id: id)
        } else if let name = root["batch"]?.string, root["task"] == nil, root["task_id"] == nil,
            (1...1000).contains(name.utf8.count)
        {
            let parts: [JSON?] = [.string(name), root["status"]?.string.map { .string($0) }, root["stats"]]
            self = .batch(parts.map { $0.flatMap(Meaning.init) })
        } else {
            self = .unrecognised(whole)
        }
    }

    private init(_ task: [String: JSON], root: [String: JSON], id: String) {
        let review = task["customer_review_status"]?.string
        let audited = task["customer_audited_at"]?.string ?? task["audits"]?[0]?["audited_at"]?.string
        let response = root["response"] ?? task["response"]
        let texts = [
            id, root["status"]?.string ?? task["status"]?.string, task["completed_at"]?.string,
            review == "pending" ? nil : review, audited, "\(task["prior_responses"]?.array?.count ?? 0)",
        ]
        let parts = texts.map { $0.map { JSON.string($0) } } + [response == .null ? nil : response]
        self = .task(parts.map { $0.flatMap(Meaning.init) })
    }

    private static func isPlausible(_ id: String) -> Bool {
        !id.isEmpty && id.unicodeScalars.count <= 128
            && id.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789_-".unicodeScalars.contains($0))
            }
    }

    /// The members by key, none of what is no object; nil when a key is there more than once.
    private static func members(_ json: JSON?) -> [String: JSON]? {
        var members: [String: JSON] = [:]
        for member in json?.object?.members ?? [] where members.updateValue(member.value, forKey: member.key) != nil {
            return nil
        }
        return members
    }
}

/// A JSON value without its spelling.
enum Meaning: Hashable {
    case null
    case bool(Bool)
    case number(isNegative: Bool, digits: [UInt8], exponent: Int)
    case string([UInt8])
    case array([Meaning])
    case object([Member])

    struct Member: Hashable {
        let key: [UInt8]
        let value: Meaning
    }

    init?(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let number): self.init(number: number.literal)
        case .string(let text):
            guard !text.unicodeScalars.contains("\u{FFFD}") else { return nil }
            self = .string(Array(text.utf8))
        case .array(let elements):
            let meanings = elements.compactMap(Meaning.init)
            guard meanings.count == elements.count else { return nil }
            self = .array(meanings)
        case .object(let object):
            let members = object.members
                .compactMap { member -> Member? in
                    guard !member.key.unicodeScalars.contains("\u{FFFD}") else { return nil }
                    return Meaning(member.value).map { Member(key: Array(member.key.utf8), value: $0) }
                }
            guard members.count == object.members.count else { return nil }
            // Equal keys keep their order: `sorted` is stable.
            self = .object(members.sorted { $0.key.lexicographicallyPrecedes($1.key) })
        }
    }

    private init?(number literal: String) {
        let isNegative = literal.hasPrefix("-")
        let halves = literal.lowercased().split(separator: "e")
        let mantissa = halves[0].drop { $0 == "-" }.split(separator: ".")
        let written = halves.count > 1 ? halves[1] : "0"
        guard written.utf8.count <= 15, var exponent = Int(written) else { return nil }
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        exponent -= fraction.utf8.count
        var digits = Array((mantissa[0] + fraction).utf8)
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
        self =
            digits.isEmpty
            ? .number(isNegative: false, digits: [], exponent: 0)
            : .number(isNegative: isNegative, digits: digits, exponent: exponent)
    }
}
