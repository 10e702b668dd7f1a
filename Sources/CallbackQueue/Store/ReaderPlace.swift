internal import Synchronization

/// Keeps the one reader of the process that has the store: opened when it is needed first, closed before the store is.
final class ReaderPlace: Sendable {
    private enum State {
        case none
        case open(StoreReader)
        case closed
    }

    private let storePath: String
    private let state = Mutex(State.none)

    init(storePath: String) { self.storePath = storePath }

    /// The reader.
    ///
    /// - Throws: `StoreError.closed` after `close`.
    func reader() throws(StoreError) -> StoreReader {
        try self.state.withLock { state throws(StoreError) in
            switch state {
            case .open(let reader): return reader
            case .closed: throw .closed
            case .none:
                let reader = try StoreReader(path: self.storePath)
                state = .open(reader)
                return reader
            }
        }
    }

    /// Closes the reader, after whatever is being read; nothing can be read any more.
    func close() {
        let last = self.state.withLock { state in
            defer { state = .closed }
            return state
        }
        // One that cannot be closed is left to the end of the process.
        if case .open(let reader) = last { try? reader.close() }
    }
}
