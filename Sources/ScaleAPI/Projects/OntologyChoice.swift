/// A label that workers can choose, perhaps with finer ones below it (contract B3, C2).
///
/// A string literal makes one that is only its name.
public struct OntologyChoice: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The name, which responses use.
    public var choice: String
    /// What workers see instead of the name.
    public var display: String?
    /// What workers are told about it.
    public var description: String?
    /// The finer choices.
    public var subchoices: [OntologyChoice]

    /// A choice.
    public init(
        _ choice: String,
        display: String? = nil,
        description: String? = nil,
        subchoices: [OntologyChoice] = []
    ) {
        self.choice = choice
        self.display = display
        self.description = description
        self.subchoices = subchoices
    }

    /// A choice that is only its name.
    public init(stringLiteral value: String) { self.init(value) }

    /// The first name that stands more than once in these trees; nil when all are unique, as an ontology needs it.
    static func firstRepeated(in choices: [OntologyChoice]) -> String? {
        var seen: Set<String> = []
        var waiting = Array(choices.reversed())
        while let next = waiting.popLast() {
            guard seen.insert(next.choice).inserted else { return next.choice }
            waiting.append(contentsOf: next.subchoices.reversed())
        }
        return nil
    }
}

extension OntologyChoice: JSONWritable {
    /// A string when it is only its name, else an object.
    var written: JSON {
        if self.display == nil, self.description == nil, self.subchoices.isEmpty { return .string(self.choice) }
        return .object(
            .making {
                $0.set("choice", self.choice)
                $0.set("display", self.display)
                $0.set("description", self.description)
                $0.set("subchoices", self.subchoices)
            }
        )
    }
}
