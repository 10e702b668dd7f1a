package import CallbackQueue
package import Callbacks

/// Where the control socket of a store is, and the shapes that go over it.
package enum Control {
    /// The longest path of the socket in bytes: the kernel takes 107, NIO 103, which every system has.
    package static let maximumSocketPathBytes = 103

    /// The socket beside the store at `path`.
    package static func socketPath(ofStore path: String) -> String {
        StorePath.resolved(path) + "-control"
    }

    /// Asks to make deliveries due now.
    package struct RetryRequest: Codable, Sendable, Hashable {
        /// These deliveries; nil for any.
        package var ids: [Int64]?
        /// Of these handlers; nil for any.
        package var handlers: [String]?
        /// In these states; nil for any.
        package var states: [String]?
        /// Of this event; nil for any.
        package var eventID: Int64?
        /// Of this task; nil for any.
        package var taskID: String?

        package init(_ selection: DeliverySelection) {
            self.ids = selection.ids
            self.handlers = selection.handlers
            self.states = selection.states
            self.eventID = selection.eventID
            self.taskID = selection.taskID
        }

        /// The same for the store.
        package var selection: DeliverySelection {
            DeliverySelection(
                ids: self.ids,
                handlers: self.handlers,
                states: self.states,
                eventID: self.eventID,
                taskID: self.taskID
            )
        }
    }

    /// Asks to hold a handler or to let it go on.
    package struct HandlerRequest: Codable, Sendable, Hashable {
        /// The handler.
        package var name: String
        /// Why it is held; nil to let it go on.
        package var holdReason: String?

        package init(name: String, holdReason: String?) {
            self.name = name
            self.holdReason = holdReason
        }
    }

    /// Asks to hold every handler, or to end that.
    package struct HoldRequest: Codable, Sendable, Hashable {
        /// Whether to hold.
        package var isHeld: Bool
        /// Why.
        package var reason: String?

        package init(isHeld: Bool, reason: String?) {
            self.isHeld = isHeld
            self.reason = reason
        }
    }

    /// Asks to switch a handler to a mode.
    package struct ModeRequest: Codable, Sendable, Hashable {
        /// The handler.
        package var name: String
        /// Its settings, as whoever asks knows them.
        package var digest: [UInt8]
        /// To which mode.
        package var mode: HandlerMode

        package init(name: String, digest: [UInt8], mode: HandlerMode) {
            self.name = name
            self.digest = digest
            self.mode = mode
        }
    }

    /// Asks for deliveries of stored events.
    package struct ReplayRequest: Codable, Sendable, Hashable {
        /// How many events may be asked for at a time.
        package static let mostIDs = 5000

        /// The handler.
        package var handler: String
        /// The events.
        package var ids: [Int64]
        /// Whether effects that an earlier delivery had are to be had again.
        package var repeatsEffects: Bool

        package init(handler: String, ids: [Int64], repeatsEffects: Bool) {
            self.handler = handler
            self.ids = ids
            self.repeatsEffects = repeatsEffects
        }
    }

    /// How many rows were changed.
    package struct ChangeResponse: Codable, Sendable, Hashable {
        /// How many.
        package var changed: Int

        package init(changed: Int) { self.changed = changed }
    }
}
