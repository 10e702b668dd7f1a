// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "scale-callbacks",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "ScaleAPI", targets: ["ScaleAPI"]),
        .library(name: "Callbacks", targets: ["Callbacks"]),
        .library(name: "CallbackService", targets: ["CallbackService"]),
        .executable(name: "scale-callbacks", targets: ["scale-callbacks"]),
        .executable(name: "scale-simulator", targets: ["scale-simulator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // The line: scale-callbacks ─▶ CallbackService ─▶ CallbackServer ─▶ CallbackQueue ─▶ Callbacks ─▶ ScaleAPI. Imports run right.
        .target(
            name: "ScaleAPI",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .target(
            name: "Callbacks",
            dependencies: [
                "ScaleAPI",
                "COpenSSL",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Handlers",
            dependencies: [
                "Callbacks",
                "CSQLite",
                "CZlib",
                "ScaleAPI",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .target(
            name: "CallbackQueue",
            dependencies: [
                "Callbacks",
                "CLinux",
                "CSQLite",
                "CZstd",
                "ScaleAPI",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "CallbackServer",
            dependencies: [
                "CLinux",
                "CallbackQueue",
                "Callbacks",
                "ScaleAPI",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "CallbackService",
            dependencies: [
                "CallbackQueue",
                "CallbackServer",
                "Callbacks",
                "Handlers",
                "ScaleAPI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .executableTarget(name: "scale-callbacks", dependencies: ["CallbackService"]),
        // The other side of the wire, so it shares nothing with the line above.
        .target(
            name: "ScaleSimulator",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .executableTarget(
            name: "scale-simulator",
            dependencies: [
                "ScaleSimulator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        // Security fixes come from the system's own libraries.
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),

        .testTarget(
            name: "ScaleAPITests",
            dependencies: [
                "ScaleAPI",
                "ScaleSimulator",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            resources: [.copy("Examples")]
        ),
        .testTarget(
            name: "CallbacksTests",
            dependencies: ["Callbacks", "ScaleAPI"],
            resources: [.copy("Examples")]
        ),
        .testTarget(
            name: "HandlersTests",
            dependencies: [
                "Callbacks",
                "Handlers",
                "ScaleAPI",
                "ScaleSimulator",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.copy("Examples")]
        ),
        .testTarget(
            name: "CallbackQueueTests",
            dependencies: [
                "CallbackQueue",
                "Callbacks",
                "ScaleAPI",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "CallbackServerTests",
            dependencies: [
                "CallbackQueue",
                "CallbackServer",
                "Callbacks",
                "ScaleAPI",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.copy("Examples")]
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "CallbackQueue",
                "CallbackService",
                "Callbacks",
                "Handlers",
                "ScaleAPI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "ScaleSimulatorTests",
            dependencies: [
                "ScaleSimulator",
                "scale-simulator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
    ]
)

// deploy/fuzz gives libFuzzer's archive here. The package is then another one: only what is fuzzed, watched by libFuzzer and
// the address sanitizer.
let fuzzer = Context.environment["SCALE_CALLBACKS_FUZZING"]
if let fuzzer {
    let kept: Set = ["ScaleAPI", "Callbacks", "Handlers", "CallbackQueue", "CallbackServer", "CallbackService"]
    package.products = [.executable(name: "fuzz", targets: ["fuzz"])]
    package.targets.removeAll { !kept.contains($0.name) && $0.type != .system }
    package.targets += [
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CSQLite",
                "CallbackQueue",
                "CallbackServer",
                "CallbackService",
                "Callbacks",
                "Handlers",
                "ScaleAPI",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Tests/Fuzzing",
            exclude: ["Corpus", "Dictionaries"],
            linkerSettings: [
                .unsafeFlags([fuzzer, "-sanitize=address"]), .linkedLibrary("stdc++"), .linkedLibrary("m"),
            ]
        )
    ]
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
    // Fast, but with the checks of a debug build: without them nobody sees a read past the end of a buffer. The compiler
    // does not survive optimising the command line for it (Swift 6.3.1).
    if fuzzer != nil, target.name != "CallbackQueue" {
        let optimised = target.name == "CallbackService" ? [] : ["-O", "-assert-config", "Debug"]
        target.swiftSettings?.append(.unsafeFlags(optimised + ["-sanitize=fuzzer,address"]))
    }
}
