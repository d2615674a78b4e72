import Cron
import Domain
import Effects
import Engine
import Journaling
import Testing

@Suite struct AlertTests {
    private func rig(
        _ stub: ChannelStub,
        disk: MemoryDisk = MemoryDisk(),
        start: Timestamp = EngineRig.start
    ) async throws -> EngineRig {
        try await EngineRig(disk: disk, start: start, transport: stub, channels: ChannelStub.slack())
    }

    /// A job whose runs fail, without retries, every hour.
    private func addFailing(to rig: EngineRig, after: UInt32 = 1) async throws -> JobID {
        try await rig.add("0 * * * *", target: "/_sink/500") {
            $0.retry.retries = 0
            $0.alertAfter = after
            $0.name = "report"
        }
    }

    /// From now on its runs succeed.
    private func heal(_ job: JobID, of rig: EngineRig) async throws {
        _ = try await rig.engine.revise(job, as: .operator) { definition in
            var definition = definition
            definition.callback.target = .sink("/_sink/200")
            return JobDraft(definition)
        }
    }

    private func alertKinds(_ rig: EngineRig) async throws -> [String] {
        try await rig.records().map(\.record.name).filter { $0.hasPrefix("alert") || $0.hasPrefix("message") }
    }

    @Test func `a job that fails is told of once, and once when it is well`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await rig.advance(.hours(3) + .minutes(1))
        #expect(stub.told == ["Open"])
        #expect(try await rig.engine.openAlerts().map(\.alert.opened.title) == ["report failed"])
        try await heal(job, of: rig)
        try await rig.advance(.hours(5))
        #expect(stub.told == ["Open", "Resolved"])
        #expect(try await rig.engine.openAlerts().isEmpty)
        #expect(try await rig.engine.pendingMessages().isEmpty)
        #expect(
            try await alertKinds(rig) == [
                "alertOpened", "messageIntended", "messageDelivered", "messageIntended", "alertResolved",
                "messageDelivered",
            ]
        )
        await rig.stop()
    }

    @Test func `alert_after counts failures in a row, and 0 is silence`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let patient = try await addFailing(to: rig, after: 3)
        _ = try await addFailing(to: rig, after: 0)
        try await rig.advance(.hours(2))
        try await heal(patient, of: rig)
        try await rig.advance(.hours(12))
        #expect(stub.heard.isEmpty)
        let other = try await addFailing(to: rig, after: 3)
        try await rig.advance(.hours(3))
        try await heal(other, of: rig)
        try await rig.advance(.hours(3))
        #expect(stub.told == ["Open", "Resolved"])
        #expect(stub.heard.first?.body.contains("3 times in a row") == true)
        await rig.stop()
    }

    @Test func `resolve_after counts successes in a row, and a failure begins anew, over a restart`()
        async throws
    {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        var rig = try await rig(stub, disk: disk)
        let job = try await rig.add("0 * * * *", target: "/_sink/500") {
            $0.retry.retries = 0
            $0.resolveAfter = 3
        }
        try await rig.advance(.hours(1) + .minutes(1))
        #expect(stub.told == ["Open"])
        try await heal(job, of: rig)
        try await rig.advance(.hours(2))
        #expect(stub.told == ["Open"], "two are not three")
        await rig.stop()
        rig = try await self.rig(stub, disk: disk, start: EngineRig.start + .hours(3) + .minutes(1))
        try await rig.advance(.minutes(58))
        #expect(stub.told == ["Open"])
        try await rig.advance(.minutes(2))
        #expect(stub.told == ["Open", "Resolved"])
        #expect(try await rig.engine.openAlerts().isEmpty)
        await rig.stop()
    }

    @Test func `a resolve never overtakes a trigger that is tried again`() async throws {
        let busy = Answer(status: 503)
        let stub = ChannelStub(busy, busy)
        let rig = try await rig(stub)
        let job = try await rig.add("* * * * * *", target: "/_sink/500") {
            $0.dialect = .seconds
            $0.retry.retries = 0
        }
        try await rig.advance(.seconds(1))
        try await heal(job, of: rig)
        try await rig.advance(.seconds(1))
        #expect(stub.told == ["Open"])
        #expect(try await rig.engine.openAlerts().isEmpty, "it is well already")
        #expect(try await rig.engine.pendingMessages().count == 2)
        try await rig.advance(.minutes(2))
        #expect(stub.told == ["Open", "Open", "Open", "Resolved"])
        #expect(Set(stub.heard.prefix(3).map(\.body)).count == 1, "every attempt says the same")
        #expect(try await rig.engine.pendingMessages().isEmpty)
        try await rig.engine.remove(job, as: .operator)
        await rig.stop()
    }

    @Test func `a 429 rests the channel for as long as it asks`() async throws {
        let stub = ChannelStub(Answer(status: 429, retryAfter: "120"))
        let rig = try await rig(stub)
        _ = try await addFailing(to: rig)
        try await rig.advance(.hours(1))
        #expect(stub.heard.count == 1)
        _ = try await rig.engine.testChannel("slack")
        try await rig.advance(.seconds(119))
        #expect(stub.heard.count == 1, "neither the retry nor another message is sent while it rests")
        let channel = try #require(try await rig.engine.channels().first)
        #expect(channel.state.restsUntil == EngineRig.start + .hours(1) + .seconds(120))
        try await rig.advance(.minutes(2))
        #expect(stub.told.sorted() == ["Open", "Open", "Test"])
        #expect(try await rig.engine.channels().first?.state.restsUntil == nil, "that is over")
        await rig.stop()
    }

    @Test func `after a restart a message under way is sent again with the same key, then the rest`()
        async throws
    {
        let disk = MemoryDisk()
        let deaf = ChannelStub()
        deaf.fallSilent()
        let first = try await rig(deaf, disk: disk)
        _ = try await first.engine.testChannel("slack")
        let pending = try await first.engine.pendingMessages()
        #expect(pending.map(\.message.attempts) == [0])
        #expect(deaf.heard.count == 1)
        await first.stop()
        let stub = ChannelStub()
        let second = try await rig(stub, disk: disk, start: EngineRig.start + .minutes(1))
        try await second.advance(.seconds(1))
        #expect(stub.told == ["Test"])
        #expect(stub.heard.map(\.body) == deaf.heard.map(\.body))
        #expect(try await second.engine.pendingMessages().isEmpty)
        await second.stop()
    }

    @Test func `whoever acknowledges is told to the channels once`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await rig.advance(.hours(1))
        let alert = try #require(try await rig.engine.openAlerts().first)
        _ = try await rig.engine.acknowledge(alert.id)
        let again = try await rig.engine.acknowledge(alert.id)
        #expect(again.alert.acknowledgedAt == EngineRig.start + .hours(1))
        try await heal(job, of: rig)
        try await rig.advance(.hours(1))
        #expect(stub.told == ["Open", "Acknowledged", "Resolved"])
        let over = "alert \(alert.id) is resolved already; there is nothing left to acknowledge"
        await #expect(throws: CommandError.conflict(over)) {
            _ = try await rig.engine.acknowledge(alert.id)
        }
        await rig.stop()
    }

    @Test func `what a broken channel refused is kept, listed, and sent when somebody asks`() async throws {
        let gone = Answer(status: 404, body: Array("no_service".utf8))
        let stub = ChannelStub(gone)
        let rig = try await rig(stub)
        _ = try await addFailing(to: rig)
        try await rig.advance(.hours(1))
        let dead = try await rig.engine.pendingMessages()
        #expect(dead.map(\.message.isDead) == [true])
        #expect(try await rig.engine.channels().first?.state.brokenBecause?.contains("404") == true)
        let unknown = CommandError.noSuchChannel("mail", known: ["slack"])
        await #expect(throws: unknown) { try await rig.engine.resendDead(channel: "mail") }
        #expect(try await rig.engine.resendDead(channel: nil).resent == 1)
        try await rig.advance(.seconds(1))
        #expect(stub.told == ["Open", "Open"])
        #expect(try await rig.engine.channels().first?.state.brokenBecause == nil)
        #expect(try await rig.engine.pendingMessages().isEmpty)
        await rig.stop()
    }

    @Test func `dead messages are discarded, of a channel that is gone too`() async throws {
        let disk = MemoryDisk()
        let stub = ChannelStub(Answer(status: 400), Answer(status: 400))
        let first = try await rig(stub, disk: disk)
        _ = try await addFailing(to: first)
        _ = try await addFailing(to: first)
        try await first.advance(.hours(1))
        #expect(try await first.engine.pendingMessages().map(\.message.isDead) == [true, true])
        await first.stop()
        let second = try await EngineRig(disk: disk, start: EngineRig.start + .hours(1), transport: stub)
        await #expect(throws: CommandError.noSuchChannel("mail", known: [])) {
            try await second.engine.discardDead(channel: "mail")
        }
        #expect(try await second.engine.discardDead(channel: "slack") == 2)
        #expect(try await second.engine.pendingMessages().isEmpty)
        #expect(try await second.engine.discardDead(channel: nil) == 0)
        await second.stop()
    }

    @Test func `what is over repeats no advice`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await rig.advance(.hours(1))
        try await heal(job, of: rig)
        try await rig.advance(.hours(1))
        #expect(stub.heard.map { $0.body.contains("Look at the target") } == [true, false])
        #expect(stub.heard.allSatisfy { $0.body.contains("answered 500") })
        await rig.stop()
    }

    @Test func `a dead trigger is not sent after its resolve`() async throws {
        let stub = ChannelStub(Answer(status: 400))
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await rig.advance(.hours(1))
        try await heal(job, of: rig)
        try await rig.advance(.hours(1))
        #expect(stub.told == ["Open", "Resolved"])
        var skipped = Resent()
        skipped.skipped = 1
        #expect(try await rig.engine.resendDead(channel: nil) == skipped)
        await rig.stop()
    }

    @Test func `a channel that is missing when an alert ends is owed its resolve`() async throws {
        let disk = MemoryDisk()
        let stub = ChannelStub()
        let first = try await rig(stub, disk: disk)
        let job = try await addFailing(to: first)
        try await first.advance(.hours(1))
        await first.stop()
        let start = EngineRig.start + .hours(1) + .minutes(1)
        let without = try await EngineRig(disk: disk, start: start, transport: stub)
        try await heal(job, of: without)
        try await without.advance(.hours(1))
        let owed = try await without.engine.pendingMessages()
        #expect(owed.map(\.message.kind) == [.resolve] && owed.map(\.message.isDead) == [true])
        await without.stop()
        let again = try await rig(stub, disk: disk, start: start + .hours(2))
        #expect(try await again.engine.resendDead(channel: nil).resent == 1)
        try await again.advance(.seconds(1))
        #expect(stub.told == ["Open", "Resolved"])
        await again.stop()
    }

    @Test func `a dead trigger does not follow a resolve that may have arrived`() async throws {
        // The resolve's answer is a 503, which says nothing about what the channel did with it.
        let stub = ChannelStub(Answer(status: 400), Answer(status: 503))
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await rig.advance(.hours(1))
        try await heal(job, of: rig)
        _ = try await rig.engine.runNow(job, as: .operator)
        try await rig.advance(.seconds(1))
        var skipped = Resent()
        skipped.skipped = 1
        #expect(try await rig.engine.resendDead(channel: nil) == skipped)
        try await rig.advance(.minutes(1))
        #expect(stub.told == ["Open", "Resolved", "Resolved"])
        await rig.stop()
    }

    @Test func `a clock that is set back leaves no message waiting behind a rest that was over`() async throws
    {
        let stub = ChannelStub(Answer(status: 429, retryAfter: "120"))
        let rig = try await rig(stub)
        _ = try await rig.engine.testChannel("slack")
        // This one finds the channel at rest.
        _ = try await rig.engine.testChannel("slack")
        try await rig.advance(.minutes(3))
        #expect(stub.told == ["Test", "Test", "Test"])
        _ = try await rig.engine.drive(.set(EngineRig.start + .seconds(10)))
        _ = try await rig.engine.testChannel("slack")
        try await rig.advance(.seconds(1))
        #expect(stub.told.count == 3, "by this clock the channel rests")
        try await rig.advance(.minutes(3))
        #expect(stub.told.count == 4)
        await rig.stop()
    }

    @Test func `a job that is removed or no longer watched is resolved`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let first = try await addFailing(to: rig)
        try await rig.advance(.hours(1))
        try await rig.engine.remove(first, as: .operator)
        let second = try await addFailing(to: rig)
        try await rig.advance(.hours(1))
        _ = try await rig.engine.revise(second, as: .operator) { definition in
            var definition = definition
            definition.alertAfter = 0
            return JobDraft(definition)
        }
        try await rig.advance(.seconds(1))
        #expect(stub.told == ["Open", "Resolved", "Open", "Resolved"])
        await rig.stop()
    }

    @Test func `slots that passed while the server was down are nobody's failure`() async throws {
        let disk = MemoryDisk()
        let first = try await rig(ChannelStub(), disk: disk)
        let job = try await first.add("* * * * *") { $0.catchup.mode = Catchup.none }
        try await first.advance(.minutes(2))
        await first.stop()
        let stub = ChannelStub()
        let second = try await rig(stub, disk: disk, start: EngineRig.start + .hours(2))
        try await second.advance(.minutes(2))
        #expect(try await second.results(job)[.missed, default: 0] > 100)
        #expect(stub.heard.isEmpty)
        await second.stop()
    }

    @Test func `a target that is gone pauses the job and says so at once`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        _ = try await rig.add("0 * * * *", target: "/_sink/410") { $0.alertAfter = 5 }
        try await rig.advance(.hours(3))
        #expect(stub.told == ["Open"])
        #expect(stub.heard.first?.body.contains("410 Gone") == true)
        await rig.stop()
    }

    @Test func `a replay and a snapshot hold the same alerts`() async throws {
        let disk = MemoryDisk()
        let stub = ChannelStub(Answer(status: 404), Answer(status: 429, retryAfter: "86400"))
        let first = try await rig(stub, disk: disk)
        _ = try await addFailing(to: first)
        _ = try await addFailing(to: first)
        try await first.advance(.hours(3))
        let before = try await first.engine.pendingMessages().map(\.message)
        #expect(before.contains { $0.isDead } && before.contains { !$0.isDead })
        await first.stop()
        let second = try await rig(ChannelStub(), disk: disk, start: EngineRig.start + .hours(3))
        #expect(try await second.engine.pendingMessages().map(\.message) == before)
        await second.stop()
    }
}
