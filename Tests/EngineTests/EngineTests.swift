import Cron
import Domain
import Effects
import Engine
import Journaling
import Testing

@Suite struct EngineTests {
    @Test func `a year of a daily and a five-minute job has one decision for every slot`() async throws {
        let rig = try await EngineRig()
        let daily = try await rig.add("30 4 * * *")
        let often = try await rig.add("*/5 * * * *")
        try await rig.advance(.days(365))
        #expect(try await rig.results(daily) == [.ok: 365])
        #expect(try await rig.results(often) == [.ok: 105_120])
        await rig.stop()
    }

    @Test func `the same seed leaves the same records`() async throws {
        func run() async throws -> [Entry] {
            let rig = try await EngineRig(seed: 7)
            _ = try await rig.add("*/10 * * * * *", target: "/_sink/200?fail_first=1") {
                $0.dialect = .seconds
            }
            _ = try await rig.add("@every 7s", target: "/_sink/200?delay=20s") { $0.overlap.mode = .queueAll }
            try await rig.advance(.hours(2))
            let records = try await rig.records()
            await rig.stop()
            return records
        }
        let first = try await run()
        let second = try await run()
        #expect(first.count > 1000)
        #expect(first == second)
    }

    @Test func `a failed attempt is tried again with the same key until it works`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("0 * * * *", target: "/_sink/200?fail_first=2")
        try await rig.advance(.minutes(61))
        let kinds = try await rig.records(job).map(\.record.name)
        #expect(
            kinds == [
                "jobRegistered", "slotDecided", "attemptFailed", "attemptIntended", "attemptFailed",
                "attemptIntended",
                "runClosed",
            ]
        )
        #expect(try await rig.results(job) == [.ok: 1])
        let ids = rig.sink.captured.map { call in call.headers.first { $0.name == "webhook-id" }?.value }
        #expect(ids.count == 3 && Set(ids).count == 1 && ids[0] != nil)
        await rig.stop()
    }

    @Test func `a slot that is due while a run is open is skipped and says so`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("* * * * *", target: "/_sink/200?delay=90s") {
            $0.deadlines.firstByte = .minutes(5)
            $0.deadlines.total = .minutes(5)
        }
        try await rig.advance(.minutes(10))
        let results = try await rig.results(job)
        #expect(results[.ok] == 5 || results[.ok] == 4)
        #expect(results[.overlapSkipped] == 5)
        await rig.stop()
    }

    @Test func `cancel aborts the open run and starts the next`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("* * * * *", target: "/_sink/200?hang=1") {
            $0.overlap.mode = .cancel
            $0.deadlines.firstByte = .hours(1)
            $0.deadlines.total = .hours(1)
        }
        try await rig.advance(.minutes(5))
        #expect(try await rig.results(job) == [.cancelledByNext: 4])
        await rig.stop()
    }

    @Test func `queue-all keeps order and drops beyond its bound`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("* * * * *", target: "/_sink/200?delay=4m") {
            $0.overlap.mode = .queueAll
            $0.overlap.queueMax = 2
            $0.deadlines.firstByte = .hours(1)
            $0.deadlines.total = .hours(1)
        }
        try await rig.advance(.minutes(20))
        let results = try await rig.results(job)
        #expect(results[.queueDropped, default: 0] > 10)
        let slots = try await rig.records(job).compactMap { entry -> Timestamp? in
            if case .slotDecided(let record) = entry.record { record.slot.instant } else { nil }
        }
        #expect(slots == slots.sorted() && slots.count >= 4)
        await rig.stop()
    }

    @Test func `a step of the clock misfires slots, and last runs one of them`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("0 * * * *")
        _ = try await rig.engine.drive(.set(EngineRig.start + .hours(5) + .minutes(30)))
        try await rig.advance(.minutes(1))
        #expect(try await rig.results(job) == [.coalesced: 4, .ok: 1])
        _ = try await rig.engine.drive(.set(EngineRig.start))
        try await rig.advance(.hours(5))
        #expect(
            try await rig.results(job) == [.coalesced: 4, .ok: 1],
            "a backward step decides nothing twice"
        )
        await rig.stop()
    }

    @Test func `catchup all replays the newest slots in order and names those beyond the cap`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("* * * * *") {
            $0.catchup.mode = .all
            $0.catchup.slotsMax = 10
        }
        _ = try await rig.engine.drive(.set(EngineRig.start + .minutes(60) + .seconds(30)))
        try await rig.advance(.seconds(25))
        let results = try await rig.results(job)
        #expect(results[.ok] == 11 && results[.missedCap] == 49, "ten kept misfired slots and the fresh one")
        await rig.stop()
    }

    @Test func `slots of a pause end as paused, in one record`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("* * * * *")
        _ = try await rig.engine.pause(job, as: .operator, until: nil, reason: "deploy")
        try await rig.advance(.hours(10))
        _ = try await rig.engine.resume(job, as: .operator)
        try await rig.advance(.minutes(1))
        #expect(try await rig.results(job) == [.paused: 600, .ok: 1])
        let stretches = try await rig.records(job).filter { $0.record.name == "slotsDecided" }
        #expect(stretches.count == 1)
        await rig.stop()
    }

    @Test func `the gap of a spring night has a record that says why`() async throws {
        let march = Timestamp(seconds: 1_772_841_600)  // 2026-03-07T00:00:00Z
        let rig = try await EngineRig(start: march)
        let literal = try await rig.add("30 2 * * *") {
            $0.zone = "America/New_York"
            $0.dst = .literal
        }
        let merged = try await rig.add("30,45 2 * * *") { $0.zone = "America/New_York" }
        try await rig.advance(.days(2))
        #expect(try await rig.results(literal) == [.ok: 1, .dstGapSkipped: 1])
        #expect(try await rig.results(merged) == [.ok: 3, .dstGapMerged: 1])
        await rig.stop()
    }

    @Test func `a full limit makes slots wait in order, and gives up after limit_wait`() async throws {
        let rig = try await EngineRig(targetParallel: 1)
        var jobs: [JobID] = []
        for _ in 0..<4 {
            jobs.append(
                try await rig.add("0 * * * *", target: "/_sink/200?delay=2m") {
                    $0.deadlines.firstByte = .hours(1)
                    $0.deadlines.total = .hours(1)
                    $0.limit.wait = .minutes(5)
                }
            )
        }
        try await rig.advance(.hours(1) + .minutes(30))
        var all: [SlotResult: Int] = [:]
        for job in jobs { all.merge(try await rig.results(job), uniquingKeysWith: +) }
        #expect(all == [.ok: 3, .limitExpired: 1])
        await rig.stop()
    }

    @Test func `after a restart an open call is unknown and is made again with its key`() async throws {
        let disk = MemoryDisk()
        let first = try await EngineRig(disk: disk)
        let job = try await first.add("0 * * * *", target: "/_sink/200?hang=1") {
            $0.deadlines.firstByte = .hours(1)
            $0.deadlines.total = .hours(1)
        }
        try await first.advance(.hours(1))
        let key = first.sink.captured.first?.headers.first { $0.name == "Idempotency-Key" }?.value
        await first.stop()
        let second = try await EngineRig(disk: disk, start: EngineRig.start + .hours(1) + .seconds(5))
        try await second.advance(.seconds(1))
        let again = second.sink.captured.first?.headers.first { $0.name == "Idempotency-Key" }?.value
        #expect(key != nil && key == again)
        let kinds = try await second.records(job).map(\.record.name)
        #expect(kinds == ["jobRegistered", "slotDecided", "attemptFailed", "attemptIntended"])
        await second.stop()
    }

    @Test func `a held slot is called again with its own key when it is released`() async throws {
        let disk = MemoryDisk()
        let first = try await EngineRig(disk: disk)
        let job = try await first.add("0 * * * *", target: "/_sink/200?hang=1") {
            $0.deadlines.firstByte = .hours(1)
            $0.deadlines.total = .hours(1)
            $0.onUnknown = .hold
        }
        try await first.advance(.hours(1))
        let key = first.sink.captured.first?.headers.first { $0.name == "Idempotency-Key" }?.value
        await first.stop()
        let second = try await EngineRig(disk: disk, start: EngineRig.start + .hours(1) + .seconds(5))
        #expect(try await second.results(job) == [.unknownHeld: 1])
        let slot = try await second.records(job).compactMap { entry -> Slot? in
            if case .slotDecided(let record) = entry.record { record.slot } else { nil }
        }
        _ = try await second.engine.release(try #require(slot.first), of: job, as: .operator)
        try await second.advance(.seconds(1))
        let again = second.sink.captured.first?.headers.first { $0.name == "Idempotency-Key" }?.value
        #expect(key != nil && key == again)
        await second.stop()
    }

    @Test func `a job that skips three slots in a row is said to fall behind, once an hour`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("* * * * *", target: "/_sink/200?delay=10m") {
            $0.deadlines.firstByte = .hours(1)
            $0.deadlines.total = .hours(1)
        }
        try await rig.advance(.minutes(50))
        let said = try await rig.records(job).compactMap { entry -> JobFellBehind? in
            if case .jobFellBehind(let record) = entry.record { record } else { nil }
        }
        #expect(said.count == 1)
        #expect(said.first?.skips == 3 && said.first?.period == .minutes(1) && said.first?.p95 == .minutes(3))
        await rig.stop()
    }

    @Test func `max_runs finishes a job after that many runs`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("* * * * *") { $0.runsMax = 3 }
        try await rig.advance(.hours(1))
        #expect(try await rig.results(job) == [.ok: 3])
        #expect(try await rig.engine.job(job, as: .operator).entry.state == .finished)
        await rig.stop()
    }

    @Test func `removing a job decides what was open`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("* * * * *", target: "/_sink/200?hang=1") {
            $0.deadlines.firstByte = .hours(1)
            $0.deadlines.total = .hours(1)
            $0.overlap.mode = .queueOne
        }
        try await rig.advance(.minutes(3))
        try await rig.engine.remove(job, as: .operator)
        #expect(try await rig.results(job) == [.overlapCoalesced: 1, .deleted: 2])
        await #expect(throws: CommandError.noSuchJob(job)) { try await rig.engine.job(job, as: .operator) }
        await rig.stop()
    }
}
