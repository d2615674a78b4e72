import Domain
import Effects
import Engine
import Testing

@Suite struct CompletionTests {
    private func add(
        to rig: EngineRig,
        target: String = "/_sink/202",
        _ change: (inout JobDefinition) -> Void = { _ in }
    ) async throws -> JobID {
        try await rig.add("0 * * * *", target: target) {
            $0.completion = .ping
            $0.runDeadline = .minutes(20)
            $0.retry.retries = 0
            $0.name = "export"
            change(&$0)
        }
    }

    /// What the latest call's header said.
    private func name(_ rig: EngineRig) throws -> UniqueID {
        let call = try #require(rig.sink.captured.last)
        let url = call.headers.first { $0.name.lowercased() == "chronatog-completion-url" }?.value
        let text = try #require(url)
        #expect(text.hasPrefix("http://chronatog.test/ping/"))
        return try #require(UniqueID(String(text.suffix(36))))
    }

    private func ping(_ rig: EngineRig, _ ping: Ping) async throws {
        let answer = try await rig.engine.ping(.address(try name(rig)), ping, creating: nil)
        #expect(answer == .taken)
    }

    @Test func `a run answered 202 stays open until its ping, and closes once`() async throws {
        let rig = try await EngineRig()
        let job = try await add(to: rig) { $0.runDeadline = .minutes(50) }
        try await rig.advance(.hours(1) + .minutes(10))
        #expect(try await rig.engine.openRuns(of: job).count == 1)
        try await ping(rig, Ping(.start))
        #expect(try await rig.engine.openRuns(of: job).count == 1)
        try await ping(rig, Ping(.success))
        #expect(try await rig.results(job) == [.ok: 1])
        try await ping(rig, Ping(.fail))
        #expect(try await rig.results(job) == [.ok: 1])
        await rig.stop()
    }

    @Test func `a failure is a failure, and silence is one at the deadline`() async throws {
        let rig = try await EngineRig()
        let job = try await add(to: rig)
        try await rig.advance(.hours(1) + .minutes(1))
        try await ping(rig, Ping(.fail, exitCode: 3))
        #expect(try await rig.engine.openAlerts().map(\.alert.opened.title) == ["export failed"])
        try await rig.advance(.hours(1) + .minutes(18))
        #expect(try await rig.results(job) == [.failed: 1])
        try await rig.advance(.minutes(2))
        #expect(try await rig.results(job) == [.failed: 2])
        await rig.stop()
    }

    @Test func `any other success ends the run at once`() async throws {
        let rig = try await EngineRig()
        let job = try await add(to: rig, target: "/_sink/200")
        try await rig.advance(.hours(1) + .minutes(1))
        #expect(try await rig.results(job) == [.ok: 1])
        await rig.stop()
    }

    @Test func `what is awaited is awaited after a restart`() async throws {
        let disk = MemoryDisk()
        let first = try await EngineRig(disk: disk)
        let job = try await add(to: first)
        try await first.advance(.hours(1) + .minutes(1))
        let name = try name(first)
        await first.stop()
        let start = EngineRig.start + .hours(1) + .minutes(5)
        let second = try await EngineRig(disk: disk, start: start)
        #expect(try await second.engine.openRuns(of: job).count == 1)
        let answer = try await second.engine.ping(.address(name), Ping(.success), creating: nil)
        #expect(answer == .taken)
        #expect(try await second.results(job) == [.ok: 1])
        await second.stop()
    }

    @Test func `max_runtime opens an alert while the run goes on, and its success resolves it`() async throws
    {
        let rig = try await EngineRig()
        let job = try await add(to: rig) { $0.maxRuntime = .minutes(5) }
        try await rig.advance(.hours(1) + .minutes(4))
        #expect(try await rig.engine.openAlerts().isEmpty)
        try await rig.advance(.minutes(2))
        let open = try await rig.engine.openAlerts()
        #expect(open.map(\.alert.opened.title) == ["export has run for longer than 5m"])
        #expect(open.map(\.alert.opened.severity) == [.warning])
        #expect(try await rig.engine.openRuns(of: job).count == 1)
        try await ping(rig, Ping(.success))
        #expect(try await rig.engine.openAlerts().isEmpty)
        await rig.stop()
    }

    @Test func `a run that took too long and then fails is told of as both`() async throws {
        let rig = try await EngineRig()
        _ = try await add(to: rig) { $0.maxRuntime = .minutes(5) }
        try await rig.advance(.hours(1) + .minutes(6))
        #expect(try await rig.engine.openAlerts().map(\.alert.opened.cause) == [.timedOut])
        try await ping(rig, Ping(.fail))
        let open = try await rig.engine.openAlerts().map(\.alert.opened)
        #expect(open.map(\.cause) == [.failing])
        #expect(open.map(\.severity) == [.error])
        await rig.stop()
    }

    @Test func `a run that takes an unusual time opens a warning, and the next usual one resolves it`()
        async throws
    {
        let rig = try await EngineRig()
        let job = try await add(to: rig, target: "/_sink/200?delay=5s") {
            $0.schedule = ["@every 1m"]
            $0.watchesPace = true
            $0.deadlines.total = .minutes(10)
            $0.deadlines.firstByte = .minutes(10)
        }
        try await rig.advance(.minutes(30))
        #expect(try await rig.engine.openAlerts().isEmpty)
        let revise = { (target: String) in
            _ = try await rig.engine.revise(job, as: .operator) { definition in
                var definition = definition
                definition.callback.target = .sink(target)
                return JobDraft(definition)
            }
        }
        try await revise("/_sink/200?delay=40s")
        try await rig.advance(.minutes(2))
        #expect(try await rig.engine.openAlerts().map(\.alert.key) == ["job/1/pace"])
        #expect(try await rig.engine.openAlerts().map(\.alert.opened.severity) == [.warning])
        try await revise("/_sink/200?delay=5s")
        try await rig.advance(.minutes(2))
        #expect(try await rig.engine.openAlerts().isEmpty)
        await rig.stop()
    }
}
