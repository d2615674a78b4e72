import API
import Domain
import NIOCore
import Testing
import WebSocket
import Wire

/// A subscriber that does not read, and limits on those who do.
@Suite(.timeLimit(.minutes(1)))
struct SlowSubscriberTests {
    @Test func `who does not read is told why, let go, and goes on where it was`() async throws {
        try await StreamRig.with({
            $0.limits.streams.pendingBytesMax = 16 << 10
            $0.limits.streams.stalledMax = .milliseconds(300)
            $0.limits.streams.closingMax = .seconds(20)
        }) { stream in
            let job = try await stream.rig.add(
                #"{"callback_url":"/_sink/200","schedule":"@hourly","max_open":1000}"#
            )
            let reader = RawReader()
            let channel = try await reader.connect(stream.port, query: "since=0&type=run")
            try await stream.run(job, times: 1500)
            let all = try await Self.listed(stream)
            // Longer than it may stall; what was written until then waits in the sockets.
            try await Task.sleep(for: .milliseconds(600))
            try await channel.setOption(.autoRead, value: true).get()
            channel.read()
            try await reader.untilOver()
            let (messages, code) = reader.result
            #expect(code == .slowConsumer)
            #expect(messages.last?["data"]?["errorMessage"]?.string == "SLOW_CONSUMER")
            let seen = messages.filter { $0["event"] != nil }.compactMap { $0["seq"]?.number }
            #expect(seen == Array(all.prefix(seen.count)), "nothing is missing in what it got")
            #expect(seen.count < all.count, "it was let go before the end")
            // The server may have closed it first.
            try? await channel.close()
            let again = stream.watch("since=\(seen.last ?? 0)&type=run")
            let rest = try await again.events(all.count - seen.count).compactMap { $0["seq"]?.number }
            #expect(seen + rest == all)
        }
    }

    @Test func `there is an end to how many may come`() async throws {
        try await StreamRig.with({ $0.limits.streams.subscribersMax = 2 }) { stream in
            let (first, second) = (stream.watch(), stream.watch())
            for watcher in [first, second] { _ = try await watcher.message() }
            let third = await stream.watch().end()
            guard case .refused(status: 503, retryAfter: let wait)? = third, wait == "10" else {
                Issue.record("a third one was let in")
                return
            }
            first.link.close()
            _ = await first.end()
            // Its place is free once the server has seen it go.
            for _ in 0..<100 {
                if let signal = await stream.watch().next(), case .open = signal { return }
                await Task.yield()
            }
            Issue.record("nobody is let in after one has left")
        }
    }

    @Test func `who does not answer pings is given up`() async throws {
        try await StreamRig.with({ $0.limits.streams.pingEvery = .milliseconds(100) }) { stream in
            let reader = RawReader()
            let channel = try await reader.connect(stream.port, query: "", answersPings: false)
            try await channel.setOption(.autoRead, value: true).get()
            channel.read()
            try await channel.closeFuture.get()
            let alive = stream.watch()
            _ = try await alive.message()
            let job = try await stream.rig.add(#"{"callback_url":"/_sink/200","schedule":"@hourly"}"#)
            try await Task.sleep(for: .milliseconds(500))
            try await stream.run(job)
            #expect(try await alive.events(3).count == 3, "who answers stays")
        }
    }

    @Test func `the server says good-bye when it stops`() async throws {
        var watching: Watcher?
        try await StreamRig.with { stream in
            let watcher = stream.watch()
            _ = try await watcher.message()
            watching = watcher
        }
        let ending = await watching?.end()
        guard case .closed(let code, reason: _)? = ending else {
            Issue.record("it ended otherwise: \(String(describing: ending))")
            return
        }
        #expect(code == .goingAway)
    }

    private static func listed(_ stream: StreamRig) async throws -> [Int64] {
        var all: [Int64] = []
        let answer = await stream.rig.send("GET", "/chronatogapi/1/events?limit=10000&type=slot.*,run.*")
        for event in answer.json.array ?? [] { if let seq = event["seq"]?.number { all.append(seq) } }
        return all
    }
}
