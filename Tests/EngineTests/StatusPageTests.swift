import Domain
import Effects
import Engine
import Integrations
import Journaling
import Testing

/// A Cachet status page, through the engine.
struct StatusPageTests {
    /// Enough of every answer: no list of incidents, and whatever is made or read is number 34.
    private static let page = #"{"data":{"id":34,"status":1}}"#

    private func rig(_ stub: ChannelStub, _ rules: ChannelRules = ChannelRules()) async throws -> EngineRig {
        let rig = try await EngineRig(transport: stub)
        let wish = ChannelWish(settings: settings("https://status.example.com"), rules: rules)
        _ = try await rig.engine.addChannel("cx", wish)
        return rig
    }

    private func settings(_ url: String) -> JSON {
        .object([
            .init("kind", .string("cachet")), .init("url", .string(url)), .init("token", .string("t0k3n")),
            .init("component", .number(7)),
        ])
    }

    private func addFailing(to rig: EngineRig, severity: AlertSeverity = .error) async throws -> JobID {
        try await rig.add("0 * * * *", target: "/_sink/500") {
            $0.retry.retries = 0
            $0.alertSeverity = severity
        }
    }

    private func resolve(_ job: JobID, of rig: EngineRig) async throws {
        let alert = try await rig.engine.openAlerts().first { $0.alert.job == job }
        _ = try await rig.engine.resolve(try #require(alert?.id))
        try await rig.advance(.seconds(1))
    }

    @Test func `an acknowledgement that is not sent leaves a broken page broken and its opening to be sent`()
        async throws
    {
        let stub = ChannelStub(Answer(status: 401), then: Self.page)
        let rig = try await rig(stub)
        _ = try await addFailing(to: rig)
        try await rig.advance(.hours(1))
        let alert = try #require(try await rig.engine.openAlerts().first?.id)
        _ = try await rig.engine.acknowledge(alert)
        try await rig.advance(.seconds(1))
        #expect(stub.heard.count == 1)
        #expect(try await rig.engine.channel("cx").state.brokenBecause != nil)
        #expect(try await rig.engine.pendingMessages().map(\.message.isOvertaken) == [false])
        #expect(try await rig.engine.enableChannel("cx").resent == 1)
        try await rig.advance(.seconds(1))
        #expect(stub.heard.contains { $0.line == "POST /api/v1/incidents" })
        await rig.stop()
    }

    @Test func `the component is as bad as the worst alert that is told there`() async throws {
        let stub = ChannelStub(then: Self.page)
        var rules = ChannelRules()
        rules.severityMin = .warning
        let rig = try await rig(stub, rules)
        let grave = try await addFailing(to: rig)
        let mild = try await addFailing(to: rig, severity: .warning)
        // Open all the while, and not told there.
        _ = try await addFailing(to: rig, severity: .info)
        try await rig.advance(.hours(1) + .minutes(1))
        func component() -> String? { stub.heard.last { $0.path.hasSuffix("/components/7") }?.body }
        #expect(component() == #"{"status":4}"#)
        try await resolve(grave, of: rig)
        #expect(component() == #"{"status":2}"#)
        try await resolve(mild, of: rig)
        #expect(component() == #"{"status":1}"#)
        #expect(try await rig.engine.openAlerts().count == 1)
        await rig.stop()
    }

    @Test func `another page is never told of an incident by the first one's number`() async throws {
        let stub = ChannelStub(then: Self.page)
        let rig = try await rig(stub)
        let job = try await addFailing(to: rig)
        try await rig.advance(.hours(1) + .minutes(1))
        let other = ChannelWish(settings: settings("https://other.example.com"))
        await #expect(throws: Never.self) { try await rig.engine.changeChannel("cx", other) }
        let before = stub.heard.count
        try await resolve(job, of: rig)
        #expect(stub.heard[before...].map(\.line) == ["PUT /api/v1/components/7"])
        await rig.stop()
    }
}
