import FoundationEssentials
import Glibc
import NIOCore
import Synchronization
import Testing

/// The real executable, its real folder, real sockets: few, because each costs seconds.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ServerTests {
    @Test func `kill -9 loses nothing that was acknowledged`() async throws {
        let seed = TestSeed.value
        print("the kills of this test follow SEED=\(seed)")
        var random = SplitMix(state: seed)
        // Slow enough that kills meet calls under way.
        try await ServerRig.with(answersAfter: .milliseconds(250)) { rig in
            let acknowledged = Acknowledged()
            for round in 0..<8 {
                let pause = Duration.milliseconds(300 + Int64(random.next() % 900))
                try await surviveKill(round, after: pause, rig, acknowledged)
            }
            let server = try await rig.start()
            let start = Date.now.addingTimeInterval(2).formatted(.iso8601)
            _ = try await rig.target.call { $0.scheduledAt >= start }
            let jobs = try await rig.apart { try Listed.all(server.api) }
            let names = Dictionary(jobs.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
            #expect(names.count == jobs.count, "a job is listed twice; SEED=\(seed)")
            #expect(acknowledged.twice.isEmpty, "SEED=\(seed)")
            for (id, name) in acknowledged.names {
                #expect(names[id] == name, "job \(id) was acknowledged as \(name); SEED=\(seed)")
            }
            let busy = jobs.filter { $0.dialect == "seconds" }
            let decided = try await rig.apart {
                try busy.map { ($0, try server.api.list(Slot.self, "jobs/\($0.id)/slots?limit=10000")) }
            }
            for (job, slots) in decided { expectOneDecisionASecond(job, slots, until: start, seed) }
            server.child.terminate()
            #expect(try await rig.ending(of: server.child).status == 0)
            expectEqualKeys(try await rig.target.calls(), decided, seed)
            let check = try await rig.run(["journal", "check", "--data-dir", rig.dataFolder])
            #expect(check.status == 0, "\(check.output)\(check.complaint); SEED=\(seed)")
            print("\(acknowledged.names.count) acknowledged, \(busy.count) of \(jobs.count) every second")
        }
    }

    @Test func `a second server on the same folder is refused with a sentence`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let first = try await rig.start()
            let second = try await rig.run(rig.serving())
            #expect(second.status == 1)
            #expect(second.output.isEmpty)
            #expect(second.complaint.contains("in use by process \(first.child.pid)."))
            #expect(second.complaint.contains("hint: "))
            let jobs = try await rig.apart { try Listed.all(first.api) }
            #expect(jobs.isEmpty, "the first one goes on serving")
        }
    }

    @Test func `SIGTERM drains and exits 0`() async throws {
        try await ServerRig.with(answersAfter: .milliseconds(300)) { rig in
            let first = try await rig.start()
            let id = try await rig.apart { try first.api.add("slow", everySecondTo: rig.target) }
            let call = try await rig.target.call { $0.path == "/slow" }
            first.child.terminate()
            let ending = try await rig.ending(of: first.child)
            #expect(ending.status == 0, "\(ending.complaint)")
            let ended = Date.now
            let second = try await rig.start()
            let slots = try await rig.apart { try second.api.list(Slot.self, "jobs/\(id)/slots") }
            let runs = try await rig.apart { try second.api.list(Run.self, "jobs/\(id)/runs") }
            let calls = try await rig.target.calls().filter { $0.scheduledAt == call.scheduledAt }
            let slot = slots.first { $0.slot.formatted(.iso8601) == call.scheduledAt }
            let run = runs.first { $0.scheduledAt == call.scheduledAt }
            #expect(slot?.result == "ok")
            #expect(run?.result == "ok")
            #expect(run?.attempts.count == 1)
            let until = try #require(run?.endedAt).prefix(19)
            #expect(until <= ended.formatted(.iso8601).prefix(19))
            #expect(calls.count == 1, "what was recorded is not called again")
        }
    }

    @Test func `a port in use is one clear sentence`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let taken = rig.target.port
            let refused = try await rig.run(rig.serving(port: taken))
            #expect(refused.status == 1)
            #expect(refused.output.isEmpty)
            let errors = refused.complaint.split(separator: "\n").filter { $0.hasPrefix("error: ") }
            #expect(errors == ["error: 127.0.0.1:\(taken) is in use by another program"])
            #expect(refused.complaint.contains("hint: stop that one, or give another port"))
        }
    }

    /// One life of the server: clients add jobs all the time, and it is killed in the middle.
    private func surviveKill(
        _ round: Int,
        after pause: Duration,
        _ rig: ServerRig,
        _ acknowledged: Acknowledged
    ) async throws {
        let server = try await rig.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<3 {
                group.addTask {
                    try await rig.apart {
                        try addJobs("r\(round)c\(client)", server.api, rig.target, acknowledged)
                    }
                }
            }
            group.addTask {
                // The one thing here that is timed: a kill comes at any moment, whatever can be observed.
                try await Task.sleep(for: pause)
                server.child.kill()
            }
            try await group.waitForAll()
        }
    }
}

/// Adds jobs until the server is gone: a few that run every second, then ones that only have to be kept, so
/// that there are writes under way at every moment.
private func addJobs(
    _ prefix: String,
    _ api: APIClient,
    _ target: RecordingTarget,
    _ acknowledged: Acknowledged
) throws {
    for number in 0..<400 {
        let name = "\(prefix)n\(number)"
        do {
            let id = try number < 6 ? api.add(name, everySecondTo: target) : api.addIdle(name)
            acknowledged.add(id, name)
        } catch is APIClient.Lost {
            return
        }
    }
}

/// Every second from the job's first to the end is decided once.
private func expectOneDecisionASecond(_ job: Listed, _ slots: [Slot], until end: String, _ seed: UInt64) {
    let seconds = slots.map { Int($0.slot.timeIntervalSince1970) }.sorted()
    let first = seconds.first ?? 0
    #expect(!slots.isEmpty, "job \(job.id) was never decided; SEED=\(seed)")
    #expect(Set(slots.map(\.id)).count == slots.count, "job \(job.id) has a slot twice; SEED=\(seed)")
    #expect(seconds == Array(first..<(first + seconds.count)), "job \(job.id) has a hole; SEED=\(seed)")
    let last = slots.map { $0.slot.formatted(.iso8601) }.max() ?? ""
    #expect(last >= end, "job \(job.id) stands still since \(last); SEED=\(seed)")
    let begin = try? Date("\(job.createdAt.prefix(19))Z", strategy: .iso8601)
    #expect(
        begin.map { Int($0.timeIntervalSince1970) + 1 } == first,
        "job \(job.id) began late; SEED=\(seed)"
    )
}

/// All calls of a slot carry one key, no two slots share one, and no slot is ok without a call.
private func expectEqualKeys(_ calls: [RecordingTarget.Call], _ decided: [(Listed, [Slot])], _ seed: UInt64) {
    var keys: [String: Set<String>] = [:]
    for call in calls { keys["\(call.path) \(call.scheduledAt)", default: []].insert(call.key) }
    let unequal = keys.filter { $0.value.count != 1 }
    #expect(unequal.isEmpty, "SEED=\(seed)")
    #expect(Set(keys.values.joined()).count == keys.count, "two slots share a key; SEED=\(seed)")
    for (job, slots) in decided {
        for slot in slots where slot.result == "ok" {
            let name = "/\(job.name) \(slot.slot.formatted(.iso8601))"
            #expect(keys[name] != nil, "\(name) is recorded as ok and was not called; SEED=\(seed)")
        }
    }
    print("\(calls.count) calls of \(keys.count) slots")
}

/// What the server has promised to keep.
private final class Acknowledged: Sendable {
    private let state = Mutex(State())

    private struct State {
        var names: [String: String] = [:]
        var twice: [String] = []
    }

    var names: [String: String] { state.withLock { $0.names } }
    /// Ids given to two jobs. They are looked at afterwards: the clients' threads belong to no test.
    var twice: [String] { state.withLock { $0.twice } }

    func add(_ id: String, _ name: String) {
        state.withLock { state in
            if let former = state.names.updateValue(name, forKey: id) {
                state.twice.append("\(id): \(former), \(name)")
            }
        }
    }
}

private enum TestSeed {
    /// `SEED=… swift test --filter ServerTests` repeats the kill moments of a run.
    static var value: UInt64 {
        // because: the value is copied at once
        let given = unsafe getenv("SEED").flatMap { unsafe UInt64(String(cString: $0)) }
        return given ?? UInt64.random(in: 1...999_999_999)
    }
}

/// Sebastiano Vigna's SplitMix64: the same numbers for the same seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
