// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "scale-callbacks",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "ScaleAPI", targets: ["ScaleAPI"]),
        .library(name: "Callbacks", targets: ["Callbacks"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // The line: scale-callbacks ─▶ CallbackServer ─▶ CallbackQueue ─▶ Callbacks ─▶ ScaleAPI. Imports run right.
        .target(
            name: "ScaleAPI",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
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
        // Security fixes come from the system's own libraries.
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .testTarget(
            name: "ScaleAPITests",
            dependencies: [
                "ScaleAPI",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.copy("Examples")]
        ),
        .testTarget(
            name: "CallbacksTests",
            dependencies: ["Callbacks", "ScaleAPI"],
            resources: [.copy("Examples")]
        ),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
