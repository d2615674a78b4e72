import Cron
import Domain
import Effects
import Engine
import Journaling
import Testing

@Suite struct CheckTests {
    private func rig(
        _ stub: ChannelStub = ChannelStub(),
        disk: MemoryDisk = MemoryDisk(),
        start: Timestamp = EngineRig.start
    ) async throws -> EngineRig {
        try await EngineRig(disk: disk, start: start, transport: stub, channels: ChannelStub.slack())
    }

    private func add(
        to rig: EngineRig,
        _ change: (inout CheckDefinition) -> Void = { _ in }
    ) async throws -> CheckView {
        var definition = CheckDefinition()
        definition.name = "backup"
        definition.slug = "backup"
        definition.period = .hours(1)
        definition.grace = .minutes(10)
        change(&definition)
        return try await rig.engine.registerCheck(definition, scheduler: 1)
    }

    private func ping(_ view: CheckView, _ kind: PingKind, at rig: EngineRig) async throws {
        let answer = try await rig.engine.ping(.address(view.address), Ping(kind), creating: nil)
        #expect(answer == .taken)
    }

    @Test func `silence is told of once, and a ping resolves it`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let check = try await add(to: rig)
        try await ping(check, .success, at: rig)
        try await rig.advance(.minutes(69))
        #expect(stub.told.isEmpty)
        try await rig.advance(.hours(20))
        #expect(stub.told == ["Open"])
        let alerts = try await rig.engine.openAlerts()
        #expect(alerts.map(\.alert.key) == ["check/1"])
        #expect(alerts.map(\.alert.opened.title) == ["backup was not heard from in time"])
        try await ping(check, .success, at: rig)
        try await rig.advance(.minutes(1))
        #expect(stub.told == ["Open", "Resolved"])
        #expect(try await rig.records().count { $0.record.name == "checkLapsed" } == 1)
        await rig.stop()
    }

    @Test func `an alert that was resolved by hand stays so in silence, and the next bad end opens another`()
        async throws
    {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let check = try await add(to: rig)
        try await rig.advance(.minutes(70))
        let alert = try #require(try await rig.engine.openAlerts().first?.id)
        _ = try await rig.engine.resolve(alert)
        try await rig.advance(.days(1))
        #expect(stub.told == ["Open", "Resolved"])
        try await ping(check, .fail, at: rig)
        try await ping(check, .fail, at: rig)
        try await rig.advance(.minutes(1))
        #expect(stub.told == ["Open", "Resolved", "Open"])
        try await ping(check, .success, at: rig)
        try await rig.advance(.minutes(1))
        #expect(stub.told == ["Open", "Resolved", "Open", "Resolved"])
        #expect(try await rig.engine.openAlerts().isEmpty)
        await rig.stop()
    }

    @Test func `a cron check expects its next instant, in its zone`() async throws {
        let rig = try await rig()
        let check = try await add(to: rig) {
            $0.schedule = ["0 3 * * *", "30 12 * * *"]
            $0.zone = "Europe/Berlin"
        }
        #expect(check.entry.standing.expected == EngineRig.start + .hours(2))
        try await rig.advance(.hours(1))
        try await ping(check, .success, at: rig)
        let after = try await rig.engine.check(check.id, as: .operator)
        #expect(after.entry.standing.expected == EngineRig.start + .hours(2))
        try await rig.advance(.hours(1) + .minutes(5))
        try await ping(check, .success, at: rig)
        let later = try await rig.engine.check(check.id, as: .operator)
        #expect(later.entry.standing.expected == EngineRig.start + .hours(11) + .minutes(30))
        await rig.stop()
    }

    @Test func `a server that was down says so once, of all checks, and blames none`() async throws {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        let first = try await rig(stub, disk: disk)
        let check = try await add(to: first)
        try await ping(check, .success, at: first)
        let other = try await add(to: first) {
            $0.slug = "other"; $0.name = "other"
        }
        let quick = try await add(to: first) {
            $0.slug = "quick"; $0.period = .minutes(5)
        }
        await first.stop()
        let start = EngineRig.start + .days(2)
        let second = try await rig(stub, disk: disk, start: start)
        let view = try await second.engine.check(check.id, as: .operator)
        #expect(view.entry.unwatched?.until == start)
        #expect(view.entry.standing.expected == start + .hours(1))
        try await second.advance(.minutes(1))
        #expect(stub.told == ["Open"])
        let alert = try #require(try await second.engine.openAlerts().first?.alert.opened)
        #expect(alert.cause == .unwatched)
        #expect(alert.title.hasSuffix("to 2026-01-03T00:00:00Z, when 2 checks may have pinged"))
        #expect(
            alert.details
                == ["backup", "other"].map {
                    "\($0): not heard from; expected next by 2026-01-03T01:00:00Z"
                }
        )
        // What comes within the hour anyway is waited for without a word.
        try await ping(quick, .success, at: second)
        try await ping(check, .success, at: second)
        #expect(stub.told == ["Open"])
        try await ping(other, .success, at: second)
        try await second.advance(.minutes(1))
        #expect(stub.told == ["Open", "Resolved"])
        await second.stop()
    }

    @Test func `a second absence is told of with all that are in doubt since`() async throws {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        let first = try await rig(stub, disk: disk)
        let day = { (hour: String) in
            { (check: inout CheckDefinition) in
                check.name = hour
                check.slug = "at-\(hour)"
                check.schedule = ["0 \(hour) * * *"]
            }
        }
        _ = try await add(to: first, day("3"))
        let later = try await add(to: first, day("9"))
        await first.stop()
        let second = try await rig(stub, disk: disk, start: EngineRig.start + .hours(4))
        try await second.advance(.minutes(1))
        #expect(try await second.engine.openAlerts().map(\.alert.opened.details.count) == [1])
        await second.stop()
        let third = try await rig(stub, disk: disk, start: EngineRig.start + .hours(10))
        try await third.advance(.minutes(1))
        let alert = try #require(try await third.engine.openAlerts().first?.alert.opened)
        #expect(alert.details.map { $0.prefix(2) } == ["3:", "9:"])
        #expect(alert.title.contains("not listening at times from "))
        #expect(stub.told == ["Open", "Resolved", "Open"])
        try await ping(later, .success, at: third)
        #expect(try await third.engine.openAlerts().count == 1, "the other was not heard from yet")
        await third.stop()
    }

    @Test func `a check that stays silent after our absence is blamed for its own silence`() async throws {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        let first = try await rig(stub, disk: disk)
        let check = try await add(to: first)
        await first.stop()
        let start = EngineRig.start + .days(2)
        let second = try await rig(stub, disk: disk, start: start)
        try await second.advance(.minutes(69))
        #expect(stub.told == ["Open"])
        try await second.advance(.minutes(2))
        #expect(stub.told == ["Open", "Resolved", "Open"])
        let alert = try #require(try await second.engine.openAlerts().first?.alert.opened)
        #expect(alert.key == "check/\(check.id)")
        #expect(
            alert.details.contains { $0.hasPrefix("Chronatog itself was not running from 2026-01-01") }
        )
        await second.stop()
    }

    @Test func `who was in doubt is known after another restart`() async throws {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        let first = try await rig(stub, disk: disk)
        let check = try await add(to: first)
        await first.stop()
        let second = try await rig(stub, disk: disk, start: EngineRig.start + .days(2))
        await second.stop()
        let third = try await rig(stub, disk: disk, start: EngineRig.start + .days(2) + .minutes(1))
        try await ping(check, .success, at: third)
        try await third.advance(.minutes(1))
        #expect(stub.told == ["Open", "Resolved"])
        await third.stop()
    }

    @Test func `a ping after a restart ends what was told of our absence`() async throws {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        let first = try await rig(stub, disk: disk)
        let check = try await add(to: first)
        await first.stop()
        let second = try await rig(stub, disk: disk, start: EngineRig.start + .days(2))
        try await ping(check, .success, at: second)
        try await second.advance(.minutes(30))
        #expect(stub.told == ["Open", "Resolved"])
        #expect(try await second.engine.openAlerts().isEmpty)
        #expect(try await second.engine.check(check.id, as: .operator).entry.unwatched == nil)
        await second.stop()
    }

    @Test func `everything is as before after a snapshot and a restart`() async throws {
        let disk = MemoryDisk()
        let first = try await rig(disk: disk)
        let check = try await add(to: first) {
            $0.tags = ["nightly"]
            $0.failuresToOpen = 3
        }
        var start = Ping(.start, run: UniqueID(high: 7, low: 8))
        start.body = Array("begun".utf8)
        start.bodyBytes = 5
        start.source = "192.0.2.1"
        start.method = "POST"
        _ = try await first.engine.ping(.address(check.address), start, creating: nil)
        try await ping(check, .log, at: first)
        _ = try await first.engine.ping(
            .address(check.address),
            Ping(.fail, exitCode: 3, run: UniqueID(high: 7, low: 8)),
            creating: nil
        )
        let before = try await first.engine.check(check.id, as: .operator)
        await first.stop()
        let again = try await rig(disk: disk)
        let after = try await again.engine.check(check.id, as: .operator)
        #expect(after.entry == before.entry)
        #expect(after.definition == before.definition)
        #expect(after.address == before.address)
        #expect(after.pingKey == before.pingKey)
        #expect(after.entry.recent.map(\.exitCode) == [nil, nil, 3])
        await again.stop()
    }

    @Test func `create=1 makes the check of an unknown slug once, and only for a known key`() async throws {
        let rig = try await rig()
        let key = try await rig.engine.renewPingKey(of: 1)
        let target = PingTarget.slug(key: key, slug: "new-one")
        var made = CheckDefinition()
        made.slug = "new-one"
        #expect(try await rig.engine.ping(target, Ping(.success), creating: nil) == .noSuchCheck)
        #expect(try await rig.engine.ping(target, Ping(.success), creating: made) == .created)
        #expect(try await rig.engine.ping(target, Ping(.success), creating: made) == .taken)
        let wrong = PingTarget.slug(key: "guess", slug: "new-one")
        #expect(try await rig.engine.ping(wrong, Ping(.success), creating: made) == .noSuchCheck)
        let renewed = try await rig.engine.renewPingKey(of: 1)
        #expect(try await rig.engine.ping(target, Ping(.success), creating: made) == .noSuchCheck)
        let anew = PingTarget.slug(key: renewed, slug: "new-one")
        #expect(try await rig.engine.ping(anew, Ping(.success), creating: nil) == .taken)
        await rig.stop()
    }

    @Test func `a pause ends the alert and the waiting, until a ping comes`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let check = try await add(to: rig)
        try await ping(check, .fail, at: rig)
        _ = try await rig.engine.pauseCheck(check.id, as: .operator)
        try await rig.advance(.days(2))
        #expect(stub.told == ["Open", "Resolved"])
        try await ping(check, .success, at: rig)
        try await rig.advance(.minutes(71))
        #expect(stub.told == ["Open", "Resolved", "Open"])
        await rig.stop()
    }

    @Test func `another scheduler sees nothing of it`() async throws {
        let rig = try await rig()
        let other = try await rig.engine.registerScheduler(name: "b", username: "B", password: "P")
        let check = try await add(to: rig)
        await #expect(throws: CommandError.noSuchCheck(check.id)) {
            _ = try await rig.engine.check(check.id, as: .scheduler(other.number))
        }
        #expect(
            try await rig.engine.checks(after: CheckID(0), limit: 9, as: .scheduler(other.number)).isEmpty
        )
        await #expect(throws: CommandError.self) { _ = try await self.add(to: rig) }
        await rig.stop()
    }

    @Test func `thousands of pings leave one alarm`() async throws {
        let rig = try await rig()
        let check = try await add(to: rig)
        for _ in 0..<500 { try await ping(check, .success, at: rig) }
        #expect(try await rig.engine.status().alarms == 1)
        await rig.stop()
    }

    @Test func `a clock that leaps ahead blames no check`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let check = try await add(to: rig)
        _ = try await rig.engine.drive(.set(EngineRig.start + .hours(9)))
        try await rig.advance(.minutes(5))
        #expect(stub.told.isEmpty)
        try await ping(check, .success, at: rig)
        try await rig.advance(.minutes(30))
        #expect(stub.told.isEmpty)
        await rig.stop()
    }
}
