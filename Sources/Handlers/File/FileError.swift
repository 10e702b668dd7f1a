#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Why a file could not be written.
struct FileError: Error, Hashable, CustomStringConvertible {
    /// What was being done.
    let operation: String
    /// The system's number for the reason.
    let code: Int32

    init(operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    /// Whether something else stands in the place of the file or of a folder: that does not pass by itself.
    var isObstacle: Bool { [ENOTDIR, ELOOP, EISDIR, ENOTEMPTY, EEXIST, ENAMETOOLONG, EINVAL].contains(self.code) }

    var description: String { "\(self.operation) failed: \(String(cString: strerror(self.code)))" }
}
