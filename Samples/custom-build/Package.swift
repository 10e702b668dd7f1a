// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "custom-build",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "scale-callbacks", path: "../..")],
    targets: [
        .executableTarget(
            name: "custom-build",
            dependencies: [
                .product(name: "CallbackService", package: "scale-callbacks"),
                .product(name: "Callbacks", package: "scale-callbacks"),
                .product(name: "ScaleAPI", package: "scale-callbacks"),
            ]
        )
    ]
)
