import Cron
import Domain
import Effects
import Engine
import Scheduling
import Testing

/// The proof that every slot has one decision, over what real engines recorded; and that it finds what is
/// wrong.
struct SlotAuditTests {
    private func audit(_ entries: [Entry], base: Ledger = Ledger()) -> SlotAudit.Report {
        var audit = SlotAudit(base: base, zones: .embedded)
        for entry in entries { audit.add(entry) }
        return audit.finish()
    }

    @Test func `a year with clock changes, overlap, a queue and edits has one decision for each slot`()
        async throws
    {
        let rig = try await EngineRig()
        _ = try await rig.add("30 2 * * *") { $0.zone = "America/New_York" }
        for policy in DSTPolicy.allCases {
            _ = try await rig.add("*/20 * * * *", "30 1 * * *") {
                $0.zone = "Europe/Berlin"
                $0.dst = policy
            }
        }
        let slow = try await rig.add("*/10 * * * *", target: "/_sink/200?delay=25m") {
            $0.overlap.mode = .queueOne
            $0.deadlines.firstByte = .hours(1)
            $0.deadlines.total = .hours(1)
        }
        let edited = try await rig.add("0 * * * *")
        let paused = try await rig.add("15 * * * *")
        try await rig.advance(.days(80))
        _ = try await rig.engine.pause(paused, as: .operator, until: nil, reason: "")
        try await rig.advance(.days(20))
        _ = try await rig.engine.resume(paused, as: .operator, catchup: .last)
        _ = try await rig.engine.remove(slow, as: .operator)
        _ = try await rig.engine.revise(edited, as: .operator) { definition throws(CommandError) in
            var changed = definition
            changed.schedule = ["45 */2 * * *"]
            return JobDraft(changed)
        }
        try await rig.advance(.days(265))
        let report = audit(try await rig.records())
        #expect(report.findings == [])
        #expect(report.isSound && report.jobs == 9)
        #expect(report.slots > 150_000 && report.runs + report.settled == report.slots)
        await rig.stop()
    }

    @Test func `a lost, a doubled, a foreign and a miscounted decision are found`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("*/5 * * * *")
        try await rig.advance(.hours(2))
        let entries = try await rig.records()
        #expect(audit(entries).isSound)
        let decided = try #require(
            entries.dropLast(10).last { if case .slotDecided = $0.record { true } else { false } }
        )
        guard case .slotDecided(var record) = decided.record else { return }
        let lost = audit(entries.filter { $0 != decided })
        #expect(lost.findings.map(\.kind) == [.undecided])
        #expect(lost.findings.first?.slot == record.slot && lost.findings.first?.job == job)
        #expect(audit(entries + [decided]).findings.map(\.kind) == [.decidedTwice])
        record.slot.instant = record.slot.instant + .seconds(60)
        let foreign = entries.map { entry -> Entry in
            var changed = entry
            if entry == decided { changed.record = .slotDecided(record) }
            return changed
        }
        #expect(Set(audit(foreign).findings.map(\.kind)) == [.undecided, .notASlot])
        await rig.stop()
    }

    @Test func `a stretch must hold as many slots as it counts`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("*/5 * * * *")
        _ = try await rig.engine.pause(job, as: .operator, until: nil, reason: "")
        try await rig.advance(.hours(2))
        _ = try await rig.engine.resume(job, as: .operator, catchup: .none)
        let entries = try await rig.records()
        #expect(audit(entries).isSound && audit(entries).settled == 24)
        let changed = entries.map { entry -> Entry in
            guard case .slotsDecided(var record) = entry.record else { return entry }
            var entry = entry
            record.count -= 1
            entry.record = .slotsDecided(record)
            return entry
        }
        #expect(audit(changed).findings.map(\.kind) == [.wrongCount])
        await rig.stop()
    }

    @Test func `an audit can begin at any ledger`() async throws {
        let rig = try await EngineRig()
        _ = try await rig.add("*/5 * * * *")
        _ = try await rig.add("*/7 * * * *", target: "/_sink/200?delay=30m") {
            $0.overlap.mode = .queueAll
            $0.deadlines.firstByte = .hours(1)
            $0.deadlines.total = .hours(1)
        }
        try await rig.advance(.hours(20))
        let entries = try await rig.records()
        for cut in stride(from: 0, to: entries.count, by: 37) {
            var base = Ledger()
            for entry in entries[..<cut] { try base.apply(entry, at: .none) }
            let report = audit(Array(entries[cut...]), base: base)
            // A group that the cut goes through is incomplete on one side.
            #expect(report.findings.filter { $0.kind != .decidedTwice } == [], "from \(cut)")
        }
        await rig.stop()
    }
}
