import Domain
import Effects
import Engine
import Testing

/// Blackouts as checks meet them: nothing is wanted in one, and that is recorded.
@Suite struct CheckBlackoutTests {
    private let start = EngineRig.start

    private func rig(_ stub: ChannelStub, disk: MemoryDisk = MemoryDisk()) async throws -> EngineRig {
        try await EngineRig(disk: disk, start: start, transport: stub, channels: ChannelStub.slack())
    }

    private func add(
        to rig: EngineRig,
        _ change: (inout CheckDefinition) -> Void
    ) async throws -> CheckView {
        var definition = CheckDefinition()
        definition.name = "backup"
        definition.period = .hours(1)
        definition.grace = .minutes(10)
        change(&definition)
        return try await rig.engine.registerCheck(definition, scheduler: 1)
    }

    private func set(
        _ name: String,
        from: Span,
        to: Span,
        labels: [String] = [],
        at rig: EngineRig
    ) async throws {
        let time = BlackoutTime.once(from: start + from, to: start + to)
        _ = try await rig.engine.setBlackout(
            Blackout(name: name, time: time, labels: labels),
            calendarURL: nil
        )
    }

    private func lapses(_ rig: EngineRig) async throws -> [CheckLapsed] {
        try await rig.records().compactMap { entry in
            if case .checkLapsed(let record) = entry.record { record } else { nil }
        }
    }

    @Test func `a scheduled ping in a blackout is left out by name, and the next one is expected`()
        async throws
    {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let check = try await add(to: rig) { $0.schedule = ["30 9 * * *"] }
        let other = try await add(to: rig) {
            $0.schedule = ["30 9 * * *"]
            $0.tags = ["db"]
        }
        try await set("holidays", from: .zero, to: .days(3), labels: ["db"], at: rig)
        #expect(try await rig.engine.check(other.id, as: .operator).blackout == "holidays")
        #expect(try await rig.engine.check(check.id, as: .operator).blackout == nil)
        try await rig.advance(.days(1))
        #expect(try await lapses(rig).map(\.lapse) == [.missed, .excluded])
        let excluded = try #require(try await lapses(rig).last)
        #expect(excluded.check == other.id)
        #expect(excluded.blackout == "holidays")
        #expect(excluded.since == start + .hours(9) + .minutes(30))
        #expect(excluded.standing.expected == start + .days(3) + .hours(9) + .minutes(30))
        #expect(try await rig.engine.openAlerts().map(\.alert.key) == ["check/1"])
        try await rig.advance(.days(3))
        #expect(try await lapses(rig).last?.lapse == .missed, "the blackout is over")
        await rig.stop()
    }

    @Test func `a period that ends in a blackout begins anew after it, over a restart`() async throws {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        var rig = try await rig(stub, disk: disk)
        let check = try await add(to: rig) { _ in }
        try await set("move", from: .minutes(30), to: .hours(6), at: rig)
        try await set("rest", from: .hours(6), to: .hours(8), at: rig)
        try await rig.advance(.hours(2))
        await rig.stop()
        rig = try await EngineRig(
            disk: disk,
            start: start + .hours(2),
            transport: stub,
            channels: ChannelStub.slack()
        )
        let view = try await rig.engine.check(check.id, as: .operator)
        #expect(view.entry.excludedBy == "move")
        #expect(view.entry.standing.expected == start + .hours(9), "the second follows without a break")
        try await rig.advance(.hours(7) + .minutes(9))
        #expect(stub.told.isEmpty)
        try await rig.advance(.minutes(2))
        #expect(stub.told == ["Open"])
        await rig.stop()
    }

    @Test func `our absence in a blackout is nobody's business`() async throws {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        let first = try await rig(stub, disk: disk)
        _ = try await add(to: first) { $0.schedule = ["0 3 * * *"] }
        try await set("maintenance", from: .hours(2), to: .hours(5), at: first)
        try await first.advance(.hours(2) + .minutes(30))
        await first.stop()
        let second = try await EngineRig(
            disk: disk,
            start: start + .hours(4),
            transport: stub,
            channels: ChannelStub.slack()
        )
        try await second.advance(.minutes(1))
        #expect(stub.told.isEmpty)
        #expect(try await lapses(second).map(\.lapse) == [.excluded])
        await second.stop()
    }

    @Test func `what comes after a blackout is expected from its end, however long the grace`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let check = try await add(to: rig) {
            $0.schedule = ["0 * * * *"]
            $0.grace = .hours(6)
        }
        try await set("move", from: .minutes(50), to: .minutes(80), at: rig)
        try await rig.advance(.hours(7) + .minutes(1))
        let view = try await rig.engine.check(check.id, as: .operator)
        #expect(view.entry.standing.expected == start + .hours(2))
        #expect(view.entry.standing.deadline == start + .hours(8))
        await rig.stop()
    }

    @Test func `an instant that passed in a blackout stays left out when that is taken back`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let check = try await add(to: rig) { $0.grace = .hours(1) }
        try await set("by mistake", from: .zero, to: .days(300), at: rig)
        try await rig.advance(.minutes(90))
        try await rig.engine.removeBlackout("by mistake")
        #expect(try await lapses(rig).map(\.lapse) == [.excluded])
        let view = try await rig.engine.check(check.id, as: .operator)
        #expect(view.entry.standing.expected == start + .minutes(150))
        await rig.stop()
    }

    @Test func `a blackout that is taken back is not waited for`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let check = try await add(to: rig) { _ in }
        try await set("by mistake", from: .zero, to: .days(300), at: rig)
        try await rig.advance(.hours(2))
        try await rig.engine.removeBlackout("by mistake")
        let view = try await rig.engine.check(check.id, as: .operator)
        #expect(view.entry.standing.expected == start + .hours(3))
        try await rig.advance(.minutes(71))
        #expect(stub.told == ["Open"])
        await rig.stop()
    }

    @Test func `a failure that is reported in a blackout counts, and is told of when that is over`()
        async throws
    {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let check = try await add(to: rig) { _ in }
        try await set("night", from: .zero, to: .hours(1), at: rig)
        _ = try await rig.engine.ping(.address(check.address), Ping(.fail), creating: nil)
        try await rig.advance(.minutes(59))
        #expect(try await rig.engine.openAlerts().count == 1)
        #expect(stub.told.isEmpty)
        try await rig.advance(.minutes(2))
        #expect(stub.told == ["Open"])
        await rig.stop()
    }
}
