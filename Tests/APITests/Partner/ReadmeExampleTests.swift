import ChronatogClient
import FoundationEssentials
import Testing

/// The README's example for apps is code of this file: it compiles, and runs against the server in memory.
struct ReadmeExampleTests {
    private static let opening = [
        "```swift", "import ChronatogClient", "", "let client = try ChronatogClient.fromConfiguration()",
    ]
    /// Compiles: that is all it is for.
    private func configured() throws -> ChronatogClient { try ChronatogClient.fromConfiguration() }

    private func example(_ client: ChronatogClient) async throws -> [String] {
        // README
        let job = try await client.createJob(
            "https://example.com/reports",
            "30 2 * * 1-5",
            options: ["name": "nightly report", "zone": "Europe/Berlin", "retries": 3]
        )
        try await client.runNow(job.url)
        let seen = try await client.events(types: ["run.*"], job: job.url)
        // README
        return seen.map(\.type)
    }

    @Test func `the README's example is this one, and works`() async throws {
        let types = try await example(try ChronatogClient(serviceURL: ChronatogClient.inMemory))
        #expect(types == ["run.opened", "run.closed"])
        let parts = try text(#filePath).split(separator: "        // README\n").map { String($0) }
        let lines = (parts.dropFirst().first ?? "").split(separator: "\n").map { String($0.dropFirst(8)) }
        let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        let block = (Self.opening + lines + ["```"]).joined(separator: "\n")
        #expect(try text("\(root)/README.md").contains(block), "\(block)")
    }

    private func text(_ path: String) throws -> String {
        let bytes = FileManager.default.contents(atPath: path)
        return String(decoding: try #require(bytes), as: UTF8.self)
    }
}
