/// Who works on which projects (contract B7).
public struct StudioAssignments: ScaleObject {
    /// The answer as Scale sent it: projects by email address.
    public let json: JSON.Object

    /// Assignments from their JSON; nil unless that is an object.
    public init?(json: JSON) {
        guard let object = json.object else { return nil }
        self.json = object
    }

    /// Everyone who is named, in Scale's order.
    public var emails: [String] { self.json.members.map(\.key) }

    /// The names of the projects that someone works on.
    public func projects(of email: String) -> [String] { self.strings(email) }
}
