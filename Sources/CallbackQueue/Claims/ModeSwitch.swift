package import Callbacks
internal import Foundation
internal import GRDB

/// What an operator has switched a handler to.
package struct ModeSwitch: Sendable, Hashable {
    /// To what.
    package let mode: HandlerMode
    /// For which settings of the handler, as a digest.
    package let digest: [UInt8]?

    /// The mode in which a handler with these settings works; nil for what it is configured as.
    ///
    /// To `live` it was switched for the settings of then, and others were not seen by whoever did it.
    package func mode(for digest: [UInt8]?) -> HandlerMode? {
        switch self.mode {
        case .shadow: .shadow
        case .live: digest != nil && digest == self.digest ? .live : nil
        }
    }

    /// Nil when there is none.
    init?(mode: String?, digest: Data?) {
        guard let mode = mode.flatMap(HandlerMode.init) else { return nil }
        self.mode = mode
        self.digest = digest.map { Array($0) }
    }
}

extension EventStore {
    /// What handlers were switched to, by their names.
    func modeSwitches() async throws(StoreError) -> [String: ModeSwitch] {
        try await self.writer.write { database in
            var switches: [String: ModeSwitch] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT name, mode, modeDigest FROM handler") {
                switches[row[0] as String] = ModeSwitch(mode: row[1], digest: row[2])
            }
            return switches
        }
    }
}
