import Domain
import Effects
import Engine
import Integrations
import Testing

/// Runs at Sentry's cron monitors.
struct CheckInTests {
    private static let key = "fedcba9876543210fedcba9876543210"

    /// The check-ins' fields, in the order in which they came.
    private func checkIns(_ stub: ChannelStub) -> [JSON] {
        stub.heard.compactMap { call in
            let lines = call.body.split(separator: "\n")
            guard lines.count == 3, lines[1].contains(#""check_in""#) else { return nil }
            return try? JSONReader.value(of: String(lines[2]))
        }
    }

    private func rig(_ stub: ChannelStub) async throws -> EngineRig {
        let dsn = "https://\(Self.key)@sentry.example.com/42"
        return try await EngineRig(
            transport: stub,
            channels: ["sentry": try .read(.sentry, shortForm: dsn)]
        )
    }

    @Test func `every run of a job that names a monitor begins and ends there, under one id`() async throws {
        let stub = ChannelStub()
        let rig = try await rig(stub)
        _ = try await rig.add("5 * * * *") {
            $0.sentryMonitor = "nightly-report"
            $0.zone = "Europe/Berlin"
        }
        _ = try await rig.add("5 * * * *")
        try await rig.advance(.hours(2))
        let told = checkIns(stub)
        #expect(told.compactMap { $0["status"]?.string } == ["in_progress", "ok", "in_progress", "ok"])
        #expect(Set(told.compactMap { $0["check_in_id"]?.string }).count == 2)
        #expect(told.allSatisfy { $0["monitor_slug"]?.string == "nightly-report" })
        let schedule = try #require(told.first?["monitor_config"])
        #expect(schedule["schedule"]?["value"]?.string == "5 * * * *")
        #expect(schedule["timezone"]?.string == "Europe/Berlin")
        #expect(stub.heard.allSatisfy { $0.path == "/api/42/envelope/" })
        await rig.stop()
    }

    @Test func `a run that fails is an error there, and while Sentry limits monitors nothing is sent`()
        async throws
    {
        let limit = Answer(status: 200, keptHeader: "5400:monitor:organization")
        let stub = ChannelStub(Answer(status: 200), limit)
        let rig = try await rig(stub)
        _ = try await rig.add("@hourly", target: "/_sink/500") {
            $0.sentryMonitor = "tick"
            $0.retry.retries = 0
            $0.alertAfter = 0
        }
        try await rig.advance(.hours(3) + .minutes(1))
        #expect(
            checkIns(stub).compactMap { $0["status"]?.string } == [
                "in_progress", "error", "in_progress", "error",
            ]
        )
        // Sentry has no word for this schedule's form, so it is told none.
        #expect(checkIns(stub).allSatisfy { $0["monitor_config"] == nil })
        await rig.stop()
    }
}
