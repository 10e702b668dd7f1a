internal import Foundation

/// Naming the file of a store.
package enum StorePath {
    /// The absolute path of the file itself, with every symbolic link resolved; also of one that is still to be made.
    package static func resolved(_ path: String) -> String {
        if let real = Self.real(path) { return real }
        let url = URL(fileURLWithPath: path)
        guard let folder = Self.real(url.deletingLastPathComponent().path) else { return url.standardizedFileURL.path }
        return folder == "/" ? "/" + url.lastPathComponent : folder + "/" + url.lastPathComponent
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
