import Domain
import Effects
import Engine
import Integrations
import Testing

/// Jobs that streams start, and their steps, over a whole engine with a driven clock.
@Suite struct ReactionTests {
    private static let service = """
        {"type":"service","action":"create","state":"Running","resource_uri":"/api/v1/service/1/",\
        "parents":["/api/v1/stack/2/"]}
        """
    private static let pagerKey = String(repeating: "k", count: 32)

    private static func channels() throws -> [String: ChannelSettings] {
        var channels = try ChannelStub.slack()
        channels["pagerduty"] = try .read(.pagerDuty, shortForm: pagerKey)
        return channels
    }

    private func rig(
        _ stub: ChannelStub,
        disk: MemoryDisk = MemoryDisk(),
        at start: Timestamp = EngineRig.start
    )
        async throws -> EngineRig
    {
        try await EngineRig(disk: disk, start: start, transport: stub, channels: Self.channels())
    }

    private func trigger(
        _ on: SourceHappening.Kind,
        _ change: (inout StreamTrigger) -> Void = { _ in }
    ) -> StreamTrigger {
        var trigger = StreamTrigger(source: "tutum", on: on)
        change(&trigger)
        return trigger
    }

    private func step(
        _ kind: JobStep.Kind,
        _ texts: [(String, String)],
        on: [SourceHappening.Kind] = []
    ) -> JobStep {
        var step = JobStep(kind, texts.map { JobStep.Text($0.0, $0.1) })
        step.on = on
        return step
    }

    private func add(_ rig: EngineRig, _ triggers: [StreamTrigger], _ steps: [JobStep]) async throws -> JobID
    {
        var definition = JobDefinition(callback: Callback(target: .steps), schedule: [])
        definition.reaction = Reaction(triggers: triggers, steps: steps)
        return try await rig.engine.register(JobDraft(definition), scheduler: 1).id
    }

    private func watchdog(_ rig: EngineRig, after: Span = .seconds(60)) async throws -> JobID {
        try await add(
            rig,
            [trigger(.close) { $0.after = after }, trigger(.open)],
            [
                step(.pagerDuty, [("action", "trigger"), ("description", "closed")], on: [.close]),
                step(.pagerDuty, [("action", "resolve")], on: [.open]),
            ]
        )
    }

    private func tell(
        _ rig: EngineRig,
        _ kind: SourceHappening.Kind,
        _ message: String = "",
        outage: UInt64 = 0
    ) async throws {
        let now = try await rig.engine.clock().now
        try await rig.engine.happened(
            SourceHappening(
                source: "tutum",
                kind: kind,
                at: now,
                message: Array(message.utf8),
                outage: outage
            )
        )
        try await rig.advance(.milliseconds(1))
    }

    private func actions(_ stub: ChannelStub) -> [String] {
        stub.heard.compactMap { try? JSONReader.value(of: $0.body)["event_action"]?.string }
    }

    private func closings(_ rig: EngineRig, _ job: JobID) async throws -> [RunClosed] {
        try await rig.records(job).compactMap { if case .runClosed(let r) = $0.record { r } else { nil } }
    }

    @Test func `an event that a trigger wants starts a run, and its cause is in the record`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        let job = try await add(
            rig,
            [trigger(.message) { $0.types = ["service"] }],
            [step(.note, [("text", "{{type}}:{{action}}:{{state}}:{{resource_uri}}:{{parents}}")])]
        )
        try await tell(rig, .message, #"{"type":"container","action":"create"}"#)
        try await tell(rig, .message, Self.service)
        let closed = try await closings(rig, job)
        #expect(closed.map(\.result) == [.ok])
        #expect(
            closed.first?.steps.map(\.note) == ["service:create:Running:/api/v1/service/1/:/api/v1/stack/2/"]
        )
        let opened = try await rig.records(job).compactMap { entry -> RunOpened? in
            if case .runOpened(let record) = entry.record { record } else { nil }
        }
        #expect(opened.map(\.trigger) == [.stream])
        #expect(opened.first?.cause?.happening.message == Array(Self.service.utf8))
        #expect(try await rig.engine.job(job, as: .operator).entry.state == .active)
        await rig.stop()
    }

    @Test func `a service's stack is looked up, and Slack is told in the tutorial's three lines`()
        async throws
    {
        let stack = Answer(status: 200, body: Array(#"{"name":"web & co","state":"Running"}"#.utf8))
        let stub = ChannelStub(stack)
        let rig = try await rig(stub)
        let text = "A Service on Tutum was {{action_past}}.\nIt belonged to the {{stack.name}} Stack.\n"
        let job = try await add(
            rig,
            [trigger(.message)],
            [
                step(.enrich, [("get", "parent"), ("as", "stack"), ("base_url", "https://rest.example")]),
                step(.slack, [("text", text + "The Stack state is: {{stack.state}}")]),
            ]
        )
        try await tell(rig, .message, Self.service)
        #expect(stub.heard.map(\.path) == ["/api/v1/stack/2/", "/services/T0/B0/x0"])
        let told = try JSONReader.value(of: stub.heard.last?.body ?? "")["text"]?.string
        #expect(
            told == """
                A Service on Tutum was created.
                It belonged to the web &amp; co Stack.
                The Stack state is: Running
                """
        )
        let closed = try await closings(rig, job)
        #expect(closed.first?.steps.map(\.isDone) == [true, true])
        #expect(closed.first?.steps.last?.message != .zero)
        await rig.stop()
    }

    @Test func `what cannot be looked up is said to be unknown`() async throws {
        let stub = ChannelStub(Answer(status: 404))
        let rig = try await rig(stub)
        let job = try await add(
            rig,
            [trigger(.message)],
            [
                step(
                    .enrich,
                    [("get", "parent:stack"), ("as", "stack"), ("base_url", "https://rest.example")]
                ),
                step(.slack, [("text", "of {{stack.name}}")]),
            ]
        )
        try await tell(rig, .message, Self.service)
        let told = try JSONReader.value(of: stub.heard.last?.body ?? "")["text"]?.string
        let note = "Note: stack could not be looked up: GET /api/v1/stack/2/ was answered 404"
        #expect(told == "of (unknown)\n\(note)")
        #expect(try await closings(rig, job).map(\.result) == [.ok])
        await rig.stop()
    }

    @Test func `Slack's 429 is waited out, and the message is delivered once`() async throws {
        let stub = ChannelStub(Answer(status: 429, retryAfter: "2"))
        let rig = try await rig(stub)
        _ = try await add(rig, [trigger(.message)], [step(.slack, [("text", "hello")])])
        try await tell(rig, .message, Self.service)
        #expect(stub.heard.count == 1)
        try await rig.advance(.seconds(10))
        #expect(stub.heard.count == 2)
        #expect(try await rig.engine.pendingMessages().isEmpty)
        await rig.stop()
    }

    @Test func `an outage is told of after its grace, once, and resolved once`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        _ = try await watchdog(rig)
        try await tell(rig, .open)
        #expect(actions(stub) == ["resolve"])
        try await tell(rig, .close, outage: 1)
        try await rig.advance(.seconds(30))
        try await tell(rig, .open, outage: 1)
        try await rig.advance(.minutes(5))
        #expect(actions(stub) == ["resolve"])
        try await tell(rig, .close, outage: 2)
        try await tell(rig, .close, outage: 2)
        try await rig.advance(.minutes(5))
        #expect(actions(stub) == ["resolve", "trigger"])
        #expect(stub.heard.last?.body.contains(#""dedup_key":"tutum-stream""#) == true)
        try await tell(rig, .open, outage: 2)
        try await tell(rig, .open, outage: 2)
        #expect(actions(stub) == ["resolve", "trigger", "resolve"])
        await rig.stop()
    }

    @Test func `a grace goes on over a restart`() async throws {
        let stub = ChannelStub()
        let disk = MemoryDisk()
        let first = try await rig(stub, disk: disk)
        _ = try await watchdog(first)
        try await tell(first, .close, outage: 1)
        await first.stop()
        let second = try await rig(stub, disk: disk, at: EngineRig.start + .seconds(20))
        try await second.advance(.seconds(30))
        #expect(stub.heard.isEmpty)
        try await second.advance(.seconds(30))
        #expect(actions(stub) == ["trigger"])
        await second.stop()
    }

    @Test func `a job without steps calls its URL with the event`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        var url = URLTarget(isTLS: true, host: "hooks.example", port: 443, path: "/{{type}}/{{state}}")
        url.queryMask = ""
        var definition = JobDefinition(callback: Callback(target: .url(url)), schedule: [])
        definition.reaction = Reaction(triggers: [trigger(.message)], steps: [])
        _ = try await rig.engine.register(JobDraft(definition), scheduler: 1)
        try await tell(rig, .message, Self.service)
        #expect(stub.heard.map(\.path) == ["/service/Running"])
        #expect(stub.heard.first?.body == Self.service)
        #expect(stub.heard.first?.headers.contains("Chronatog-Depth: 1") == true)
        await rig.stop()
    }

    @Test func `more starts than a trigger may make in a minute are refused, and that is recorded once`()
        async throws
    {
        let rig = try await rig(ChannelStub())
        let job = try await add(
            rig,
            [trigger(.message) { $0.startsPerMinuteMax = 2 }],
            [step(.note, [("text", "x")])]
        )
        for _ in 0..<5 { try await tell(rig, .message, Self.service) }
        #expect(try await closings(rig, job).count == 2)
        try await rig.advance(.minutes(2))
        for _ in 0..<3 { try await tell(rig, .message, Self.service) }
        let refusals = try await rig.records(job).compactMap { entry -> TriggerRefused? in
            if case .reaction(.triggerRefused(let record)) = entry.record { record } else { nil }
        }
        #expect(refusals.map(\.reason) == [.rate, .rate])
        #expect(refusals.map(\.before) == [0, 2])
        await rig.stop()
    }

    @Test func `a chain of runs that events start has an end`() async throws {
        let rig = try await rig(ChannelStub())
        let job = try await add(rig, [trigger(.message)], [step(.note, [("text", "x")])])
        try await tell(rig, .message, #"{"type":"run","action":"create","depth":4}"#)
        try await tell(rig, .message, #"{"type":"run","action":"create","depth":5}"#)
        let closed = try await closings(rig, job)
        #expect(closed.map(\.depth) == [5])
        await rig.stop()
    }

    @Test func `a step opens an alert of the job's own, and another resolves it`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        _ = try await add(
            rig,
            [trigger(.close), trigger(.open)],
            [
                step(.alert, [("key", "{{source}}"), ("title", "{{source}} is closed")], on: [.close]),
                step(.alert, [("key", "{{source}}"), ("action", "resolve")], on: [.open]),
            ]
        )
        try await tell(rig, .close, outage: 1)
        #expect(try await rig.engine.openAlerts().map(\.alert.opened.title) == ["tutum is closed"])
        try await tell(rig, .open, outage: 1)
        #expect(try await rig.engine.openAlerts().isEmpty)
        await rig.stop()
    }

    @Test func `an http step posts to its own URL, and is tried again`() async throws {
        let stub = ChannelStub(Answer(status: 503))
        let rig = try await rig(stub)
        let body = "{\"index\":{}}\n{{event}}\n"
        _ = try await add(
            rig,
            [trigger(.message)],
            [step(.http, [("url", "https://search.example/tutum/_bulk"), ("body", body)])]
        )
        try await tell(rig, .message, Self.service)
        try await rig.advance(.minutes(10))
        #expect(stub.heard.map(\.path) == ["/tutum/_bulk", "/tutum/_bulk"])
        #expect(stub.heard.last?.body == "{\"index\":{}}\n\(Self.service)\n")
        await rig.stop()
    }

    @Test func `a step for a channel that is not there is refused when the job is saved`() async throws {
        let rig = try await EngineRig(transport: ChannelStub())
        await #expect(throws: CommandError.self) {
            _ = try await add(rig, [trigger(.message)], [step(.slack, [("text", "x")])])
        }
        await rig.stop()
    }
}
