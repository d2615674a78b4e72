import FoundationEssentials
import NIOCore
import Testing

/// The server is killed again and again, and what its clients were told is held against what is there.
@Suite(.serialized, .timeLimit(.minutes(4)))
struct CrashTests {
    private static let kills = 50
    private static let customers = 4

    @Test func `kill -9 at fifty random moments loses nothing that was acknowledged`() async throws {
        let seed = TestSeed.value
        print("the kills and requests of this test follow SEED=\(seed)")
        var random = SplitMix(state: seed)
        // Slow enough that kills meet calls under way.
        try await ServerRig.with(answersAfter: .milliseconds(250)) { rig in
            let customers = (0..<Self.customers).map { number in
                Customer("c\(number)", target: rig.target, seed: random.next())
            }
            for _ in 0..<Self.kills {
                let pause = Duration.milliseconds(20 + Int64(random.below(480)))
                try await surviveKill(after: pause, rig, customers)
            }
            let server = try await rig.start()
            try await compare(server, rig, customers)
            for customer in customers {
                try await rig.apart {
                    try customer.compareRuns(server.api)
                    try customer.resumeAll(server.api)
                }
            }
            report(customers)
            for customer in customers {
                #expect(customer.complaints.isEmpty, "SEED=\(seed)")
                #expect(customer.counts.acknowledged > 0, "SEED=\(seed)")
            }
            try await expectWholeHistory(server, rig, seed)
        }
    }

    /// One life of the server: everybody asks all the time, and it is killed in the middle.
    private func surviveKill(after pause: Duration, _ rig: ServerRig, _ customers: [Customer]) async throws {
        let server = try await rig.start()
        try await compare(server, rig, customers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for customer in customers {
                group.addTask { try await rig.apart { try customer.ask(server.api) } }
            }
            group.addTask {
                // The one thing here that is timed: a kill comes at any moment, whatever can be observed.
                try await Task.sleep(for: pause)
                server.child.kill()
            }
            try await group.waitForAll()
        }
    }

    private func compare(_ server: ServerRig.Server, _ rig: ServerRig, _ customers: [Customer]) async throws {
        let jobs = try await rig.apart { try Listed.all(server.api) }
        for customer in customers { customer.compare(with: jobs) }
    }

    /// Every slot has one decision, every call its key, and the journal is sound.
    private func expectWholeHistory(_ server: ServerRig.Server, _ rig: ServerRig, _ seed: UInt64) async throws
    {
        let start = Date.now.addingTimeInterval(2).formatted(.iso8601)
        let jobs = try await rig.apart { try Listed.all(server.api) }
        let busy = jobs.filter { $0.dialect == "seconds" }
        #expect(!busy.isEmpty, "SEED=\(seed)")
        _ = try await rig.target.call { $0.scheduledAt >= start }
        let decided = try await rig.apart {
            try busy.map { ($0, try server.api.list(Slot.self, "jobs/\($0.id)/slots?limit=10000")) }
        }
        for (job, slots) in decided { expectOneDecisionASecond(job, slots, until: start, seed) }
        server.child.terminate()
        #expect(try await rig.ending(of: server.child).status == 0)
        expectEqualKeys(try await rig.target.calls(), decided, seed)
        for words in [["journal", "check"], ["verify"]] {
            let proof = try await rig.run(words + ["--data-dir", rig.dataFolder])
            #expect(proof.status == 0, "\(words): \(proof.output)\(proof.complaint); SEED=\(seed)")
        }
    }

    private func report(_ customers: [Customer]) {
        let counts = customers.map(\.counts)
        func sum(_ count: (Customer.Counts) -> Int) -> Int { counts.map(count).reduce(0, +) }
        print(
            "\(Self.kills) kills; acknowledged: \(sum(\.added)) adds, \(sum(\.paused)) pauses, "
                + "\(sum(\.resumed)) resumes, \(sum(\.deleted)) deletes, \(sum(\.run)) runs; "
                + "\(sum(\.lost)) requests cut"
        )
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

/// A key stands for one slot or one run, all calls of a slot carry one key, and no slot is ok without a call.
private func expectEqualKeys(_ calls: [RecordingTarget.Call], _ decided: [(Listed, [Slot])], _ seed: UInt64) {
    var subjects: [String: Set<String>] = [:]
    var keys: [String: Set<String>] = [:]
    for call in calls {
        let subject = "\(call.path) \(call.scheduledAt)"
        subjects[call.key, default: []].insert(subject)
        keys[subject, default: []].insert(call.key)
    }
    let shared = subjects.filter { $0.value.count != 1 }
    #expect(shared.isEmpty, "a key stands for two things; SEED=\(seed)")
    #expect(subjects[""] == nil, "a call came without a key; SEED=\(seed)")
    for (job, slots) in decided {
        for slot in slots where slot.result == "ok" {
            let name = "/\(job.name) \(slot.slot.formatted(.iso8601))"
            #expect(keys[name] != nil, "\(name) is recorded as ok and was not called; SEED=\(seed)")
        }
    }
    // Runs that people ask for in one second have a key each; `Customer` asks for those of idle jobs only.
    let slotsOnly = keys.filter { subject, _ in subject.contains("busy ") }
    let unequal = slotsOnly.filter { $0.value.count != 1 }
    #expect(unequal.isEmpty, "calls of one slot carry different keys; SEED=\(seed)")
    print("\(calls.count) calls of \(subjects.count) slots and runs")
}
