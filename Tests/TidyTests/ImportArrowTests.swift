import Testing

/// Who may know whom (DESIGN §4).
struct ImportArrowTests {
    private let files = SourceTree().swiftFiles(in: "Sources")

    private static let stages: Set<String> = [
        "Journaling", "Scheduling", "Dispatching", "Streaming", "Alerting",
    ]
    private static let ours = stages.union([
        "Cron", "Domain", "Effects", "WebSocket", "Engine", "Wire", "API", "Integrations", "ChronatogClient",
        "chronatog", "Simulation",
    ])

    @Test func `stages never import each other`() {
        for (target, imported) in arrows where Self.stages.contains(target) {
            #expect(imported.isDisjoint(with: Self.stages), "\(target) imports \(imported.sorted())")
        }
    }

    @Test func `only the engine makes records and calls: nobody else imports both ends of the path`() {
        for (target, imported) in arrows where target != "Engine" {
            let ends: Set<String> = ["Scheduling", "Dispatching"]
            #expect(imported.intersection(ends).count < 2, "\(target) imports \(imported.sorted())")
        }
    }

    @Test func `Cron imports nothing of ours`() {
        #expect(arrows["Cron", default: []].isDisjoint(with: Self.ours))
    }

    @Test func `Domain imports Cron alone`() {
        #expect(arrows["Domain", default: []].intersection(Self.ours).isSubset(of: ["Cron"]))
    }

    @Test func `Wire knows values and effects, and no part of the product`() {
        let imported = arrows["Wire", default: []].intersection(Self.ours)
        #expect(imported.isSubset(of: ["Domain", "Effects", "WebSocket"]))
    }

    @Test func `WebSocket is a protocol: it knows values, and neither a product nor a socket`() {
        let imported = arrows["WebSocket", default: []]
        #expect(imported.intersection(Self.ours).isSubset(of: ["Domain"]))
        #expect(!imported.contains { $0.hasPrefix("NIO") })
    }

    @Test func `Integrations knows values and effects, and neither a stage nor a socket`() {
        let imported = arrows["Integrations", default: []].intersection(Self.ours)
        #expect(imported.isSubset(of: ["Cron", "Domain", "Effects"]))
    }

    @Test func `nothing below it imports the executable, and the API knows no sockets of ours`() {
        for (target, imported) in arrows { #expect(!imported.contains("chronatog"), "\(target)") }
        #expect(!arrows["API", default: []].contains("Wire"))
        #expect(!arrows["Engine", default: []].contains("Wire"))
    }

    /// What the files of each target import.
    private var arrows: [String: Set<String>] {
        files.reduce(into: [:]) { arrows, file in
            arrows[file.target, default: []].formUnion(ImportArrows.imports(of: file.lines))
        }
    }
}

enum ImportArrows {
    /// Module names after `import`, whatever stands before it.
    static func imports(of lines: [String]) -> [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
            guard let place = words.firstIndex(of: "import"), place <= 1, !line.hasPrefix("//"),
                place + 1 < words.count
            else { return nil }
            if place == 1, !["internal", "package", "public", "private", "fileprivate"].contains(words[0]) {
                return nil
            }
            return String(words[place + 1])
        }
    }
}
