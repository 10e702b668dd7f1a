import Callbacks
import ScaleAPI

extension RuleView {
    /// The entities of a text.
    static let entities = RuleView(
        "entities",
        "one per entity that was found in a text",
        [
            .init("position", "the place in the response, from 0") { .integer(Int64($0.position)) },
            .init("id", "its name within the response") { RuleValue(($0.json["id"] ?? $0.json["uuid"])?.string) },
            .init("label", "the label") { RuleValue($0.json["label"]?.string) },
            .init("text", "its text as the response has it") { RuleValue($0.json["text"]?.string) },
            .init("start_offset", "where it begins") { RuleValue($0.json["start"]?.int) },
            .init("end_offset", "the place after its last character") { RuleValue($0.json["end"]?.int) },
            .init("utf16_text", "what stands there in the task's text when the offsets count UTF-16 units") {
                RuleValue($0.utf16Text)
            },
            .init("codepoint_text", "what stands there when they count Unicode code points") {
                RuleValue($0.codepointText)
            },
            .init("attributes", "JSON: the answers about it by name") {
                RuleValue(document: $0.json["attributes"])
            },
        ] as [Field<EntityRow>],
        rows: { event throws(RuleFailure) in try EntityRow.all(of: event) }
    )
}

/// One entity with the text it is in.
struct EntityRow {
    /// How many units all slices together may have; entities may overlap.
    private static let maximumSlices = 1_000_000

    let position: Int
    let json: JSON
    /// The task's text, cut into units once for all entities.
    fileprivate let text: Text?

    fileprivate final class Text {
        let utf16: [UInt16]
        let scalars: [Unicode.Scalar]

        init(_ text: String) {
            self.utf16 = Array(text.utf16)
            self.scalars = Array(text.unicodeScalars)
        }
    }

    /// The text between the offsets; nil when they are not inside the text, or cut a character in two.
    var utf16Text: String? {
        guard let text, let range = self.range(in: text.utf16.count) else { return nil }
        return String(validating: text.utf16[range], as: UTF16.self)
    }

    var codepointText: String? {
        guard let text, let range = self.range(in: text.scalars.count) else { return nil }
        var slice = String.UnicodeScalarView()
        slice.append(contentsOf: text.scalars[range])
        return String(slice)
    }

    private func range(in count: Int) -> Range<Int>? {
        guard let start = self.json["start"]?.int, let end = self.json["end"]?.int, 0 <= start, start <= end,
            end <= count
        else { return nil }
        return start..<end
    }

    /// All entities of an event's response.
    ///
    /// - Throws: `RuleFailure.unavailable` when the response has none of them, or too many.
    static func all(of event: JudgedEvent) throws(RuleFailure) -> [EntityRow] {
        guard let response = event.response else { return [] }
        let isOfEntities = event.callback?.taskType == "namedentityrecognition"
        guard let list = response["annotations"]?.array,
            isOfEntities || list.allSatisfy({ $0["start"]?.int != nil && $0["end"]?.int != nil })
        else { throw .unavailable("the response has no entities") }
        guard list.count <= RuleDatabase.maximumAnnotations else {
            throw .unavailable("the response has more than \(RuleDatabase.maximumAnnotations) entities")
        }
        let text = event.params?["text"]?.string.map(Text.init)
        let rows = list.enumerated().map { EntityRow(position: $0.offset, json: $0.element, text: text) }
        let length = rows.reduce(0) { $0 + ($1.range(in: text?.utf16.count ?? 0)?.count ?? 0) }
        guard length <= Self.maximumSlices else {
            throw .unavailable("the entities have more than \(Self.maximumSlices) characters together")
        }
        return rows
    }
}
