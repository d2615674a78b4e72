import Cron
import Domain
import Engine
import Testing

/// Slots that wait: for their jitter, for a limit, for the one that stands for them. Found by the simulation.
struct WaitingTests {
    @Test func `a slot that jitter holds back is decided before the schedule changes or the job goes`()
        async throws
    {
        let rig = try await EngineRig()
        let edited = try await rig.add("0 * * * *") { $0.jitter = .minutes(50) }
        let removed = try await rig.add("0 * * * *") { $0.jitter = .minutes(50) }
        try await rig.advance(.hours(1))
        _ = try await rig.engine.revise(edited, as: .operator) { old throws(CommandError) in
            var new = old
            new.schedule = ["30 5 * * *"]
            return JobDraft(new)
        }
        try await rig.engine.remove(removed, as: .operator)
        #expect(try await rig.results(edited) == [.discarded: 1])
        #expect(try await rig.results(removed) == [.deleted: 1])
        await rig.stop()
    }

    @Test func `the place of a cancelled run goes to whoever waits for it`() async throws {
        let rig = try await EngineRig()
        func narrow(_ definition: inout JobDefinition) { definition.limit.parallel = 1 }
        _ = try await rig.add("* * * * *", target: "/_sink/200?hang=1") {
            narrow(&$0)
            $0.overlap.mode = .cancel
            $0.deadlines.firstByte = .hours(1)
            $0.deadlines.total = .hours(1)
        }
        let waiting = try await rig.add("30 * * * * *") {
            narrow(&$0)
            $0.dialect = .seconds
        }
        try await rig.advance(.minutes(2) + .seconds(1))
        #expect(try await rig.results(waiting) == [.ok: 2], "one before the hanging run, one after it")
        await rig.stop()
    }

    @Test func `slots that go into the first one are settled in order, on every line`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("0 * * * *", "0 */2 * * *") { $0.catchup.mode = .first }
        try await rig.advance(.hours(1) + .minutes(30))
        _ = try await rig.engine.drive(.set(EngineRig.start + .hours(7) + .minutes(30)))
        try await rig.advance(.seconds(10))
        let second = try await rig.records(job).compactMap { entry -> Timestamp? in
            guard case .slotsDecided(let record) = entry.record, record.first.line == 1 else { return nil }
            #expect(record.first.instant <= record.last.instant)
            return record.first.instant
        }
        #expect(second == [2, 4, 6].map { EngineRig.start + .hours($0) })
        await rig.stop()
    }
}
