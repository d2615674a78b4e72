import Domain
import Effects
import Engine
import Integrations
import Journaling
import Testing

/// Rules of channels: who is told when, by the engine's own clock.
struct AlertRulesTests {
    private let noon = EngineRig.start + .hours(12)

    private func rig(
        _ stub: ChannelStub,
        disk: MemoryDisk = MemoryDisk(),
        start: Timestamp = EngineRig.start + .hours(12)
    ) async throws -> EngineRig {
        try await EngineRig(disk: disk, start: start, transport: stub, channels: ChannelStub.slack())
    }

    private func setRules(_ rig: EngineRig, _ change: (inout ChannelRules) -> Void) async throws {
        var rules = ChannelRules()
        change(&rules)
        _ = try await rig.engine.changeChannel("slack", ChannelWish(rules: rules))
    }

    /// A job whose run fails at one minute past each hour.
    private func addFailing(
        to rig: EngineRig,
        minute: Int = 1,
        severity: AlertSeverity = .error
    ) async throws -> JobID {
        try await rig.add("\(minute) * * * *", target: "/_sink/500") {
            $0.retry.retries = 0
            $0.name = "report"
            $0.alertSeverity = severity
        }
    }

    private func heal(_ job: JobID, of rig: EngineRig) async throws {
        _ = try await rig.engine.revise(job, as: .operator) { definition in
            var definition = definition
            definition.callback.target = .sink("/_sink/200")
            return JobDraft(definition)
        }
    }

    @Test func `reminders come until somebody acknowledges, over a restart too`() async throws {
        let disk = MemoryDisk()
        let stub = ChannelStub()
        let first = try await rig(stub, disk: disk)
        try await setRules(first) { $0.remindEvery = .minutes(20) }
        _ = try await addFailing(to: first)
        try await first.advance(.minutes(45))
        #expect(stub.told == ["Open", "Still open", "Still open"])
        await first.stop()
        let later = ChannelStub()
        let second = try await rig(later, disk: disk, start: noon + .minutes(45))
        try await second.advance(.minutes(15))
        #expect(later.heard.isEmpty)
        try await second.advance(.minutes(2))
        #expect(later.told == ["Still open"])
        let alert = try #require(try await second.engine.openAlerts().first?.id)
        _ = try await second.engine.acknowledge(alert)
        try await second.advance(.hours(5))
        #expect(later.told == ["Still open", "Acknowledged"])
        await second.stop()
    }

    @Test func `the second channel is told only of what nobody has looked at`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let boss = JSON.object([
            .init("kind", .string("slack")),
            .init("url", .string("https://hooks.slack.com/services/T/B/boss")),
        ])
        var rules = ChannelRules()
        rules.after = .minutes(15)
        _ = try await rig.engine.addChannel("boss", ChannelWish(settings: boss, rules: rules))
        let job = try await addFailing(to: rig)
        try await rig.advance(.minutes(15))
        #expect(stub.heard.map(\.path) == ["/services/T0/B0/x0"])
        try await rig.advance(.minutes(5))
        #expect(stub.heard.map(\.path) == ["/services/T0/B0/x0", "/services/T/B/boss"])
        try await heal(job, of: rig)
        try await rig.advance(.hours(1))
        #expect(stub.told == ["Open", "Open", "Resolved", "Resolved"])
        // Acknowledged within the delay, the boss is left alone.
        _ = try await rig.engine.revise(job, as: .operator) { definition in
            var definition = definition
            definition.callback.target = .sink("/_sink/500")
            return JobDraft(definition)
        }
        try await rig.advance(.minutes(45))
        _ = try await rig.engine.acknowledge(try #require(try await rig.engine.openAlerts().first?.id))
        try await rig.advance(.hours(3))
        #expect(stub.heard.filter { $0.path.hasSuffix("boss") }.count == 2)
        await rig.stop()
    }

    @Test func `quiet hours keep messages for the morning, in order, but let what is critical through`()
        async throws
    {
        let stub = ChannelStub()
        let rig = try await rig(stub, start: EngineRig.start + .hours(23))
        try await setRules(rig) {
            $0.quiet = QuietHours(from: 22 * 60, to: 7 * 60, zone: "Europe/London", criticalPasses: true)
        }
        let job = try await addFailing(to: rig)
        let grave = try await addFailing(to: rig, minute: 2, severity: .critical)
        try await rig.advance(.minutes(30))
        #expect(stub.told == ["Open"])
        #expect(stub.heard[0].body.contains(":rotating_light:"))
        try await heal(job, of: rig)
        try await heal(grave, of: rig)
        try await rig.advance(.hours(7))
        #expect(stub.told == ["Open", "Resolved"])
        try await rig.advance(.minutes(31))
        #expect(stub.told == ["Open", "Resolved", "Open", "Resolved"])
        #expect(try await rig.engine.pendingMessages().isEmpty)
        await rig.stop()
    }

    @Test func `alerts that open together go as one message, and are resolved one by one`() async throws {
        let stub = ChannelStub(Answer(status: 500))
        let rig = try await rig(stub)
        try await setRules(rig) { $0.groupWithin = .minutes(3) }
        var jobs: [JobID] = []
        for minute in 1...3 { jobs.append(try await addFailing(to: rig, minute: minute)) }
        _ = try await addFailing(to: rig, minute: 30)
        try await rig.advance(.minutes(20))
        // Tried again as it was, with the same words.
        #expect(stub.heard.count == 2)
        #expect(Set(stub.heard.map(\.body)).count == 1)
        #expect(stub.heard[0].body.contains("3 alerts: report failed, and 2 more"))
        try await rig.advance(.minutes(20))
        #expect(stub.heard.count == 3)
        for job in jobs { try await heal(job, of: rig) }
        try await rig.advance(.minutes(30))
        #expect(stub.told.suffix(3) == ["Resolved", "Resolved", "Resolved"])
        #expect(try await rig.engine.pendingMessages().isEmpty)
        #expect(try await rig.records().contains { $0.record.name == "messagesGrouped" })
        await rig.stop()
    }

    @Test func `a group of checks is said to be one`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        try await setRules(rig) { $0.groupWithin = .minutes(3) }
        for _ in 0..<2 {
            var check = CheckDefinition()
            check.period = .minutes(1)
            check.grace = .minutes(1)
            _ = try await rig.engine.ping(
                .address(try await rig.engine.registerCheck(check, scheduler: 1).address),
                Ping(.success),
                creating: nil
            )
        }
        try await rig.advance(.minutes(10))
        #expect(stub.heard.count == 1)
        #expect(stub.heard[0].body.contains("2 checks"), "\(stub.heard[0].body)")
        await rig.stop()
    }

    @Test func `a group goes on as a group after a restart, and can be sent again after it was given up`()
        async throws
    {
        let disk = MemoryDisk()
        let stub = ChannelStub(Answer(status: 500))
        let first = try await rig(stub, disk: disk)
        try await setRules(first) { $0.groupWithin = .minutes(3) }
        _ = try await addFailing(to: first)
        _ = try await addFailing(to: first, minute: 2)
        try await first.advance(.minutes(4) + .seconds(1))
        #expect(stub.heard.count == 1)
        await first.stop()
        let gone = ChannelStub(Answer(status: 404))
        let second = try await rig(gone, disk: disk, start: noon + .minutes(10))
        try await second.advance(.seconds(1))
        #expect(gone.heard.map(\.body) == stub.heard.map(\.body))
        #expect(try await second.engine.pendingMessages().map(\.message.isDead) == [true, true])
        #expect(try await second.engine.enableChannel("slack").resent == 2)
        try await second.advance(.minutes(1))
        #expect(try await second.engine.pendingMessages().isEmpty)
        await second.stop()
    }

    @Test func `level and severity decide what a channel hears`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        try await setRules(rig) {
            $0.level = .failures
            $0.severityMin = .error
        }
        _ = try await addFailing(to: rig, severity: .warning)
        let job = try await addFailing(to: rig)
        try await rig.advance(.minutes(2))
        let alerts = try await rig.engine.openAlerts()
        #expect(alerts.map(\.alert.opened.severity).sorted() == [.warning, .error])
        for alert in alerts { _ = try await rig.engine.acknowledge(alert.id) }
        try await setRules(rig) { $0.level = .off }
        try await heal(job, of: rig)
        try await rig.advance(.hours(1))
        #expect(stub.told == ["Open", "Resolved"])
        await rig.stop()
    }

    @Test func `everything is successes too, of a minute in one message, and none that a resolve tells of`()
        async throws
    {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        let rig = try await rig(stub, disk: disk)
        try await setRules(rig) { $0.level = .everything }
        for (name, minute) in [("a", 1), ("b", 1), ("c", 30)] {
            _ = try await rig.add("\(minute) * * * *") { $0.name = name }
        }
        _ = try await rig.add("1 * * * *") {
            $0.name = "quiet"
            $0.alertAfter = 0
        }
        try await rig.advance(.minutes(3))
        #expect(stub.heard.count == 1)
        #expect(stub.heard[0].body.contains("2 jobs and checks succeeded"))
        #expect(stub.heard[0].body.contains("a\\nb"))
        try await rig.advance(.minutes(30))
        #expect(stub.heard.count == 2)
        #expect(stub.heard[1].body.contains(":white_check_mark: *c succeeded*"))
        let failing = try await addFailing(to: rig)
        try await rig.advance(.minutes(30))
        try await heal(failing, of: rig)
        try await rig.advance(.minutes(60))
        let words = stub.heard.dropFirst(2).map { call in
            ["Resolved: report failed", "report failed", "c succeeded", "report succeeded"].first {
                call.body.contains($0)
            } ?? "others"
        }
        // At 13:01 it fails; at 14:01 it works, which the resolve tells.
        #expect(words == ["report failed", "others", "c succeeded", "Resolved: report failed", "others"])
        await rig.stop()
    }

    @Test func `good news waits for the morning once, and is dropped when it cannot be told for a day`()
        async throws
    {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        try await setRules(rig) {
            $0.level = .everything
            $0.quiet = QuietHours(from: 720, to: 1080, zone: "UTC", criticalPasses: true)
        }
        _ = try await rig.add("*/5 * * * *") { $0.name = "often" }
        try await rig.advance(.hours(5) + .minutes(59))
        #expect(stub.heard.isEmpty)
        #expect(try await rig.engine.pendingMessages().map(\.message.kind) == [.success])
        try await rig.advance(.minutes(2))
        #expect(stub.heard.count == 1)
        await rig.stop()
        let deaf = ChannelStub(Answer(status: 404))
        let second = try await self.rig(deaf)
        try await setRules(second) { $0.level = .everything }
        _ = try await second.add("1 * * * *")
        try await second.advance(.minutes(5))
        #expect(deaf.heard.count == 1)
        #expect(try await second.engine.pendingMessages().isEmpty)
        await second.stop()
    }

    @Test func `an alert can be resolved by hand, is listed then, and the next failure opens another`()
        async throws
    {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        _ = try await addFailing(to: rig)
        try await rig.advance(.minutes(2))
        let alert = try #require(try await rig.engine.openAlerts().first?.id)
        #expect(try await rig.engine.resolve(alert).alert.end == .byHand)
        await #expect(throws: CommandError.conflict("alert \(alert) is resolved already")) {
            try await rig.engine.resolve(alert)
        }
        try await rig.advance(.hours(1))
        #expect(stub.told == ["Open", "Resolved", "Open"])
        #expect(try await rig.engine.alerts().map { $0.alert.resolvedAt == nil } == [false, true])
        await rig.stop()
    }
}
