internal import GRDB

/// Why the store could not do what was asked.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// Another process has the store open for writing.
    case locked(path: String)
    /// More is waiting to be written than may wait. Try again soon.
    case overloaded
    /// The disk is full, or a limit of the file system was reached. Nothing of the batch was kept.
    case full(String)
    /// Another program has locked the database, which passes. Nothing of the batch was kept.
    case busy(String)
    /// This one change contradicts the schema, which is a bug of ours. Others of its batch are not affected.
    case contradicted(String)
    /// The disk or the file cannot be trusted any more: this process has to end and be started again, which makes the
    /// store safe by its checkpoint (an fsync that failed once must never be repeated, it would falsely succeed).
    case broken(String)
    /// The store was closed.
    case closed
    /// The file cannot be used as it is.
    case unusable(String)

    /// For operators: what happened and what to do.
    package var description: String {
        switch self {
        case .locked(let path):
            "The store \(path) is open in another process. Use that process's control socket, or stop it first."
        case .overloaded: "Too much is waiting to be written."
        case .full(let reason):
            "The store's disk is full (\(reason)). Make room; callbacks are refused with 503 until then."
        case .busy(let reason):
            "Another program has locked the store (\(reason)). Close it, a database tool perhaps; callbacks are refused with "
                + "503 until then."
        case .contradicted(let reason): "The store cannot hold this (\(reason)). Please report it."
        case .broken(let reason):
            "The store cannot be written safely (\(reason)). Restart the service; look at the disk, and "
                + "with \"store check\" at the store: a damaged one is replaced by a backup."
        case .closed: "The store is closed."
        case .unusable(let reason): reason
        }
    }

    /// The error behind a failed transaction.
    init(_ error: any Error) {
        if let error = error as? StoreError {
            self = error
            return
        }
        let text = Self.cause(of: error)
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_FULL: self = .full(text)
        // The index of the log could not grow, a file beside it: nothing was synced, so nothing is in doubt.
        case .SQLITE_IOERR where (error as? DatabaseError)?.extendedResultCode == .SQLITE_IOERR_SHMSIZE:
            self = .full(text)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(text)
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG: self = .contradicted(text)
        default: self = .broken(text)
        }
    }

    /// The error behind a store that could not be opened. Nothing in it was changed.
    init(opening path: String, _ error: any Error) {
        let cause = Self.cause(of: error)
        switch StoreError(error) {
        case .full: self = .full("\(path), \(cause)")
        case .busy: self = .busy("\(path), \(cause)")
        default:
            let advice =
                switch (error as? DatabaseError)?.resultCode {
                case .SQLITE_READONLY: "Let the service's user write the file and its folder."
                case .SQLITE_CORRUPT:
                    "It is damaged: restore a backup. \"scale-callbacks store check\" may tell what is wrong with it."
                default:
                    "If it is not a scale-callbacks store, choose another path; if it is damaged, restore a backup."
                }
            self = .unusable("Cannot open the store \(path) (\(cause)); nothing in it was changed. \(advice)")
        }
    }

    /// What went wrong, without what it means for the store.
    static func cause(of error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        // The message may quote SQL but never arguments: GRDB hides those by default.
        return "SQLite error \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
    }
}
