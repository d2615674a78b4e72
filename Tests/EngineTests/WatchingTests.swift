import Domain
import Effects
import Engine
import Integrations
import Journaling
import Testing

@Suite struct WatchingTests {
    private static let settings = JSON.object([
        JSON.Member("url", .string("ws://stream.test/v1/events")), JSON.Member("username", .string("me")),
        JSON.Member("token", .string("topsecret")),
    ])

    private func kinds(_ rig: EngineRig) async throws -> [String] {
        try await rig.records().map(\.record.name).filter {
            $0.hasPrefix("source") || $0.hasPrefix("alert")
        }
    }

    /// A question is answered after everything that came before it.
    private func view(_ rig: EngineRig) async throws -> SourceView { try await rig.engine.stream("tutum") }

    @Test func `an outage opens one alert after its grace, and auth resolves it`() async throws {
        let (stub, channel) = (StreamStub(), ChannelStub())
        let rig = try await EngineRig(transport: channel, streams: stub, channels: ChannelStub.slack())
        _ = try await rig.engine.setStream("tutum", SourceWish(settings: Self.settings))
        #expect(stub.openings.map(\.target) == ["/v1/events"])
        stub.authenticate()
        #expect(try await view(rig).state == "authenticated")
        stub.say(.closed(code: 1006, reason: ""))
        #expect(try await view(rig).state == "waiting")
        try await rig.advance(.seconds(9))
        #expect(try await rig.engine.openAlerts().isEmpty)
        try await rig.advance(.seconds(2))
        let open = try #require(try await rig.engine.openAlerts().first?.alert.opened)
        #expect(open.key == "tutum-stream")
        #expect(open.title == "Tutum Stream connection closed.")
        stub.say(.open)
        #expect(try await rig.engine.openAlerts().count == 1)
        stub.authenticate()
        #expect(try await view(rig).source.outages == 1)
        try await rig.advance(.minutes(1))
        #expect(try await rig.engine.openAlerts().isEmpty)
        #expect(channel.told == ["Open", "Resolved"])
        #expect(
            try await kinds(rig) == [
                "sourceSet", "sourceOpened", "sourceLost", "alertOpened", "sourceOpened", "alertResolved",
            ]
        )
        await rig.stop()
    }

    @Test func `refused credentials are told at once, resolve nothing, and wait for somebody`() async throws {
        let stub = StreamStub()
        let rig = try await EngineRig(streams: stub)
        _ = try await rig.engine.setStream("tutum", SourceWish(settings: Self.settings))
        stub.authenticate()
        stub.say(.closed(code: 1006, reason: ""))
        _ = try await view(rig)
        try await rig.advance(.seconds(11))
        stub.say(.refused(status: 401, retryAfter: nil))
        #expect(try await view(rig).state == "unauthorized")
        let keys = try await rig.engine.openAlerts().map(\.alert.opened.key).sorted()
        #expect(keys == ["tutum-stream", "tutum-stream/credentials"])
        let attempts = stub.openings.count
        try await rig.advance(.hours(2))
        #expect(stub.openings.count == attempts)
        _ = try await rig.engine.pauseStream("tutum", false)
        #expect(stub.openings.count == attempts + 1)
        stub.authenticate()
        #expect(try await view(rig).source.outages == 1)
        #expect(try await rig.engine.openAlerts().isEmpty)
        await rig.stop()
    }

    @Test func `an outage outlasts a restart, and what is paused or refused stays so`() async throws {
        let disk = MemoryDisk()
        var rig = try await EngineRig(disk: disk, streams: StreamStub())
        var stub = StreamStub()
        await rig.stop()
        rig = try await EngineRig(disk: disk, streams: stub)
        _ = try await rig.engine.setStream("tutum", SourceWish(settings: Self.settings))
        stub.authenticate()
        stub.say(.closed(code: 1001, reason: ""))
        #expect(try await view(rig).source.outages == 1)
        await rig.stop()

        stub = StreamStub()
        rig = try await EngineRig(disk: disk, start: EngineRig.start + .hours(1), streams: stub)
        #expect(stub.openings.count == 1)
        stub.say(.failed(Failure(.refused, "nobody listens")))
        try await rig.advance(.seconds(11))
        #expect(try await rig.engine.openAlerts().map(\.alert.opened.key) == ["tutum-stream"])
        #expect(try await view(rig).source.lostSince == EngineRig.start)
        stub.authenticate()
        #expect(try await view(rig).source.outages == 1)
        _ = try await rig.engine.pauseStream("tutum", true)
        await rig.stop()

        stub = StreamStub()
        rig = try await EngineRig(disk: disk, start: EngineRig.start + .hours(2), streams: stub)
        #expect(try await view(rig).state == "paused")
        #expect(stub.openings.isEmpty)
        await rig.stop()
    }

    @Test func `the stream of flags is made anew when they change, and goes when they do`() async throws {
        let disk = MemoryDisk()
        let wish = SourceWish(settings: Self.settings)
        var stub = StreamStub()
        var rig = try await EngineRig(disk: disk, streams: stub, sources: ["tutum": wish])
        stub.say(.refused(status: 401, retryAfter: nil))
        #expect(try await view(rig).state == "unauthorized")
        await #expect(throws: CommandError.self) { try await rig.engine.removeStream("tutum") }
        await rig.stop()

        stub = StreamStub()
        rig = try await EngineRig(disk: disk, streams: stub, sources: ["tutum": wish])
        #expect(stub.openings.isEmpty, "the same credentials would be refused again")
        await rig.stop()

        var other = wish
        other.settings = .object([
            JSON.Member("url", .string("ws://stream.test")), JSON.Member("bearer", .string("new")),
        ])
        rig = try await EngineRig(disk: disk, streams: stub, sources: ["tutum": other])
        #expect(stub.openings.count == 1)
        await rig.stop()
        rig = try await EngineRig(disk: disk, streams: stub)
        #expect(try await rig.engine.streams().isEmpty)
        #expect(try await rig.engine.openAlerts().isEmpty)
        await rig.stop()
    }

    @Test func `what an overtaken connection says is nobody's`() async throws {
        let stub = StreamStub()
        let rig = try await EngineRig(streams: stub)
        _ = try await rig.engine.setStream("tutum", SourceWish(settings: Self.settings))
        let first = try #require(stub.openings.first?.id)
        _ = try await rig.engine.setStream("tutum", SourceWish(settings: Self.settings, alertAfter: nil))
        #expect(stub.closed == [first])
        stub.say(.open, on: first)
        stub.say(.closed(code: 1006, reason: ""), on: first)
        #expect(try await view(rig).state == "connecting")
        #expect(try await view(rig).source.outages == 0)
        await rig.stop()
    }

    @Test func `a flood is cut off, counted and recorded, and the state is not lost with it`() async throws {
        let stub = StreamStub()
        let rig = try await EngineRig(streams: stub)
        _ = try await rig.engine.setStream("tutum", SourceWish(settings: Self.settings))
        stub.authenticate()
        _ = try await view(rig)
        let event =
            #"{"type":"service","action":"update","pad":"\#(String(repeating: "x", count: 1 << 19))"}"#
        let bytes = Array(event.utf8)
        for _ in 0..<400 { stub.say(.text(bytes)) }
        stub.say(.closed(code: 1006, reason: ""))
        let seen = try await view(rig)
        #expect(seen.state == "waiting")
        #expect(seen.events + seen.source.overflowed == 400)
        await rig.stop()
    }

    @Test func `no secret stands in records, events or dumps`() async throws {
        let stub = StreamStub()
        let rig = try await EngineRig(streams: stub)
        _ = try await rig.engine.setStream("tutum", SourceWish(settings: Self.settings))
        let head = String(decoding: try #require(stub.openings.first).headerLines, as: UTF8.self)
        #expect(head.contains("Authorization: Basic bWU6dG9wc2VjcmV0\r\n"))
        for entry in try await rig.records() {
            #expect(!entry.json.text.contains("topsecret"))
            #expect(!"\(entry)".contains("topsecret"))
        }
        #expect(try await view(rig).login == "me")
        await rig.stop()
    }

    @Test func `a silent stream is an alert of its own, which the next event resolves`() async throws {
        let stub = StreamStub()
        let rig = try await EngineRig(streams: stub)
        let wish = SourceWish(settings: Self.settings, silentAfter: .minutes(5))
        _ = try await rig.engine.setStream("tutum", wish)
        stub.authenticate()
        _ = try await view(rig)
        try await rig.advance(.minutes(4))
        stub.say(#"{"type":"service"}"#)
        _ = try await view(rig)
        try await rig.advance(.minutes(4))
        #expect(try await rig.engine.openAlerts().isEmpty)
        try await rig.advance(.minutes(2))
        #expect(try await rig.engine.openAlerts().map(\.alert.opened.key) == ["tutum-stream/silence"])
        stub.say(#"{"type":"service"}"#)
        #expect(try await view(rig).events == 2)
        #expect(try await rig.engine.openAlerts().isEmpty)
        await rig.stop()
    }

    @Test func `names that are none, and streams that are not there, are refused`() async throws {
        let rig = try await EngineRig(streams: StreamStub())
        await #expect(throws: CommandError.self) {
            try await rig.engine.setStream("Tu tum", SourceWish(settings: Self.settings))
        }
        _ = try await rig.engine.setStream("tutum", SourceWish(settings: Self.settings))
        await #expect(throws: CommandError.noSuchStream("tutu", known: ["tutum"])) {
            try await rig.engine.stream("tutu")
        }
        await #expect(throws: CommandError.self) { try await rig.engine.pauseStream("tutum", false) }
        await rig.stop()
    }
}
