internal import CLinux
internal import Foundation
internal import Synchronization

/// Room on the disk that is kept back for the day the disk is full.
///
/// A file beside the store of which only the size counts. When SQLite finds no room the ballast is given up: what it
/// held is for pruning, checkpoints and the settling of deliveries, which need room before they can make some. New
/// callbacks and leases wait until it could be taken again.
///
/// | state | means | may be followed by |
/// |---|---|---|
/// | none | nobody asked for it, or the file system cannot reserve room | held |
/// | held | the file has its size | given up |
/// | given up | the file is there and empty, for the next process too | held |
final class Ballast: Sendable {
    /// What is reserved without configuration: as much as the log grows between two checkpoints, so that the log can
    /// always be copied into the database.
    static let standardSize = 32 << 20

    private enum State: Sendable {
        case none
        case held(descriptor: Int32)
        case givenUp(descriptor: Int32)

        var descriptor: Int32? {
            switch self {
            case .none: nil
            case .held(let descriptor), .givenUp(let descriptor): descriptor
            }
        }
    }

    /// The file.
    let path: String
    private let content = Mutex((state: State.none, size: 0))

    /// The ballast of a store, as an earlier process left it; makes nothing.
    ///
    /// Call it with the store's lock held.
    init(storePath: String) {
        self.path = storePath + "-ballast"
        let descriptor = open(self.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return
        }
        let size = Int(status.st_size)
        // A size alone reserves nothing: the blocks must be there.
        let isHeld = size > 0 && Int(status.st_blocks) * 512 >= size
        self.content.withLock { content in
            content.size = size > 0 ? size : Self.standardSize
            content.state = isHeld ? .held(descriptor: descriptor) : .givenUp(descriptor: descriptor)
        }
    }

    deinit { self.release() }

    /// Whether the disk was full and there is not yet room for the ballast again.
    var isGivenUp: Bool { self.content.withLock { if case .givenUp = $0.state { true } else { false } } }

    /// What there has to be room for until the ballast is taken again: itself, and an eighth for what comes first.
    var neededBytes: Int { self.content.withLock { Self.neededBytes(for: $0.size) } }

    /// Makes it when it is missing, or another size; removes it when the size is 0. One that was given up is taken again
    /// if there is room, and stays given up if not.
    ///
    /// - Throws: `StoreError.unusable` with the reason when there is none now although one was asked for. The store can
    ///   do without.
    func make(size: Int) throws(StoreError) {
        guard size > 0 else {
            self.release()
            unlink(self.path)
            return
        }
        let result: Int32 = self.content.withLock { content in
            defer { content.size = size }
            let needed = Self.neededBytes(for: size)
            switch content.state {
            case .held where content.size == size: return 0
            case .givenUp(let descriptor):
                if Self.reserve(needed, keeping: size, in: descriptor) == 0 {
                    content.state = .held(descriptor: descriptor)
                }
                return 0
            case .none, .held:
                let descriptor =
                    content.state.descriptor
                    ?? open(self.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
                guard descriptor >= 0 else { return errno }
                let result = Self.reserve(needed, keeping: size, in: descriptor)
                guard result == 0 else {
                    close(descriptor)
                    unlink(self.path)
                    content.state = .none
                    return result
                }
                content.state = .held(descriptor: descriptor)
                return 0
            }
        }
        guard result == 0 else {
            throw .unusable("Cannot reserve \(size) bytes in \(self.path): \(String(cString: strerror(result))).")
        }
    }

    /// Lets go of the room. True when this call did it.
    func giveUp() -> Bool {
        self.content.withLock { content in
            guard case .held(let descriptor) = content.state, ftruncate(descriptor, 0) == 0 else { return false }
            content.state = .givenUp(descriptor: descriptor)
            return true
        }
    }

    /// Takes the room back. True when this call did it.
    func takeAgain() -> Bool {
        self.content.withLock { content in
            guard case .givenUp(let descriptor) = content.state,
                Self.reserve(Self.neededBytes(for: content.size), keeping: content.size, in: descriptor) == 0
            else { return false }
            content.state = .held(descriptor: descriptor)
            return true
        }
    }

    /// Whether the disk has room for this much, while the ballast is given up.
    func hasRoom(for bytes: Int) -> Bool {
        self.content.withLock { content in
            guard bytes > 0, case .givenUp(let descriptor) = content.state else { return true }
            return Self.reserve(bytes, keeping: 0, in: descriptor) == 0
        }
    }

    /// Closes the file and leaves it as it is.
    private func release() {
        self.content.withLock { content in
            if let descriptor = content.state.descriptor { close(descriptor) }
            content.state = .none
        }
    }

    private static func neededBytes(for size: Int) -> Int { size + size / 8 }

    /// Asks the file system for room, the only one who knows, and gives back all but what is kept. An `errno`, or 0.
    ///
    /// Not `posix_fallocate`: where the file system cannot reserve, that writes block after block instead.
    private static func reserve(_ bytes: Int, keeping kept: Int, in descriptor: Int32) -> Int32 {
        var result: Int32
        repeat { result = fallocate(descriptor, 0, 0, off_t(bytes)) == 0 ? 0 : errno } while result == EINTR
        // On the way out of a failure the file may have grown by a part.
        let length = ftruncate(descriptor, off_t(result == 0 ? kept : 0))
        return result == 0 && length != 0 ? errno : result
    }
}
