/// Made-up answers to the fields of a text collection (contract C3).
struct TextCollection {
    private let fields: [JSON]
    private let respondents: Int

    init(params: JSONObject) {
        self.fields = Array((params["fields"]?.array ?? []).prefix(100))
        self.respondents = min(max(params["responses_required"]?.int ?? 1, 1), 20)
    }

    /// One respondent: `annotations` per field.
    ///
    /// Several: a list `responses`, choices as string indexes.
    func make(using generator: inout SeededGenerator) -> JSON {
        if self.respondents > 1 {
            return ["responses": .array((0..<self.respondents).map { _ in .object(self.sheet(&generator)) })]
        }
        var annotations = JSONObject()
        for field in self.fields {
            guard let id = field["field_id"]?.string else { continue }
            let type = field["type"]?.string ?? "text"
            let answer = self.answer(field, type: type, asIndex: false, &generator)
            annotations[id] = ["type": .string(type), "field_id": .string(id), "response": [[answer]]]
        }
        return ["annotations": .object(annotations)]
    }

    private func sheet(_ generator: inout SeededGenerator) -> JSONObject {
        var sheet = JSONObject()
        for field in self.fields {
            guard let id = field["field_id"]?.string else { continue }
            let type = field["type"]?.string ?? "text"
            let answer = self.answer(field, type: type, asIndex: true, &generator)
            sheet[id] = type == "text" ? answer : [.string(answer.string ?? answer.text)]
        }
        return sheet
    }

    private func answer(_ field: JSON, type: String, asIndex: Bool, _ generator: inout SeededGenerator) -> JSON {
        switch type {
        case "category":
            let choices = field["choices"]?.array ?? []
            guard !choices.isEmpty else { return .null }
            let index = generator.int(0, (choices.count - 1))
            return asIndex ? .string("\(index)") : choices[index]["value"] ?? choices[index]
        case "number":
            let low = field["min"]?.int ?? 0
            return JSON(generator.int(low, max(low, field["max"]?.int ?? low)))
        default:
            let sentences = [
                "Polite and correct.", "Names the depot and gives a date.", "Too short.", "Answers twice.",
            ]
            let text = generator.pick(sentences) ?? ""
            return .string(String(text.prefix(max(1, field["max_characters"]?.int ?? text.count))))
        }
    }
}
