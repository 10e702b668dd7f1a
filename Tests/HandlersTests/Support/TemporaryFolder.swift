import Foundation

/// Runs a body with a folder of its own.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("handlers-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
}

/// The content of a file; nil when there is none.
func content(of path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { Array($0) }
}

/// All regular files below a folder, by their path in it.
func filePaths(in folder: String) -> [String] {
    let paths = FileManager.default.subpaths(atPath: folder) ?? []
    return
        paths.filter {
            (try? FileManager.default.attributesOfItem(atPath: "\(folder)/\($0)")[.type] as? FileAttributeType)
                == .typeRegular
        }
        .sorted()
}
