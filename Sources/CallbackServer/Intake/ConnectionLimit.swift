internal import Logging
internal import NIOCore
internal import Synchronization

/// Bounds the open connections so that a crowd of strangers cannot lock out those who have a key.
///
/// A connection on which no believed callback has begun is a stranger's. When all seats are taken, the stranger who has
/// been there longest gives its seat to whoever comes. Connections with a believed callback keep theirs; when only such
/// are left, the new one is ended.
final class ConnectionLimit: Sendable {
    /// A seat of one connection, used on its event loop only.
    final class Seat {
        private let limit: ConnectionLimit
        private let number: UInt64
        private var isKept = false

        fileprivate init(_ limit: ConnectionLimit, number: UInt64) {
            self.limit = limit
            self.number = number
        }

        /// A believed callback has begun: the connection is no stranger's any more.
        func keep() {
            guard !self.isKept else { return }
            self.isKept = true
            self.limit.keep(self.number)
        }
    }

    private struct State {
        var open = 0
        var nextNumber: UInt64 = 0
        var strangers: [UInt64: any Channel] = [:]
        /// The numbers of strangers, oldest first, and of some who are none any more.
        var line = CircularBuffer<UInt64>()
        /// Connections that still have to end, whose seats are others' already.
        var evicted: Set<UInt64> = []
        /// When it was last said that the limit is reached, and how many connections were ended since.
        var toldAt: NIODeadline?
        var untold = 0

        mutating func removeOldestStranger() -> (any Channel)? {
            while let number = self.line.popFirst() {
                guard let channel = self.strangers.removeValue(forKey: number) else { continue }
                self.evicted.insert(number)
                return channel
            }
            return nil
        }

        mutating func append(_ channel: any Channel) -> UInt64 {
            self.nextNumber += 1
            if self.line.count > 2 * self.strangers.count + 64 {
                let strangers = self.strangers
                self.line.removeAll { strangers[$0] == nil }
            }
            self.strangers[self.nextNumber] = channel
            self.line.append(self.nextNumber)
            return self.nextNumber
        }

        /// How many connections were ended, when it is time to say so.
        mutating func count(_ ended: Int, now: NIODeadline) -> Int? {
            self.untold += ended
            guard ended > 0, self.toldAt.map({ now - $0 >= .minutes(1) }) ?? true else { return nil }
            self.toldAt = now
            defer { self.untold = 0 }
            return self.untold
        }
    }

    private let limit: Int
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter limit: The most connections at one time.
    init(limit: Int, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    /// Finds a seat for a new connection, and takes it back when that ends; nil when there is none.
    func admit(_ channel: any Channel) -> Seat? {
        let (number, evicted, toTell) = self.state.withLock { state -> (UInt64?, (any Channel)?, Int?) in
            var evicted: (any Channel)?
            if state.open >= self.limit {
                evicted = state.removeOldestStranger()
                guard evicted != nil else { return (nil, nil, state.count(1, now: .now())) }
            } else {
                state.open += 1
            }
            return (state.append(channel), evicted, state.count(evicted == nil ? 0 : 1, now: .now()))
        }
        if let toTell {
            self.logger.warning(
                "Connections ended because all allowed are open",
                metadata: ["maximum": "\(self.limit)", "ended": "\(toTell)"]
            )
        }
        evicted?.close(promise: nil)
        guard let number else { return nil }
        channel.closeFuture.whenComplete { _ in self.leave(number) }
        return Seat(self, number: number)
    }

    private func keep(_ number: UInt64) {
        self.state.withLock { _ = $0.strangers.removeValue(forKey: number) }
    }

    private func leave(_ number: UInt64) {
        self.state.withLock { state in
            guard state.evicted.remove(number) == nil else { return }
            state.strangers.removeValue(forKey: number)
            state.open -= 1
        }
    }
}
