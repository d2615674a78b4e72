import Domain
import Effects
import Engine
import Integrations
import Testing

/// What a blackout or quiet hours keep is judged when it might leave, not when it was meant.
@Suite struct SilenceTests {
    private let start = EngineRig.start

    private func rig(
        _ stub: ChannelStub,
        disk: MemoryDisk = MemoryDisk(),
        at hours: Int64 = 0
    ) async throws -> EngineRig {
        try await EngineRig(
            disk: disk,
            start: start + .hours(hours),
            transport: stub,
            channels: ChannelStub.slack()
        )
    }

    private func setBlackout(
        _ name: String,
        _ from: Span,
        _ to: Span,
        labels: [String] = [],
        at rig: EngineRig
    ) async throws {
        let time = BlackoutTime.once(from: start + from, to: start + to)
        let blackout = Blackout(name: name, time: time, labels: labels)
        _ = try await rig.engine.setBlackout(blackout, calendarURL: nil)
    }

    private func setRules(_ rig: EngineRig, _ change: (inout ChannelRules) -> Void) async throws {
        var rules = ChannelRules()
        change(&rules)
        _ = try await rig.engine.changeChannel("slack", ChannelWish(rules: rules))
    }

    private func quiet(_ from: UInt16, _ to: UInt16) -> QuietHours {
        QuietHours(from: from * 60, to: to * 60, zone: "UTC", criticalPasses: true)
    }

    /// A job that never runs by itself; called by hand it fails, and an alert opens.
    private func addFailing(
        to rig: EngineRig,
        severity: AlertSeverity = .error,
        labels: [String] = []
    ) async throws -> JobID {
        try await rig.add("0 0 1 7 *", target: "/_sink/500") {
            $0.retry.retries = 0
            $0.name = "report"
            $0.alertSeverity = severity
            $0.labels = labels
        }
    }

    private func run(_ job: JobID, at rig: EngineRig) async throws {
        _ = try await rig.engine.runNow(job, as: .operator, overlap: .allow)
        try await rig.advance(.seconds(1))
    }

    private func revise(
        _ job: JobID,
        at rig: EngineRig,
        _ change: @escaping @Sendable (inout JobDefinition) -> Void
    ) async throws {
        _ = try await rig.engine.revise(job, as: .operator) { definition in
            var definition = definition
            change(&definition)
            return JobDraft(definition)
        }
    }

    // MARK: Blackouts

    @Test func `a blackout that is removed lets go what it kept, at once`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await setBlackout("upgrade", .zero, .hours(5), at: rig)
        try await run(job, at: rig)
        let kept = try #require(try await rig.engine.pendingMessages().first)
        #expect(kept.waitsFor == "blackout upgrade" && kept.earliest == start + .hours(5))
        #expect(kept.message.retryAt == nil)
        #expect(stub.told.isEmpty)
        try await rig.engine.removeBlackout("upgrade")
        #expect(stub.told == ["Open"])
        await rig.stop()
    }

    @Test func `a blackout that is cut short or made longer keeps messages for its new end`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await setBlackout("upgrade", .zero, .hours(1), at: rig)
        try await run(job, at: rig)
        try await setBlackout("upgrade", .zero, .hours(3), at: rig)
        try await rig.advance(.hours(2))
        #expect(stub.told.isEmpty)
        #expect(try await rig.engine.pendingMessages().map(\.earliest) == [start + .hours(3)])
        try await setBlackout("upgrade", .zero, .minutes(150), at: rig)
        try await rig.advance(.minutes(29))
        #expect(stub.told.isEmpty)
        try await rig.advance(.minutes(1))
        #expect(stub.told == ["Open"])
        await rig.stop()
    }

    @Test func `blackouts that follow each other leak nothing at the seam, over a restart`() async throws {
        let disk = MemoryDisk()
        let stub = ChannelStub()
        var rig = try await rig(stub, disk: disk)
        let job = try await addFailing(to: rig)
        try await setBlackout("a", .zero, .hours(2), at: rig)
        try await setBlackout("b", .hours(2), .hours(4), at: rig)
        try await run(job, at: rig)
        #expect(try await rig.engine.pendingMessages().map(\.earliest) == [start + .hours(4)])
        try await rig.advance(.hours(3))
        await rig.stop()
        rig = try await self.rig(stub, disk: disk, at: 3)
        try await rig.advance(.minutes(59))
        #expect(stub.told.isEmpty)
        #expect(try await rig.engine.pendingMessages().map(\.waitsFor) == ["blackout b"])
        try await rig.advance(.minutes(2))
        #expect(stub.told == ["Open"])
        await rig.stop()
    }

    @Test func `an alert that opens and is resolved in a blackout is told in that order afterwards`()
        async throws
    {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await setBlackout("upgrade", .zero, .hours(1), at: rig)
        try await run(job, at: rig)
        try await revise(job, at: rig) { $0.callback.target = .sink("/_sink/200") }
        try await run(job, at: rig)
        let kept = try await rig.engine.pendingMessages()
        #expect(kept.map(\.waitsFor) == ["blackout upgrade", "message \(kept[0].id)"])
        #expect(kept.map(\.earliest) == [start + .hours(1), start + .hours(1)])
        try await rig.advance(.hours(1))
        #expect(stub.told == ["Open", "Resolved"])
        await rig.stop()
    }

    @Test func `what is told of a check that was removed goes out, too`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        var definition = CheckDefinition()
        definition.name = "backup"
        definition.tags = ["db"]
        let check = try await rig.engine.registerCheck(definition, scheduler: 1)
        try await setBlackout("db", .zero, .hours(1), labels: ["db"], at: rig)
        _ = try await rig.engine.ping(.address(check.address), Ping(.fail), creating: nil)
        try await rig.advance(.minutes(1))
        #expect(stub.told.isEmpty)
        try await rig.engine.removeCheck(check.id, as: .operator, ifMatch: nil)
        try await rig.advance(.minutes(1))
        // Nothing has the label any more.
        #expect(stub.told == ["Open", "Resolved"])
        await rig.stop()
    }

    @Test func `a job that gets other labels is looked at again`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig, labels: ["db"])
        try await setBlackout("db", .zero, .hours(1), labels: ["db"], at: rig)
        try await run(job, at: rig)
        #expect(stub.told.isEmpty)
        try await revise(job, at: rig) { $0.labels = ["web"] }
        #expect(stub.told == ["Open"])
        await rig.stop()
    }

    @Test func `a long blackout takes nothing of the day for which a message is tried`() async throws {
        let stub = ChannelStub(Answer(status: 503), Answer(status: 503))
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await setBlackout("upgrade", .zero, .days(3), at: rig)
        try await run(job, at: rig)
        try await rig.advance(.days(3) + .minutes(5))
        #expect(stub.told == ["Open", "Open", "Open"])
        #expect(try await rig.engine.pendingMessages().isEmpty)
        await rig.stop()
    }

    // MARK: Quiet hours

    @Test func `quiet hours that end early let go what they kept`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub, at: 23)
        try await setRules(rig) { $0.quiet = quiet(22, 7) }
        let job = try await addFailing(to: rig)
        try await run(job, at: rig)
        #expect(try await rig.engine.pendingMessages().map(\.waitsFor) == ["quiet hours"])
        #expect(try await rig.engine.pendingMessages().map(\.earliest) == [start + .hours(31)])
        try await setRules(rig) { $0.quiet = quiet(22, 2) }
        try await rig.advance(.hours(2))
        #expect(stub.told.isEmpty)
        try await setRules(rig) { $0.quiet = nil }
        #expect(stub.told == ["Open"])
        await rig.stop()
    }

    @Test func `a blackout into the night is followed by its quiet hours`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub, at: 20)
        try await setRules(rig) { $0.quiet = quiet(22, 7) }
        try await setBlackout("upgrade", .hours(20), .hours(23), at: rig)
        let job = try await addFailing(to: rig)
        try await run(job, at: rig)
        let kept = try #require(try await rig.engine.pendingMessages().first)
        #expect(kept.waitsFor == "blackout upgrade" && kept.earliest == start + .hours(31))
        try await rig.advance(.hours(11))
        #expect(stub.told == ["Open"])
        await rig.stop()
    }

    @Test func `what is critical takes nothing with it that quiet hours keep`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub, at: 23)
        try await setRules(rig) {
            $0.quiet = quiet(22, 7)
            $0.groupWithin = .minutes(1)
        }
        for severity in [AlertSeverity.error, .warning, .critical] {
            try await run(try await addFailing(to: rig, severity: severity), at: rig)
        }
        try await rig.advance(.minutes(5))
        #expect(stub.heard.count == 1)
        #expect(stub.heard.first?.body.contains(":rotating_light:") == true)
        try await rig.advance(.hours(8))
        #expect(stub.heard.count == 2)
        #expect(stub.heard.last?.body.contains("2 alerts: report failed") == true)
        await rig.stop()
    }
}
