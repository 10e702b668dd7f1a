internal import GRDB

/// The time by which deliveries become due and leases run out, in milliseconds since 1970.
///
/// It starts as the wall clock says and then goes as time passes. When somebody sets the wall clock meanwhile, by
/// seconds or by years, no lease runs out too early, and nothing that is due waits. What is written down for people,
/// such as when an attempt began, is by the wall clock all the same.
///
/// The store keeps how far it has come. When a later start finds the wall clock set back behind that, everything that
/// waits is moved back by as much, so that it waits as long as it was meant to.
package struct QueueClock: Sendable {
    /// What it is made of; tests turn their own.
    package struct Sources: Sendable {
        /// The wall clock, in milliseconds since 1970. Anybody may set it.
        package var wall: @Sendable () -> Int64
        /// How long the machine has been running, asleep or awake, in milliseconds. Nobody can set it.
        package var steady: @Sendable () -> Int64

        package init(wall: @escaping @Sendable () -> Int64, steady: @escaping @Sendable () -> Int64) {
            self.wall = wall
            self.steady = steady
        }

        /// The clocks of the system.
        package static let system = Sources(wall: { Now.milliseconds }, steady: { Now.millisecondsRunning })
    }

    /// From how far on the two clocks are said to differ; less is the difference of two calls.
    private static let tolerance: Int64 = 1000
    /// How often the store is told how far it has come, when there is something to write.
    private static let step: Int64 = 1000

    private let sources: Sources
    private let offset: Int64

    /// A clock that starts now.
    package init(_ sources: Sources = .system) {
        self.sources = sources
        self.offset = sources.wall() - sources.steady()
    }

    /// The time of the queue.
    package var now: Int64 { self.sources.steady() + self.offset }

    /// When something becomes due that is due at a time of the wall clock which has come.
    func dueTime(_ time: Int64) -> Int64 { min(time, self.now) }

    /// What the wall clock says at a time of the queue near now.
    func wallTime(_ time: Int64) -> Int64 {
        let difference = self.sources.wall() - self.now
        return abs(difference) < Self.tolerance ? time : time + difference
    }
}

extension QueueClock {
    /// Notes how far it has come; what is written besides makes it durable.
    func keepTime(in database: Database) throws {
        let now = self.now
        try database.cachedStatement(sql: "UPDATE queueClock SET time = ? WHERE id = 1 AND time < ?")
            .execute(arguments: [now, now - Self.step])
    }

    /// Moves what waits back when the wall clock was set back since the store was open last.
    func moveBack(in database: Database) throws {
        let now = self.now
        let time = try Int64.fetchOne(database, sql: "SELECT time FROM queueClock") ?? 0
        guard time - now >= Self.tolerance else { return }
        try database.execute(
            sql: """
                UPDATE delivery SET dueAt = max(?1, dueAt - ?2)
                WHERE handlerID IN (SELECT id FROM handler) AND state = 'pending' AND dueAt > ?1
                """,
            arguments: [now, time - now]
        )
        // What counts for the limit of an hour stays as old as it is.
        try database.execute(
            sql: "UPDATE claim SET claimedAt = claimedAt - ?2 WHERE claimedAt > ?1",
            arguments: [now - EventStore.claimHour, time - now]
        )
        try database.execute(sql: "UPDATE queueClock SET time = ?", arguments: [now])
    }
}
