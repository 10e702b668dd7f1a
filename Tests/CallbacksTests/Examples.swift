import Callbacks
import Foundation
import ScaleAPI

/// The bodies in `Examples/`, as the contract describes them.
enum Examples {
    /// One body.
    struct Example: Sendable, CustomStringConvertible {
        let name: String
        let body: [UInt8]

        var description: String { self.name }
    }

    /// All of them, by name.
    static let all: [Example] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Self.folder.path)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted()
            .compactMap { name in
                (try? Data(contentsOf: Self.folder.appendingPathComponent(name)))
                    .map { Example(name: String(name.dropLast(5)), body: Array($0)) }
            }
    }()

    /// The only one whose name begins with this number.
    static func callback(_ number: String) throws -> Callback {
        try Callback(body: Self.body(number))
    }

    static func body(_ number: String) -> [UInt8] {
        self.all.first { $0.name.hasPrefix(number) }?.body ?? []
    }

    static func json(_ number: String) throws -> JSON {
        try JSON(parsing: Self.body(number))
    }

    private static var folder: URL {
        Bundle.module.resourceURL?.appendingPathComponent("Examples") ?? URL(fileURLWithPath: "/nowhere")
    }
}

extension JSON {
    /// This object with one member set, or removed by nil.
    func setting(_ key: String, _ value: JSON?) -> JSON {
        guard var object = self.object else { return self }
        object[key] = value
        return .object(object)
    }

    /// A body whose task is changed by `change`.
    func changingTask(_ change: (JSON) -> JSON) -> JSON {
        self["task"].map { self.setting("task", change($0)) } ?? self
    }
}
