// swift-tools-version:6.2
// The parts of Chronatog that read strangers' bytes, built for libFuzzer: `./run`.
//
// Without packages and without the files that need some, so that it builds in half a minute. Everything is
// compiled anew here, through the link to the sources: `package` declarations are seen, every branch counts.
import PackageDescription

let package = Package(
    name: "Fuzz",
    targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .target(name: "Assets", exclude: ["bundle-zones.py", "zones.bin"]),
        .target(name: "Cron", dependencies: ["Assets"]),
        .target(name: "Domain", dependencies: ["Cron"]),
        .target(
            name: "Effects",
            dependencies: ["Domain"],
            exclude: ["KeyRing.swift", "KeyedHash.swift", "PasswordHash.swift", "WebhookSignature.swift"]
        ),
        .target(
            name: "Journaling",
            dependencies: ["CZlib", "Cron", "Domain", "Effects"],
            exclude: ["Backup"]
        ),
        .target(name: "Dispatching", dependencies: ["Domain"], sources: ["Template.swift"]),
        .target(name: "Wire", sources: ["ResponseParser.swift", "ResponseText.swift"]),
        // Without the handshake, which needs a hash.
        .target(
            name: "WebSocket",
            sources: ["CloseCode.swift", "Frame.swift", "UTF8Check.swift", "WebSocketMachine.swift"]
        ),
        .target(name: "API", sources: ["Requests/HeaderRules.swift", "Requests/JobFields.swift"]),
        .target(
            name: "chronatog",
            dependencies: ["API", "Cron", "Domain"],
            exclude: ["Import/ImportReport.swift", "Import/ImportRun.swift"],
            sources: ["Client/Query.swift", "Import", "Terminal/CommandFailure.swift"]
        ),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "API", "Cron", "Dispatching", "Domain", "Effects", "Journaling", "WebSocket", "Wire",
                "chronatog",
            ],
            path: ".",
            exclude: ["Corpus", "Regressions", "Sources", "run"],
            sources: ["Program", "Targets"],
            linkerSettings: [.linkedLibrary("stdc++"), .unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]
        ),
    ]
)

for target in package.targets where target.type != .system && target.name != "Assets" {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        // Testable, though optimised: the targets look behind the journal's front.
        .unsafeFlags(["-sanitize=fuzzer", "-enable-testing"]),
    ]
}
