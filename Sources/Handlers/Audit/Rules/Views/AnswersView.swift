import Callbacks
import ScaleAPI

extension RuleView {
    /// What was answered: in text collections of all three shapes, categorizations, comparisons and forms.
    static let answers = RuleView(
        "answers",
        "one per answer; a person who answered nothing has one row without a field",
        [
            .init("position", "the place in the response, from 0") { .integer(Int64($0.position)) },
            .init("source", "`response`, or `attempt` for what single people said before it was made of them") {
                .text($0.sheet.isAttempt ? "attempt" : "response")
            },
            .init("respondent", "who answered, from 0") { .integer(Int64($0.sheet.respondent)) },
            .init("field", "the field's id; `category` or `choice` where there is only one question") {
                RuleValue($0.field)
            },
            .init("type", "the field's type, where the response or the task says it") { RuleValue($0.type) },
            .init("entry", "which time it was filled in, from 0") { .integer(Int64($0.entry)) },
            .init("value", "the text or number; what was chosen as it was written") { RuleValue(answer: $0.value) },
            .init("choice", "the value of the choice it stands for; nothing when it is not among them") {
                RuleValue($0.choice)
            },
            .init("id", "the id of a category, where the task has ids") { RuleValue(answer: $0.id) },
        ] as [Field<AnswerRow>],
        rows: { event throws(RuleFailure) in try AnswerRow.all(of: event) }
    )
}

/// One answer of one person.
struct AnswerRow {
    /// All that one person answered.
    struct Sheet {
        var respondent: Int
        var isAttempt: Bool
    }

    var position: Int
    var sheet: Sheet
    var field: String?
    var type: String?
    var entry = 0
    var value: JSON?
    var choice: String?
    var id: JSON?

    /// All answers of an event.
    ///
    /// - Throws: `RuleFailure.unavailable` when the response holds none, or too many.
    static func all(of event: JudgedEvent) throws(RuleFailure) -> [AnswerRow] {
        guard let response = event.response else { return [] }
        var collector = Collector(asked: event.asked)
        guard collector.append(response) else { throw .unavailable("the response has no answers in itself") }
        for (index, attempt) in (event["attempts"]?.elements ?? []).enumerated() {
            guard let response = attempt["response"] else { continue }
            _ = collector.append(JSON(response), as: Sheet(respondent: index, isAttempt: true))
        }
        guard collector.rows.count <= RuleDatabase.maximumAnnotations else {
            throw .unavailable("there are more than \(RuleDatabase.maximumAnnotations) answers")
        }
        return collector.rows
    }
}

/// Makes rows of answers.
private struct Collector {
    private let questions: [String: Question]
    private(set) var rows: [AnswerRow] = []

    init(asked: AskedFor) {
        self.questions = Dictionary(asked.fields.map { ($0.field, Question($0)) }) { first, _ in first }
    }

    /// Appends the answers of one response; false when it has none of their shapes.
    mutating func append(_ response: JSON, as first: AnswerRow.Sheet = .init(respondent: 0, isAttempt: false)) -> Bool {
        guard let object = response.object else { return false }
        if let sheets = object["responses"]?.array {
            for (index, sheet) in sheets.enumerated() {
                self.append(sheet: sheet.object ?? [:], as: .init(respondent: index, isAttempt: first.isAttempt))
            }
        } else if let category = object["category"] {
            let ids = object["category_id"]?.array ?? object["category_id"].map { [$0] } ?? []
            let values = category.oneOrMany
            for (index, value) in (values.isEmpty ? [.null] : values).enumerated() {
                self.append(value, field: "category", as: first)
                self.rows[self.rows.count - 1].id = ids.indices.contains(index) ? ids[index] : nil
            }
        } else if let key = ["choice", "transcript"].first(where: { object[$0] != nil }) {
            self.append(object[key] ?? .null, field: key, as: first)
        } else if object["fields"]?.object != nil || object["repeatable_fields"] != nil {
            self.append(sheet: object["fields"]?.object ?? [:], as: first)
            self.append(repeated: object["repeatable_fields"], as: first)
        } else if let annotations = object["annotations"]?.object, Self.isSheet(annotations) {
            self.append(sheet: annotations, as: first)
        } else {
            return false
        }
        return true
    }

    /// Whether it holds answers by field, and neither files nor masks.
    private static func isSheet(_ object: JSON.Object) -> Bool {
        !["url", "labeled", "unlabeled", "combined"].contains { object[$0] != nil }
            && !object.members.contains { $0.value["frames"]?.array != nil }
    }

    private mutating func append(sheet: JSON.Object, as respondent: AnswerRow.Sheet) {
        if sheet.members.isEmpty { self.rows.append(AnswerRow(position: self.rows.count, sheet: respondent)) }
        for member in sheet.members {
            guard let answer = member.value.object, let response = answer["response"] else {
                self.append(all: member.value, field: member.key, as: respondent)
                continue
            }
            let field = answer["field_id"]?.string ?? member.key
            let entries = response.oneOrMany
            if entries.isEmpty { self.append(.null, field: field, as: respondent) }
            for (index, entry) in entries.enumerated() {
                self.append(all: entry, field: field, type: answer["type"]?.string, entry: index, as: respondent)
            }
        }
    }

    /// Forms that were filled in several times: a list of forms, or a list of values for each field.
    private mutating func append(repeated: JSON?, as respondent: AnswerRow.Sheet) {
        for (index, form) in (repeated?.array ?? []).enumerated() {
            for member in form.object?.members ?? [] {
                self.append(all: member.value, field: member.key, entry: index, as: respondent)
            }
        }
        for member in repeated?.object?.members ?? [] {
            for (index, value) in member.value.oneOrMany.enumerated() {
                self.append(all: value, field: member.key, entry: index, as: respondent)
            }
        }
    }

    private mutating func append(
        all values: JSON,
        field: String,
        type: String? = nil,
        entry: Int = 0,
        as respondent: AnswerRow.Sheet
    ) {
        let values = values.oneOrMany
        // An empty list is an answer that was not given.
        for value in values.isEmpty ? [.null] : values {
            self.append(value, field: field, type: type, entry: entry, as: respondent)
        }
    }

    private mutating func append(
        _ value: JSON,
        field: String,
        type: String? = nil,
        entry: Int = 0,
        as respondent: AnswerRow.Sheet
    ) {
        // The one too many tells that there are more.
        let isFull = self.rows.count > RuleDatabase.maximumAnnotations
        if isFull { self.rows.removeLast() }
        let question = self.questions[field]
        self.rows.append(
            AnswerRow(
                position: self.rows.count,
                sheet: respondent,
                field: field,
                type: type ?? question?.type,
                entry: entry,
                value: value,
                choice: value.scalarText.flatMap { question?.choice($0) }
            )
        )
    }
}

/// A field with its choices, to be looked up.
private struct Question {
    let type: String?
    private let values: [String]
    private let byName: [String: String]
    private let byValue: Set<String>
    /// Text collections write a choice also as its place in the list; a category is always written out.
    private let takesPlaces: Bool

    init(_ field: AskedFor.Field) {
        self.type = field.type
        self.values = field.choices ?? []
        self.byValue = Set(self.values)
        self.byName = Dictionary(zip(field.names, self.values)) { first, _ in first }
        self.takesPlaces = !field.names.isEmpty
    }

    /// The value of the choice that an answer stands for: by its value, its name, or its place.
    func choice(_ answer: String) -> String? {
        if self.byValue.contains(answer) { return answer }
        if let value = self.byName[answer] { return value }
        guard self.takesPlaces, let place = Int(answer), self.values.indices.contains(place) else { return nil }
        return self.values[place]
    }
}

extension JSON {
    /// The elements of a list, or the value alone; none for null.
    fileprivate var oneOrMany: [JSON] {
        switch self {
        case .null: []
        case .array(let elements): elements
        default: [self]
        }
    }
}
