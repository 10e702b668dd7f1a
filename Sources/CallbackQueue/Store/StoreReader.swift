internal import Foundation
internal import GRDB

/// Looks at a store without ever changing it: no writes, no checkpoints, no lock.
///
/// Works beside the running service and after it has stopped or crashed. Lists come in keyset pages, so they stay fast
/// however long the log is.
package struct StoreReader: Sendable {
    let database: DatabaseQueue
    let codec: BodyCodec

    /// Opens the store at `path` for reading.
    ///
    /// - Throws: `StoreError.unusable` when there is no store there, or one that this version does not know.
    package init(path: String) throws(StoreError) {
        guard FileManager.default.fileExists(atPath: path) else {
            throw .unusable("There is no store at \(path). Start the service once, or name the store with --store.")
        }
        var configuration = GRDB.Configuration()
        configuration.label = "scale-callbacks.reader"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            self.database = try DatabaseQueue(path: path, configuration: configuration)
            let isCurrent = try self.database.read { try Schema.migrator.hasCompletedMigrations($0) }
            guard isCurrent else {
                throw StoreError.unusable(
                    "\(path) was made by another version of scale-callbacks, or is not a store. "
                        + "Start this version's service once to migrate it."
                )
            }
            self.codec = try self.database.read { try BodyCodec($0) }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .unusable(
                "Cannot read \(path) (\(StoreError.cause(of: error))). Is it a scale-callbacks store, and are you its user?"
            )
        }
    }

    /// Ends reading, once what is being read is read.
    func close() throws { try self.database.close() }

    /// One page of a list.
    package struct Page<Row: Sendable>: Sendable {
        /// The rows.
        package var rows: [Row]
        /// Where the next page starts; nil on the last one.
        package var next: Int64?
    }

    /// Reads rows by a statement.
    func fetch<Row: FetchableRecord & Sendable>(
        _ type: Row.Type,
        sql: String,
        arguments: StatementArguments
    ) async throws(StoreError) -> [Row] {
        try await self.read { try Row.fetchAll($0, sql: sql, arguments: arguments) }
    }

    /// Reads in one transaction, mapping what SQLite says to a `StoreError`.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value
    {
        do {
            return try await self.database.read(body)
        } catch {
            throw StoreError(error)
        }
    }
}
