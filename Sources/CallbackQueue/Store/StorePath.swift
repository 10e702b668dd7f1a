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

    /// The folder that holds the file.
    static func folder(of path: String) -> String { URL(fileURLWithPath: path).deletingLastPathComponent().path }

    /// The size of a file in bytes; 0 when there is none.
    static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Makes a file durable, or of a folder its entries.
    ///
    /// - Throws: `StoreError.unusable` with the reason.
    static func sync(_ path: String) throws(StoreError) {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { Foundation.close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw .unusable("Cannot sync \(path): \(String(cString: strerror(errno))).")
        }
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
