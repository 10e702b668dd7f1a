import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file of this machine that appears under its name only when it is whole.
///
/// Until then it lies beside it as `NAME.<letters by chance>.part`, and is removed when it is given up.
final class OutputFile: Sendable {
    private let path: String
    private let temporaryPath: String
    private let descriptor: CInt
    private let offset = Mutex<Int64>(0)

    /// Writes a file: it has its name when this returns, and leaves nothing behind when this throws.
    static func create(_ path: String, _ body: (OutputFile) async throws -> Void) async throws {
        let file = try await NIOThreadPool.singleton.runIfActive { try OutputFile(path: path) }
        do {
            try await body(file)
            try await file.finish()
        } catch {
            // Here and now: the pool does nothing for a task that is cancelled.
            unlink(file.temporaryPath)
            throw error
        }
    }

    private init(path: String) throws {
        self.path = path
        self.temporaryPath = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).part"
        self.descriptor = open(self.temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard self.descriptor >= 0 else { throw Self.failure(path, errno) }
    }

    deinit { close(self.descriptor) }

    /// Forgets what was written.
    func restart() async throws {
        try await NIOThreadPool.singleton.runIfActive {
            guard ftruncate(self.descriptor, 0) == 0 else { throw Self.failure(self.path, errno) }
            self.offset.withLock { $0 = 0 }
        }
    }

    /// Appends.
    func write(_ chunk: ByteBuffer) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            try chunk.withUnsafeReadableBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let part = UnsafeRawBufferPointer(rebasing: rest)
                    let offset = self.offset.withLock { $0 }
                    let count = InputFile.retrying {
                        pwrite(self.descriptor, part.baseAddress, part.count, off_t(offset))
                    }
                    guard count > 0 else { throw Self.failure(self.path, errno) }
                    self.offset.withLock { $0 += Int64(count) }
                    rest = rest.dropFirst(count)
                }
            }
        }
    }

    /// Gives the file its name, in place of one that had it, once its content is on the disk.
    private func finish() async throws {
        try await NIOThreadPool.singleton.runIfActive {
            guard fsync(self.descriptor) == 0, rename(self.temporaryPath, self.path) == 0 else {
                throw Self.failure(self.path, errno)
            }
        }
    }

    private static func failure(_ path: String, _ number: CInt) -> FileFailure {
        .system(.fileFailed, "cannot write \(path)", number)
    }
}
