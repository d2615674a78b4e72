import Testing

/// The style guide as a test. A rule that makes a file worse is broken with a sentence saying why, here.
struct TidyTests {
    private let tree = SourceTree()
    private var sources: [SourceTree.File] { tree.swiftFiles(in: "Sources") }
    private var tests: [SourceTree.File] { tree.swiftFiles(in: "Tests") }

    private static let lineMax = 110
    private static let functionLinesMax = 60
    private static let fileLinesMax = 400
    private static let bannedNames = [
        "Utils", "Utilities", "Helpers", "Common", "Extensions", "Core", "Manager", "Misc",
    ]

    @Test func `there are files to look at`() {
        #expect(sources.count > 20)
        #expect(tests.count > 2)
    }

    @Test func `lines have at most 110 characters`() {
        let long = (sources + tests).flatMap { file in
            file.lines.enumerated().filter { $1.count > Self.lineMax }.map { "\(file.path):\($0.offset + 1)" }
        }
        #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
    }

    @Test func `files have at most 400 lines`() {
        let long = (sources + tests).filter { $0.lines.count > Self.fileLinesMax + 1 }
        #expect(long.isEmpty, "\(long.map { "\($0.path): \($0.lines.count)" }.joined(separator: "\n"))")
    }

    @Test func `functions have at most 60 lines`() {
        let long = (sources + tests).flatMap { file in
            Function.all(in: file.lines).filter { $0.lineCount > Self.functionLinesMax }.map {
                "\(file.path):\($0.line) \($0.name): \($0.lineCount) lines"
            }
        }
        #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
    }

    @Test func `no file is named after nothing in particular`() {
        let vague = (sources + tests).filter { file in
            Self.bannedNames.contains { file.name.hasSuffix("\($0).swift") }
        }
        #expect(vague.isEmpty, "\(vague.map(\.path).joined(separator: "\n"))")
    }

    @Test func `nothing imports the whole of Foundation`() {
        let whole = (sources + tests).filter { imports(of: $0).contains("Foundation") }
        #expect(whole.isEmpty, "\(whole.map(\.path).joined(separator: "\n"))")
    }

    /// Each look at one wraps the function in two more, for ever (see `Receiver`).
    @Test func `no mutex holds a bare function`() {
        let bare = sources.flatMap { file in
            file.lines.enumerated().filter { $1.contains("Mutex<(") && $1.contains("->") }
                .map { "\(file.path):\($0.offset + 1)" }
        }
        #expect(bare.isEmpty, "\(bare.joined(separator: "\n"))")
    }

    @Test func `every escape hatch has its reason beside it`() {
        let bare = sources.flatMap { file in
            EscapeHatch.unexplained(in: file.lines).map { "\(file.path):\($0)" }
        }
        #expect(bare.isEmpty, "no \"because\" near\n\(bare.joined(separator: "\n"))")
    }

    @Test func `every function of a suite is a test or private`() {
        let silent = tests.flatMap { file in
            SuiteFunction.silent(in: file.lines).map { "\(file.path):\($0)" }
        }
        #expect(silent.isEmpty, "\(silent.joined(separator: "\n"))")
    }

    @Test func `the top level holds what the design says`() {
        let known: Set<String> = ["Package.swift", "Sources", "Tests", "data", "README.md", "Dockerfile"]
        // `Package.resolved` is made by every build and never committed.
        let strangers = tree.topLevel.filter {
            !known.contains($0) && !$0.hasPrefix(".") && $0 != "Package.resolved"
        }
        #expect(strangers.isEmpty, "\(strangers.joined(separator: ", "))")
        #expect(known.subtracting(tree.topLevel).isEmpty)
    }

    private func imports(of file: SourceTree.File) -> [String] { ImportArrows.imports(of: file.lines) }
}
