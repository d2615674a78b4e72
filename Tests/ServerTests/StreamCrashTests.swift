import FoundationEssentials
import NIOCore
import Testing

/// The stream of the real server to the real client, both killed at any moment.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct StreamCrashTests {
    private static let lives = 8

    private struct Seen: Decodable {
        let seq: UInt64
        let resource_uri: String
    }

    private struct Recorded: Decodable {
        let seq: UInt64
        let type: String
    }

    @Test func `a subscriber sees every record once, whoever is killed when`() async throws {
        let seed = TestSeed.value
        print("the kills of this test follow SEED=\(seed)")
        var random = SplitMix(state: seed)
        try await ServerRig.with(answersAfter: .zero) { rig in
            var seen: [UInt64] = []
            for life in 0..<Self.lives {
                let server = try await rig.start()
                if life == 0 {
                    for number in 0..<4 {
                        try await rig.apart {
                            _ = try server.api.add("j\(number)", everySecondTo: rig.target)
                        }
                    }
                }
                // Whole lines are what it has seen; a limit ends it as suddenly as a kill between two.
                for _ in 0..<2 {
                    let count = 1 + random.below(12)
                    seen += try await watch(rig, server.api.port, since: seen.last ?? 0, limit: count)
                }
                let watching = try rig.spawn(tail(server.api.port, since: seen.last ?? 0))
                _ = try await rig.apart { try watching.firstLine(within: .seconds(15)) }
                // Timed, as a kill comes at any moment: the one side, then the other.
                try await Task.sleep(for: .milliseconds(random.below(1500)))
                if random.below(2) == 0 { server.child.kill() }
                watching.kill()
                server.child.kill()
                seen += lines(of: watching.said)
            }
            let last = try await rig.start()
            let all = try await rig.apart { try last.api.list(Recorded.self, "events?limit=10000") }
            let recorded = all.map(\.seq)
            seen += try await watch(
                rig,
                last.api.port,
                since: seen.last ?? 0,
                limit: recorded.count { $0 > seen.last ?? 0 }
            )
            let told = Array(recorded.prefix { $0 <= seen.last ?? 0 })
            #expect(seen == told, "SEED=\(seed)")
            #expect(seen.count > 100)
        }
    }

    @Test func `the tutorial's client prints what happens on our own stream`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            let id = try await rig.apart { try server.api.add("j", everySecondTo: rig.target) }
            let ending = try await rig.run([
                "stream", "tail", "ws://127.0.0.1:\(server.api.port)", "--token", "t", "--type", "run.closed",
                "--limit", "1", "--trace",
            ])
            #expect(ending.status == 0, "\(ending.complaint)")
            let lines = ending.output.split(separator: "\n")
            #expect(lines.prefix(2) == ["Connected", "Auth completed"])
            let event = try #require(lines.last)
            #expect(event.hasPrefix("run:update:Success:/api/v1/run/"))
            #expect(event.hasSuffix("/:/api/v1/job/\(id)/,/api/v1/scheduler/1/,/api/v1/account/1/"))
            #expect(ending.complaint.contains("Authorization: ***"))
            #expect(ending.complaint.contains("<<< text {\"type\":\"auth\""))
            let wrong = try await rig.run([
                "stream", "tail", "ws://127.0.0.1:\(server.api.port)", "--token", "wrong", "--limit", "1",
            ])
            #expect(wrong.status == 1)
            #expect(wrong.complaint.contains("does not know these credentials"))
        }
    }

    private func tail(_ port: UInt16, since: UInt64, limit: Int? = nil) -> [String] {
        [
            "stream", "tail", "ws://127.0.0.1:\(port)/v1/events", "--token", "t", "--format", "json",
            "--since",
            "\(since)",
        ] + (limit.map { ["--limit", "\($0)"] } ?? [])
    }

    private func watch(_ rig: ServerRig, _ port: UInt16, since: UInt64, limit: Int) async throws -> [UInt64] {
        let ending = try await rig.run(tail(port, since: since, limit: limit))
        #expect(ending.status == 0, "\(ending.complaint)")
        return lines(of: ending.output)
    }

    /// The sequences in whole lines.
    private func lines(of output: String) -> [UInt64] {
        guard let end = output.lastIndex(of: "\n") else { return [] }
        return output[..<end].split(separator: "\n").compactMap { line in
            try? JSONDecoder().decode(Seen.self, from: Data(line.utf8)).seq
        }
    }
}
