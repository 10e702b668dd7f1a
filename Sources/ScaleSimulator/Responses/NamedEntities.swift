/// Made-up entities of a text (contract C3): the words that begin with a capital.
struct NamedEntities {
    private let text: String
    private let labels: [String]
    private let relationships: [String]

    init(params: JSONObject) {
        self.text = params["text"]?.string ?? ""
        let labels = params["labels"]?.array ?? []
        self.labels = labels.prefix(1000).compactMap { $0["name"]?.string ?? $0["choice"]?.string ?? $0.string }
        let relationships = params["relationships"]?.array ?? []
        self.relationships = relationships.prefix(100).compactMap { $0["name"]?.string ?? $0.string }
    }

    /// The response; the fault, when one is wanted, is a span or a label that is wrong.
    func make(
        isFaulty: Bool,
        using generator: inout SeededGenerator
    ) -> (response: JSON, plantedFault: PlantedFault?) {
        var annotations: [JSONObject] = []
        for (start, word) in self.words where annotations.count < 20 {
            guard let label = generator.pick(self.labels) else { break }
            // Offsets count UTF-16 units; for most texts every way of counting agrees.
            annotations.append([
                "id": .string("e\(annotations.count + 1)"), "start": JSON(start), "end": JSON(start + word.utf16.count),
                "text": .string(word), "label": .string(label),
            ])
        }
        var fault: PlantedFault?
        if isFaulty, !annotations.isEmpty {
            fault = generator.fraction() < 0.5 ? .spanTextDiffers : .labelNotAskedFor
            if fault == .spanTextDiffers {
                annotations[0]["text"] = .string((annotations[0]["text"]?.string ?? "") + " & Co")
            } else {
                annotations[0]["label"] = "not_in_the_taxonomy"
            }
        }
        var links: [JSON] = []
        if annotations.count > 1, let name = generator.pick(self.relationships) {
            links.append(["id": "r1", "source_ref": "e1", "target_ref": "e2", "name": .string(name)])
        }
        return (["annotations": .array(annotations.map(JSON.object)), "relationships": .array(links)], fault)
    }

    /// Words with their offsets, without the signs around them: those with capitals, else the longest one.
    private var words: [(start: Int, word: String)] {
        var all: [(start: Int, word: String)] = []
        var offset = 0
        var word = ""
        for character in self.text {
            if character.isLetter || character.isNumber {
                word.append(character)
            } else if !word.isEmpty {
                all.append((offset - word.utf16.count, word))
                word = ""
            }
            offset += character.utf16.count
        }
        if !word.isEmpty { all.append((offset - word.utf16.count, word)) }
        let names = all.filter { $0.word.first?.isUppercase == true }
        return names.isEmpty ? all.max { $0.word.count < $1.word.count }.map { [$0] } ?? [] : names
    }
}
