import Domain
import Effects
import Engine
import Integrations
import Journaling
import Testing

/// Channels that people make.
struct ChannelTests {
    private let hook = "https://hooks.slack.com/services/T0/B0/s3cretword"

    private func slack(_ url: String) -> JSON {
        .object([.init("kind", .string("slack")), .init("url", .string(url))])
    }

    private func addFailing(to rig: EngineRig) async throws {
        _ = try await rig.add("0 * * * *", target: "/_sink/500") {
            $0.retry.retries = 0
            $0.name = "report"
        }
    }

    @Test func `a channel is sealed in the journal, shown masked, and there after a restart`() async throws {
        let disk = MemoryDisk()
        let first = try await EngineRig(disk: disk)
        let made = try await first.engine.addChannel("ops", ChannelWish(settings: slack(hook)))
        #expect(made.settings["url"]?.string == "https://hooks.slack.com/***")
        #expect(!made.isFromFlags)
        for entry in try await first.records() {
            #expect(!String(decoding: entry.dumpLine, as: UTF8.self).contains("s3cretword"))
        }
        await first.stop()
        let stub = ChannelStub()
        let second = try await EngineRig(disk: disk, transport: stub)
        try await addFailing(to: second)
        try await second.advance(.hours(2))
        #expect(stub.heard.map(\.path) == ["/services/T0/B0/s3cretword"])
        // What still shows its mask keeps its value.
        let masked = try await second.engine.channel("ops").settings
        _ = try await second.engine.changeChannel("ops", ChannelWish(settings: masked))
        try await second.engine.removeChannel("ops")
        await #expect(throws: CommandError.noSuchChannel("ops", known: [])) {
            try await second.engine.channel("ops")
        }
        await second.stop()
    }

    @Test func `what is wrong is said at once, and nothing is kept`() async throws {
        let rig = try await EngineRig(channels: ChannelStub.slack())
        let engine = rig.engine
        await #expect(throws: CommandError.self) {
            try await engine.addChannel("ops", ChannelWish(settings: slack("ftp://x")))
        }
        await #expect(throws: CommandError.self) {
            try await engine.addChannel("Ops!", ChannelWish(settings: slack(hook)))
        }
        await #expect(throws: CommandError.self) {
            try await engine.addChannel("slack", ChannelWish(settings: slack(hook)))
        }
        let short = JSON.object([.init("kind", .string("pagerduty")), .init("key", .string("short"))])
        await #expect(throws: CommandError.self) {
            try await engine.addChannel("pd", ChannelWish(settings: short))
        }
        var rules = ChannelRules()
        rules.quiet = QuietHours(from: 0, to: 60, zone: "Mars/Base", criticalPasses: true)
        let fault = CommandError.Fault(
            field: "rules.quiet_zone",
            message: "names no time zone: Mars/Base"
        )
        let wish = ChannelWish(settings: slack(hook), rules: rules)
        await #expect(throws: CommandError.invalid([fault])) { try await engine.addChannel("ops", wish) }
        await #expect(throws: CommandError.self) { try await engine.removeChannel("slack") }
        await #expect(throws: CommandError.self) {
            try await engine.changeChannel("slack", ChannelWish(settings: slack(hook)))
        }
        #expect(try await engine.channels().map(\.name) == ["slack"])
        await rig.stop()
    }

    @Test func `a paused channel hears nothing new, and what waits for it goes when it is enabled`()
        async throws
    {
        let stub = ChannelStub()
        let rig = try await EngineRig(transport: stub, channels: ChannelStub.slack())
        try await addFailing(to: rig)
        try await rig.advance(.hours(1) + .minutes(1))
        #expect(stub.told == ["Open"])
        _ = try await rig.engine.changeChannel("slack", ChannelWish(isPaused: true))
        let alert = try #require(try await rig.engine.openAlerts().first?.id)
        _ = try await rig.engine.resolve(alert)
        try await rig.advance(.hours(1))
        #expect(stub.told == ["Open"])
        await #expect(throws: CommandError.self, "nobody waits for a test that does not leave") {
            try await rig.engine.testChannel("slack")
        }
        _ = try await rig.engine.enableChannel("slack")
        try await rig.advance(.seconds(1))
        #expect(stub.told == ["Open", "Resolved"])
        await rig.stop()
    }

    @Test func `a broken channel is shown, and enabling it sends again what it missed`() async throws {
        let stub = ChannelStub(Answer(status: 404, body: Array("no_service".utf8)))
        let rig = try await EngineRig(transport: stub, channels: ChannelStub.slack())
        try await addFailing(to: rig)
        try await rig.advance(.hours(1) + .minutes(1))
        let broken = try await rig.engine.channel("slack").state.brokenBecause
        #expect(broken?.contains("no_service") == true)
        #expect(try await rig.engine.enableChannel("slack").resent == 1)
        try await rig.advance(.seconds(1))
        #expect(try await rig.engine.channel("slack").state.brokenBecause == nil)
        #expect(try await rig.engine.pendingMessages().isEmpty)
        await rig.stop()
    }

    @Test func `other settings mend a broken channel`() async throws {
        let stub = ChannelStub(Answer(status: 404, body: Array("no_service".utf8)))
        let rig = try await EngineRig(transport: stub)
        _ = try await rig.engine.addChannel("sb", ChannelWish(settings: slack(hook)))
        try await addFailing(to: rig)
        try await rig.advance(.hours(1) + .minutes(1))
        #expect(try await rig.engine.channel("sb").state.brokenBecause != nil)
        let same = try await rig.engine.changeChannel("sb", ChannelWish(settings: slack(hook)))
        #expect(same.state.brokenBecause != nil)
        let other = slack("https://hooks.slack.com/services/T0/B0/another")
        let mended = try await rig.engine.changeChannel("sb", ChannelWish(settings: other))
        #expect(mended.state.brokenBecause == nil)
        #expect(try await rig.records().last?.record.name == "channelMended")
        await rig.stop()
    }

    @Test func `a link acknowledges its own alert and no other, and nobody guesses it`() async throws {
        let stub = ChannelStub()
        let rig = try await EngineRig(
            transport: stub,
            channels: ChannelStub.slack(),
            publicURL: "https://cron.example.com"
        )
        try await addFailing(to: rig)
        try await addFailing(to: rig)
        try await rig.advance(.hours(1) + .minutes(1))
        let words = stub.heard.compactMap { call -> String? in
            guard let begin = call.body.firstRange(of: "cron.example.com/a/") else { return nil }
            return String(call.body[begin.upperBound...].prefix { $0.isHexDigit || $0 == "-" })
        }
        #expect(Set(words).count == 2)
        let word = try #require(words.first)
        let alert = try await rig.engine.alert(link: word)
        #expect(alert.alert.acknowledgedAt == nil)
        #expect(try await rig.engine.acknowledge(link: word).alert.acknowledgedAt != nil)
        let other = try await rig.engine.openAlerts().filter { $0.alert.acknowledgedAt == nil }
        #expect(other.count == 1)
        let flipped = word.dropLast() + (word.hasSuffix("0") ? "1" : "0")
        let stolen = "\(other[0].id)-\(word.split(separator: "-")[1])"
        for wrong in [String(flipped), stolen, "", "1", "1-", "x-\(word)", "\(word)00"] {
            await #expect(throws: CommandError.self) { try await rig.engine.acknowledge(link: wrong) }
        }
        await rig.stop()
    }

    @Test func `the keys of a folder are its own, and a rotation keeps the old one for a while`()
        async throws
    {
        let disk = MemoryDisk()
        func keys(_ ring: [UInt64]) async throws -> [String] {
            let rig = try await EngineRig(disk: disk, keys: ring)
            let document = try await rig.engine.publicKeys()
            await rig.stop()
            return document["keys"]?.array?.compactMap { $0["x"]?.string } ?? []
        }
        let first = try await keys([99])
        let rotated = try await keys([7, 99])
        #expect(first.count == 1)
        #expect(rotated.count == 2 && rotated.last == first.first)
        let elsewhere = try await EngineRig(seed: 2)
        let document = try await elsewhere.engine.publicKeys()
        #expect(document["keys"]?.array?.first?["x"]?.string != first.first)
        await elsewhere.stop()
    }
}
