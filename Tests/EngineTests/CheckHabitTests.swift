import Domain
import Effects
import Engine
import Testing

/// Checks with `alert_unusual`.
@Suite struct CheckHabitTests {
    private func add(
        to rig: EngineRig,
        _ change: (inout CheckDefinition) -> Void = { _ in }
    ) async throws -> CheckView {
        var definition = CheckDefinition()
        definition.name = "worker"
        definition.period = .hours(1)
        definition.watchesPace = true
        change(&definition)
        return try await rig.engine.registerCheck(definition, scheduler: 1)
    }

    private func ping(_ view: CheckView, _ kind: PingKind = .success, at rig: EngineRig) async throws {
        #expect(try await rig.engine.ping(.address(view.address), Ping(kind), creating: nil) == .taken)
    }

    private func pings(_ count: Int, every span: Span, _ view: CheckView, at rig: EngineRig) async throws {
        for _ in 0..<count {
            try await rig.advance(span)
            try await ping(view, at: rig)
        }
    }

    private func run(_ view: CheckView, at rig: EngineRig, for span: Span) async throws {
        try await rig.advance(.minutes(5))
        try await ping(view, .start, at: rig)
        try await rig.advance(span)
        try await ping(view, at: rig)
    }

    private func revise(
        _ view: CheckView,
        at rig: EngineRig,
        _ change: @escaping @Sendable (inout CheckDefinition) -> Void
    ) async throws {
        _ = try await rig.engine.reviseCheck(view.id, as: .operator, ifMatch: nil) { definition in
            var definition = definition
            change(&definition)
            return definition
        }
    }

    private func open(_ rig: EngineRig) async throws -> [String] {
        try await rig.engine.openAlerts().map(\.alert.key)
    }

    @Test func `a script gone wild opens one warning, and its usual pace resolves it`() async throws {
        let stub = ChannelStub()
        let rig = try await EngineRig(transport: stub, channels: ChannelStub.slack())
        let check = try await add(to: rig)
        try await pings(25, every: .minutes(5), check, at: rig)
        try await pings(2, every: .seconds(10), check, at: rig)
        #expect(try await open(rig).isEmpty)
        try await pings(40, every: .seconds(10), check, at: rig)
        let alert = try #require(try await rig.engine.openAlerts().first?.alert.opened)
        #expect(alert.key == "check/1/rate")
        #expect(alert.severity == .warning)
        #expect(alert.title.hasPrefix("worker came after 10s, more often than usual (every "))
        try await pings(1, every: .minutes(5), check, at: rig)
        #expect(try await open(rig).isEmpty)
        try await rig.advance(.minutes(1))
        #expect(stub.told == ["Open", "Resolved"])
        await rig.stop()
    }

    @Test func `a check that does not ask for it learns nothing and warns of nothing`() async throws {
        let rig = try await EngineRig()
        let check = try await add(to: rig) { $0.watchesPace = false }
        try await pings(25, every: .minutes(5), check, at: rig)
        try await pings(9, every: .seconds(1), check, at: rig)
        #expect(try await open(rig).isEmpty)
        #expect(try await rig.engine.check(check.id, as: .operator).entry.habit == nil)
        await rig.stop()
    }

    @Test func `a run that takes an unusual time opens a warning, and the next usual one resolves it`()
        async throws
    {
        let rig = try await EngineRig()
        let check = try await add(to: rig)
        for _ in 0..<21 { try await run(check, at: rig, for: .minutes(1)) }
        #expect(try await open(rig).isEmpty)
        try await run(check, at: rig, for: .minutes(10))
        #expect(try await open(rig) == ["check/1/pace"])
        try await run(check, at: rig, for: .minutes(1))
        #expect(try await open(rig).isEmpty)
        try await run(check, at: rig, for: .seconds(1))
        #expect(try await open(rig) == ["check/1/pace"])
        _ = try await rig.engine.pauseCheck(check.id, as: .operator)
        #expect(try await open(rig).isEmpty)
        await rig.stop()
    }

    @Test func `what was learned survives a restart, and the gap is no interval`() async throws {
        let disk = MemoryDisk()
        let first = try await EngineRig(disk: disk)
        let check = try await add(to: first)
        try await pings(25, every: .minutes(5), check, at: first)
        let before = try await first.engine.check(check.id, as: .operator).entry
        await first.stop()
        let second = try await EngineRig(disk: disk, start: EngineRig.start + .days(3))
        let after = try await second.engine.check(check.id, as: .operator).entry
        #expect(before.habit?.intervalsSeen == 24)
        #expect(after.habit == before.habit)
        try await ping(check, .start, at: second)
        try await ping(check, at: second)
        #expect(try await second.engine.check(check.id, as: .operator).entry.habit?.intervalsSeen == 24)
        try await pings(3, every: .seconds(2), check, at: second)
        #expect(try await open(second) == ["check/1/rate"])
        await second.stop()
    }

    @Test func `another period is learned anew, and who asks for no warnings has them resolved`()
        async throws
    {
        let rig = try await EngineRig()
        let check = try await add(to: rig)
        try await pings(25, every: .minutes(5), check, at: rig)
        try await pings(5, every: .seconds(10), check, at: rig)
        #expect(try await open(rig) == ["check/1/rate"])
        try await revise(check, at: rig) { $0.period = .seconds(10) }
        #expect(try await rig.engine.check(check.id, as: .operator).entry.habit?.intervalsSeen == 0)
        try await pings(1, every: .seconds(10), check, at: rig)
        #expect(try await open(rig).isEmpty)
        try await pings(25, every: .minutes(5), check, at: rig)
        try await pings(5, every: .seconds(10), check, at: rig)
        #expect(try await open(rig) == ["check/1/rate"])
        try await revise(check, at: rig) { $0.watchesPace = false }
        #expect(try await open(rig).isEmpty)
        await rig.stop()
    }
}
