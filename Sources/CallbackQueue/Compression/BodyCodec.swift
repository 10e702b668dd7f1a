internal import Foundation
internal import GRDB
internal import Synchronization

/// Makes bodies small for the disk, and again what they were, byte for byte.
///
/// Callbacks are small texts that repeat the same keys, parameters and instructions, so most of the gain comes from a
/// dictionary of what they have in common. Dictionaries are kept in the store and never changed: a body names its own.
final class BodyCodec: Sendable {
    /// A body as it is stored.
    struct StoredBody: Sendable, Equatable {
        let bytes: Data
        /// The dictionary; nil when the bytes are as they were received.
        let dictionaryID: Int64?
    }

    /// The dictionary that is empty; every store has it.
    static let emptyDictionaryID: Int64 = 1
    /// Larger bodies are stored as they are: making them smaller would hold up a connection's thread.
    private static let largest = 1 << 20
    private static let smallest = 64

    private struct State: Sendable {
        var decoders: [Int64: Zstandard.Decoder] = [:]
        var encoder: Zstandard.Encoder?
        var encoderID: Int64 = 0
    }

    private let state = Mutex(State())

    /// A codec with the dictionaries of a store; it makes bodies smaller with the newest.
    init(_ database: Database) throws {
        for dictionary in try BodyDictionary.fetchAll(database, sql: "SELECT id, bytes FROM dictionary ORDER BY id") {
            self.add(dictionary)
        }
    }

    /// Adds a dictionary, which is used from now on.
    func add(_ dictionary: BodyDictionary) {
        let decoder = Zstandard.Decoder(dictionary: dictionary.bytes)
        let encoder = Zstandard.Encoder(dictionary: dictionary.bytes)
        self.state.withLock { state in
            state.decoders[dictionary.id] = decoder
            state.encoder = encoder
            state.encoderID = dictionary.id
        }
    }

    /// The smaller form of a body; nil when it is to be stored as it is.
    func encode(_ body: [UInt8]) -> StoredBody? {
        guard (Self.smallest...Self.largest).contains(body.count) else { return nil }
        let (encoder, id) = self.state.withLock { ($0.encoder, $0.encoderID) }
        return encoder?.encode(body).map { StoredBody(bytes: $0, dictionaryID: id) }
    }

    /// The body as it was received; nil when it is damaged, or its dictionary is not known.
    ///
    /// - Parameter size: How long it was.
    func decode(_ body: StoredBody, size: Int) -> [UInt8]? {
        guard let id = body.dictionaryID else { return body.bytes.count == size ? Array(body.bytes) : nil }
        return self.state.withLock { $0.decoders[id] }?.decode(body.bytes, size: size)
    }
}

/// What bodies have in common.
struct BodyDictionary: Sendable, FetchableRecord {
    let id: Int64
    let bytes: Data

    init(id: Int64, bytes: Data) {
        self.id = id
        self.bytes = bytes
    }

    init(row: Row) {
        self.id = row[0]
        self.bytes = row[1]
    }
}
