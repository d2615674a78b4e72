// swift-tools-version:6.2
// One executable, and the targets it is made of: `ls Sources` tells the story (README, "Reading the source").
import PackageDescription

let nio = "swift-nio"

let package = Package(
    name: "chronatog",
    products: [
        .executable(name: "chronatog", targets: ["chronatog"]),
        .library(name: "Cron", targets: ["Cron"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        // Ground: values and effects.
        .target(name: "Cron", dependencies: ["Assets"]),
        .target(name: "Domain", dependencies: ["Cron"]),
        .target(name: "Effects", dependencies: ["Domain", .product(name: "Crypto", package: "swift-crypto")]),
        // Stages: they never import each other.
        .target(
            name: "Journaling",
            dependencies: ["Domain", "Effects", "CZlib", .product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(
            name: "Scheduling",
            dependencies: ["Domain", "Cron", .product(name: "DequeModule", package: "swift-collections")]
        ),
        .target(
            name: "Dispatching",
            dependencies: ["Domain", "Effects", .product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(name: "Streaming", dependencies: ["Domain"]),
        // The only target that imports two stages.
        .target(
            name: "Engine",
            dependencies: [
                "Cron", "Domain", "Effects", "Journaling", "Scheduling", "Dispatching", "Streaming",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // Edges.
        .target(
            name: "Wire",
            dependencies: [
                "Domain", "Effects",
                .product(name: "NIOCore", package: nio), .product(name: "NIOPosix", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "API",
            dependencies: [
                "Cron", "Domain", "Effects", "Engine", "Streaming",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .executableTarget(
            name: "chronatog",
            dependencies: [
                "API", "Cron", "Domain", "Effects", "Engine", "Journaling", "Wire", "Assets",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // C: the system's zlib, and embedded files.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["libz-dev"])]),
        .target(name: "Assets", cSettings: [.unsafeFlags(["-Wno-c23-extensions"])]),
    ]
)
