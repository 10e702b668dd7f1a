/// Made-up answers to the fields of a text collection (contract C3).
struct TextCollection {
    private let fields: [(id: String, type: String, field: JSON)]
    private let respondents: Int

    init(params: JSONObject) {
        self.fields = (params["fields"]?.array ?? []).prefix(100)
            .compactMap { field in
                field["field_id"]?.string.map { ($0, field["type"]?.string ?? "text", field) }
            }
        self.respondents = min(max(params["responses_required"]?.int ?? 1, 1), 20)
    }

    /// One respondent: `annotations` per field.
    ///
    /// Several: a list `responses`, choices as string indexes; they agree in their choices. A fault, when one is
    /// wanted and the fields leave room for it, is put in.
    func make(
        isFaulty: Bool,
        using generator: inout SeededGenerator
    ) -> (response: JSON, plantedFault: PlantedFault?) {
        let sheet = self.fields.map { self.answers($0.field, type: $0.type, &generator) }
        if self.respondents > 1 { return self.responses(sheet, isFaulty: isFaulty, using: &generator) }
        var annotations = JSONObject()
        for (field, answers) in zip(self.fields, sheet) {
            annotations[field.id] = [
                "type": .string(field.type), "field_id": .string(field.id),
                "response": .array(answers.map { .array($0.map(\.value)) }),
            ]
        }
        let fault = isFaulty ? self.fault(using: &generator) : nil
        switch fault?.fault {
        case .fieldMissing: annotations[fault?.id ?? ""] = nil
        case .answerTooShort:
            annotations[fault?.id ?? ""] = [
                "type": "text", "field_id": JSON(fault?.id), "response": [["x"]],
            ]
        default: break
        }
        return (["annotations": .object(annotations)], fault?.fault)
    }

    /// One answer: its value, and its place among the choices.
    private typealias Answer = (value: JSON, index: Int?)

    private func responses(
        _ sheet: [[[Answer]]],
        isFaulty: Bool,
        using generator: inout SeededGenerator
    ) -> (response: JSON, plantedFault: PlantedFault?) {
        var sheets = (0..<self.respondents)
            .map { _ in
                var shown = JSONObject()
                for (field, answers) in zip(self.fields, sheet) {
                    let row = answers.first ?? []
                    shown[field.id] =
                        field.type == "text"
                        ? row.first?.value ?? .null
                        : .array(row.map { .string($0.index.map(String.init) ?? $0.value.string ?? $0.value.text) })
                }
                return shown
            }
        var fault: PlantedFault?
        let contested = self.fields.first { $0.type == "category" && ($0.field["choices"]?.array?.count ?? 0) > 1 }
        if isFaulty, let contested {
            let taken = sheets[0][contested.id]?[0]?.string ?? "0"
            sheets[sheets.count - 1][contested.id] = [taken == "0" ? "1" : "0"]
            fault = .respondentsDisagree
        } else if isFaulty, let field = generator.pick(self.fields) {
            sheets[sheets.count - 1][field.id] = nil
            fault = .fieldMissing
        }
        return (["responses": .array(sheets.map(JSON.object))], fault)
    }

    private func fault(using generator: inout SeededGenerator) -> (fault: PlantedFault, id: String)? {
        let texts = self.fields.filter { $0.type == "text" }
        if let text = generator.pick(texts), generator.fraction() < 0.5 { return (.answerTooShort, text.id) }
        return generator.pick(self.fields).map { (.fieldMissing, $0.id) }
    }

    /// As many rows as the field wants, each with as many answers as it wants.
    private func answers(_ field: JSON, type: String, _ generator: inout SeededGenerator) -> [[Answer]] {
        let rows = min(max(field["min_responses_required"]?.int ?? 1, 1), 10)
        return (0..<rows)
            .map { _ in
                switch type {
                case "category", "ranking_order":
                    let choices = Array((field["choices"]?.array ?? []).prefix(1000).enumerated())
                    let wanted = type == "category" ? max(1, field["min_choices"]?.int ?? 1) : choices.count
                    return choices.shuffled(using: &generator).prefix(wanted)
                        .map { ($0.element["value"] ?? $0.element["label"] ?? $0.element, $0.offset) }
                case "number":
                    let low = field["min"]?.int ?? 0
                    return [(JSON(generator.int(low, max(low, field["max"]?.int ?? low))), nil)]
                default:
                    let sentences = [
                        "Polite and correct, with a date.", "Names the depot and gives a date.",
                        "Answers the question in full.", "Explains what went wrong and why.",
                    ]
                    let text = generator.pick(sentences) ?? ""
                    return [(.string(String(text.prefix(max(1, field["max_characters"]?.int ?? text.count)))), nil)]
                }
            }
    }
}
