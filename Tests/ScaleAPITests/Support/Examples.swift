import Foundation
import Testing

/// Bodies as Scale sends them, copied from its documentation and from real traffic.
enum Examples {
    struct File: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]

        var testDescription: String { self.name }
    }

    /// All of them, by their path below `Examples`.
    static let all: [File] = {
        guard let folder = Bundle.module.url(forResource: "Examples", withExtension: nil),
            let names = FileManager.default.enumerator(atPath: folder.path)
        else { return [] }
        return names.compactMap { $0 as? String }
            .filter { $0.hasSuffix(".json") }
            .sorted()
            .compactMap { name in
                (try? Data(contentsOf: folder.appendingPathComponent(name))).map { File(name: name, bytes: Array($0)) }
            }
    }()
}
