import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What cannot be done with a file of this machine.
struct FileFailure: Error {
    let code: ScaleError.Code
    let message: String

    /// A failure with the system's word for `errno`.
    static func system(_ code: ScaleError.Code, _ what: String, _ number: CInt) -> Self {
        Self(code: code, message: "\(what): \(String(cString: strerror(number)))")
    }
}

/// A file of this machine that is open for reading.
///
/// It is closed when nobody holds it any more: the HTTP client may ask for one more piece after the exchange is over.
/// What may wait for a disk runs on NIO's threads for such work.
final class InputFile: Sendable {
    /// What shows that a file is still what it was.
    private struct Version: Equatable {
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    /// The path it was opened by.
    let path: String
    private let descriptor: CInt
    private let version: Version

    /// Bytes, when it was opened.
    var size: Int64 { self.version.size }

    /// Opens a file.
    ///
    /// - Throws: `FileFailure` with `invalidArgument` for a file that is missing, unreadable or no file at all.
    static func open(_ path: String) async throws -> InputFile {
        try await NIOThreadPool.singleton.runIfActive { try InputFile(path: path) }
    }

    private init(path: String) throws {
        // A named pipe would otherwise keep us waiting for somebody to write into it.
        let descriptor = Self.retrying { systemOpen(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else {
            throw FileFailure.system(.invalidArgument, "cannot read \(path)", errno)
        }
        self.path = path
        self.descriptor = descriptor
        do {
            guard let (version, isRegular) = Self.version(descriptor) else {
                throw FileFailure.system(.invalidArgument, "cannot read \(path)", errno)
            }
            guard isRegular else { throw FileFailure(code: .invalidArgument, message: "\(path) is not a file") }
            self.version = version
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(self.descriptor) }

    /// Up to `count` bytes from `offset`; throws when the file ends before.
    func read(at offset: Int64, count: Int) async throws -> ByteBuffer {
        try await NIOThreadPool.singleton.runIfActive {
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            let read = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                max(0, Self.retrying { pread(self.descriptor, bytes.baseAddress, count, off_t(offset)) })
            }
            guard read > 0 else { throw self.changed }
            return buffer
        }
    }

    /// Throws when the file is not as it was when it was opened.
    func checkUnchanged() async throws {
        let version = try await NIOThreadPool.singleton.runIfActive { Self.version(self.descriptor)?.version }
        guard version == self.version else { throw self.changed }
    }

    private var changed: FileFailure {
        FileFailure(code: .fileFailed, message: "\(self.path) changed while it was sent; send it again")
    }

    private static func version(_ descriptor: CInt) -> (version: Version, isRegular: Bool)? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        #if canImport(Darwin)
        let modified = status.st_mtimespec
        #else
        let modified = status.st_mtim
        #endif
        let version = Version(size: Int64(status.st_size), seconds: modified.tv_sec, nanoseconds: modified.tv_nsec)
        return (version, status.st_mode & S_IFMT == S_IFREG)
    }

    /// Calls again while a signal interrupts.
    static func retrying<Number: FixedWidthInteger>(_ call: () -> Number) -> Number {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }
}

/// The system's `open`, whose name the type above takes.
private func systemOpen(_ path: String, _ flags: CInt) -> CInt { open(path, flags) }
