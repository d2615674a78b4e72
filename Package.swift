// swift-tools-version:6.2
// One executable, and the targets it is made of: `ls Sources` tells the story (README, "Reading the source").
import PackageDescription

let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")

let package = Package(
    name: "chronatog",
    products: [
        .executable(name: "chronatog", targets: ["chronatog"]),
        .library(name: "Cron", targets: ["Cron"]),
        .library(name: "ChronatogClient", targets: ["ChronatogClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        // Ground: values and effects.
        .target(name: "Cron", dependencies: ["Assets"]),
        .target(name: "Domain", dependencies: ["Cron"]),
        .target(name: "Effects", dependencies: ["Domain", crypto]),
        .target(name: "WebSocket", dependencies: ["Domain", crypto]),
        // Stages: they never import each other.
        .target(name: "Journaling", dependencies: ["CZlib", "Cron", "Domain", "Effects", crypto]),
        .target(
            name: "Scheduling",
            dependencies: [
                "Cron", "Domain", deque, .product(name: "HeapModule", package: "swift-collections"),
            ]
        ),
        .target(name: "Dispatching", dependencies: ["Cron", "Domain", "Effects", crypto]),
        .target(name: "Alerting", dependencies: ["Cron", "Domain", deque]),
        .target(name: "Streaming", dependencies: ["Cron", "Domain"]),
        // The only target that imports two stages.
        .target(
            name: "Engine",
            dependencies: [
                "Alerting", "Cron", "Dispatching", "Domain", "Effects", "Integrations", "Journaling",
                "Scheduling", deque, logging,
            ]
        ),
        // Edges.
        .target(name: "Integrations", dependencies: ["Cron", "Domain", "Effects", crypto]),
        .target(
            name: "Wire",
            dependencies: [
                "Domain", "Effects", "WebSocket", nioCore, nioPosix, nioSSL,
                .product(name: "NIOTLS", package: "swift-nio"),
            ]
        ),
        .target(
            name: "API",
            dependencies: [
                "CZlib", "Cron", "Domain", "Effects", "Engine", "Integrations", "Journaling", "Streaming",
                "WebSocket",
                crypto,
                hummingbird, logging,
                nioCore, nioPosix,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
            ]
        ),
        .target(name: "ChronatogClient", dependencies: ["Cron", "Domain", "Effects", "Wire"]),
        .executableTarget(
            name: "chronatog",
            dependencies: [
                "API", "Cron", "Domain", "Effects", "Engine", "Integrations", "Journaling", "WebSocket",
                "Wire",
                logging, nioCore, nioPosix,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // A world that can be broken by seed; linked by tests only.
        .target(
            name: "Simulation",
            dependencies: [
                "Cron", "Domain", "Effects", "Engine", "Integrations", "Journaling", "Scheduling", logging,
            ]
        ),
        // Those who are told of alerts, as strict as the real ones; linked by tests only.
        .target(
            name: "Counterparts",
            dependencies: [
                "Domain", "Effects", "Integrations", "WebSocket", crypto, nioCore, nioPosix, nioSSL,
            ],
            path: "Tests/Counterparts"
        ),
        // C: the system's zlib, and embedded files.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["libz-dev"])]),
        .target(name: "Assets", exclude: ["bundle-zones.py", "zones.bin"]),
        // Tests.
        .testTarget(name: "CronTests", dependencies: ["Cron"]),
        .testTarget(name: "DomainTests", dependencies: ["Cron", "Domain"]),
        .testTarget(name: "WebSocketTests", dependencies: ["WebSocket"]),
        .testTarget(
            name: "WireTests",
            dependencies: [
                "Counterparts", "Domain", "Effects", "WebSocket", "Wire", nioCore, nioPosix, nioSSL,
            ]
        ),
        .testTarget(name: "JournalingTests", dependencies: ["Cron", "Domain", "Effects", "Journaling"]),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "ChronatogClient", "Cron", "Domain", "Effects", "Engine", "Integrations", "Journaling",
                "Streaming", "WebSocket", "Wire", hummingbird, logging, nioCore, nioPosix,
            ]
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "chronatog", "Cron", "Domain", "Effects", "Engine", "Integrations", "WebSocket", logging,
                nioCore, nioPosix,
            ]
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Cron", "Domain", "Effects", "Engine", "Journaling", "Simulation"]
        ),
        .testTarget(name: "AlertingTests", dependencies: ["Alerting", "Cron", "Domain"]),
        .testTarget(name: "SchedulingTests", dependencies: ["Domain", "Scheduling"]),
        .testTarget(name: "DispatchingTests", dependencies: ["Dispatching", "Domain", "Effects"]),
        .testTarget(
            name: "IntegrationsTests",
            dependencies: ["Counterparts", "Domain", "Effects", "Integrations", crypto]
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Counterparts", "chronatog", "Domain", "Effects", "Integrations", crypto, nioCore, nioPosix,
            ]
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "API", "Cron", "Dispatching", "Domain", "Effects", "Journaling", "WebSocket", "Wire",
                "chronatog",
            ]
        ),
        .testTarget(name: "TidyTests"),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Cron", "Domain", "Effects", "Engine", "Integrations", "Journaling", "Scheduling", logging,
            ]
        ),
    ]
)

for target in package.targets where target.type != .system && target.name != "Assets" {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
    ]
}
