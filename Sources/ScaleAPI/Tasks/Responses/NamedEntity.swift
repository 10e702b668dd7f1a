extension TaskResponse {
    /// The entities that were found in a text.
    public var entities: [NamedEntity] { self.objects("annotations") }

    /// How they relate.
    public var relationships: [NamedEntity.Relationship] { self.objects("relationships") }
}

/// An entity in a text (contract C3).
public struct NamedEntity: ScaleObject {
    /// The entity as Scale sent it.
    public let json: JSON.Object

    /// An entity from its JSON; nil unless that is an object with `start` and `end`.
    public init?(json: JSON) {
        guard let object = json.object, object["start"]?.int != nil, object["end"]?.int != nil else { return nil }
        self.json = object
    }

    /// Its name within this response.
    public var id: String? { self.json["id"]?.string }

    /// Where it begins; in which unit is not documented, so use `range(in:)`.
    public var start: Int { self.json["start"]?.int ?? 0 }

    /// The place after its last character, in the same unit.
    public var end: Int { self.json["end"]?.int ?? 0 }

    /// The text of it.
    public var text: String? { self.json["text"]?.string }

    /// What it is.
    public var label: String? { self.json["label"]?.string }

    /// The answers about it.
    public var attributes: JSON.Object { self.json["attributes"]?.object ?? [:] }

    /// Where it is in the text of its task.
    ///
    /// `start` and `end` are tried as UTF-16 units, as Unicode scalars and as characters, until its `text` is there.
    /// Nil when it is nowhere, or when it does not say its text.
    public func range(in whole: String) -> Range<String.Index>? {
        guard let text = self.text, 0 <= self.start, self.start <= self.end else { return nil }
        func found(_ range: Range<String.Index>?) -> Range<String.Index>? {
            range.flatMap { String(whole[$0]) == text ? $0 : nil }
        }
        return found(self.slice(of: whole.utf16)) ?? found(self.slice(of: whole.unicodeScalars))
            ?? found(self.slice(of: whole))
    }

    private func slice<Units: BidirectionalCollection>(of units: Units) -> Range<String.Index>?
    where Units.Index == String.Index {
        guard let start = units.index(units.startIndex, offsetBy: self.start, limitedBy: units.endIndex),
            let end = units.index(start, offsetBy: self.end - self.start, limitedBy: units.endIndex)
        else { return nil }
        return start..<end
    }

    /// How one entity relates to another (contract C3).
    public struct Relationship: ScaleObject {
        /// The relationship as Scale sent it.
        public let json: JSON.Object

        /// A relationship from its JSON; nil unless that is an object with `source_ref` and `target_ref`.
        public init?(json: JSON) {
            guard let object = json.object(identifiedBy: "source_ref"), object["target_ref"]?.string != nil else {
                return nil
            }
            self.json = object
        }

        /// Its name within this response.
        public var id: String? { self.json["id"]?.string }

        /// What relates them.
        public var name: String? { self.json["name"]?.string }

        /// The id of the entity it goes out from.
        public var source: String { self.text("source_ref") }

        /// The id of the entity it goes to.
        public var target: String { self.text("target_ref") }
    }
}
