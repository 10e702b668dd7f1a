import CallbackQueue
import CallbackServer
import Callbacks
import Foundation
import Logging
import NIOSSL
import ScaleAPI
import ServiceLifecycle
import Synchronization
import Testing

/// A running receiver: the whole service, on a store of its own, in this process.
struct Receiver: Sendable {
    let ports: CallbackReceiver.Ports
    let storePath: String
    private let host: String
    private let group: ServiceGroup

    fileprivate init(ports: CallbackReceiver.Ports, host: String, storePath: String, group: ServiceGroup) {
        self.ports = ports
        self.host = host
        self.storePath = storePath
        self.group = group
    }

    /// Begins a graceful stop, as SIGTERM does, and does not wait for its end.
    func beginStop() async { await self.group.triggerGracefulShutdown() }

    /// Connects to the public port, or to the console's.
    func connect(toConsole: Bool = false, tls: TLSConfiguration? = nil) async throws -> RawClient {
        try await RawClient.connect(to: toConsole ? self.ports.console : self.ports.intake, host: self.host, tls: tls)
    }

    /// Sends one request on a connection of its own.
    func exchange(
        _ bytes: [UInt8],
        answers count: Int = 1,
        isHead: Bool = false,
        console: Bool = false,
        tls: TLSConfiguration? = nil
    ) async throws -> (answers: [RawAnswer], ending: RawClient.Ending) {
        let client = try await self.connect(toConsole: console, tls: tls)
        client.sendEventually(bytes)
        let result = await client.receive(count, isHead: isHead)
        await client.close()
        return result
    }

    /// The digests of all bodies that are kept, in the order in which they came.
    func storedDigests() async throws -> [[UInt8]] {
        try await self.events().map(\.bodySHA256)
    }

    /// All events, oldest first.
    func events() async throws -> [EventRecord] {
        try await StoreReader(path: self.storePath).events(order: .oldestFirst, limit: 10_000).rows
    }
}

/// What a test wants otherwise than usual.
struct Setup: Sendable {
    /// Where the store is; a temporary folder, removed afterwards, when nil.
    var folder: URL?
    var handlers: [HandlerRegistration] = []
    var configure: @Sendable (inout CallbackReceiver.Configuration) -> Void = { _ in }

    /// The usual setup with a changed configuration.
    static func configured(_ configure: @escaping @Sendable (inout CallbackReceiver.Configuration) -> Void) -> Self {
        Self(configure: configure)
    }
}

/// Makes a folder for the length of a closure.
func withTemporaryFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    // Short, because a unix socket's path has little room.
    let folder = URL(fileURLWithPath: "/tmp/scb-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}

/// Runs a receiver for the length of a closure and stops it gracefully.
///
/// - Parameter whenStopped: Looks at the store after the service has ended.
func withReceiver<Value: Sendable>(
    _ setup: Setup = Setup(),
    _ body: (Receiver) async throws -> Value,
    whenStopped: (StoreReader) async throws -> Void = { _ in }
) async throws -> Value {
    guard let folder = setup.folder else {
        return try await withTemporaryFolder { folder in
            var setup = setup
            setup.folder = folder
            return try await withReceiver(setup, body, whenStopped: whenStopped)
        }
    }
    // An address of its own: a port that is free again may at once be another test's, on the same address.
    let host = "127.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254))"
    let storePath = folder.appendingPathComponent("store.db").path
    var configuration = CallbackReceiver.Configuration.forTests(storePath: storePath, host: host)
    setup.configure(&configuration)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let (ports, continuation) = AsyncStream.makeStream(of: CallbackReceiver.Ports.self)
    let service = ReceiverService(
        receiver: CallbackReceiver(configuration: configuration, handlers: setup.handlers, logger: logger) { _ in nil },
        listening: continuation
    )
    let group = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: logger))
    let running = Task { try await group.run() }
    guard let found = await ports.first(where: { _ in true }) else {
        // It ended before it listened: its error says why.
        try await running.value
        throw CancellationError()
    }
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(Receiver(ports: found, host: host, storePath: storePath, group: group)))
    } catch {
        result = .failure(error)
    }
    await group.triggerGracefulShutdown()
    try await running.value
    let value = try result.get()
    try await whenStopped(StoreReader(path: storePath))
    return value
}

extension CallbackReceiver.Configuration {
    /// Two accounts, three keys, ports that the kernel chooses.
    static func forTests(storePath: String, host: String) -> Self {
        var configuration = Self(
            accounts: [
                Account(name: "live", callbackAuthKeys: [Secret(Requests.rotatedKey), Secret(Requests.liveKey)]),
                Account(name: "test", callbackAuthKeys: [Secret(Requests.testKey)]),
            ],
            store: EventStore.Configuration(path: storePath)
        )
        configuration.intake.host = host
        configuration.console.host = host
        configuration.intake.port = 0
        configuration.console.port = 0
        return configuration
    }
}

/// Runs the receiver under a group that a test can stop without a signal.
private struct ReceiverService: Service {
    let receiver: CallbackReceiver
    let listening: AsyncStream<CallbackReceiver.Ports>.Continuation

    func run() async throws {
        defer { self.listening.finish() }
        try await self.receiver.run(stopSignals: []) { self.listening.yield($0) }
    }
}
