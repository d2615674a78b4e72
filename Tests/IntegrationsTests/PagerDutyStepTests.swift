import Domain
import Testing

@testable import Integrations

struct PagerDutyStepTests {
    private func body(_ version: String, _ action: PagerDutyEvents.Action, _ texts: [JobStep.Text]) throws
        -> JSON
    {
        let key = String(repeating: "0", count: 32)
        let json = #"{"kind":"pagerduty","key":"\#(key)","version":"\#(version)"}"#
        guard case .pagerDuty(let settings) = try ChannelSettings.read(try JSONReader.value(of: json)) else {
            throw ChannelSettingsError(faults: [])
        }
        let sender = AlertSender(host: "cron.example.com", version: "1")
        return PagerDutyEvents.body(
            action,
            StepMessage(.pagerDuty, texts),
            Story.message(.step),
            settings,
            sender
        )
    }

    private let trigger: [JobStep.Text] = [
        .init("action", "trigger"), .init("key", "tutum-stream"),
        .init("description", "Tutum Stream connection closed."), .init("details.node", "n1"),
        .init("client", "Tutum Stream"), .init("client_url", "https://tutum.example/"),
        .init("links.Runbook", "https://wiki.example/"), .init("images.Graph", "https://img.example/g.png"),
    ]

    @Test func `version 2 has all that a step says`() throws {
        let body = try body("v2", .trigger, trigger)
        #expect(body["dedup_key"]?.string == "tutum-stream")
        #expect(body["event_action"]?.string == "trigger")
        #expect(body["payload"]?["summary"]?.string == "Tutum Stream connection closed.")
        #expect(body["payload"]?["custom_details"]?["node"]?.string == "n1")
        #expect(body["client"]?.string == "Tutum Stream")
        #expect(body["links"]?.text == #"[{"href":"https://wiki.example/","text":"Runbook"}]"#)
        #expect(body["images"]?.text == #"[{"src":"https://img.example/g.png","alt":"Graph"}]"#)
        let resolve = try self.body("v2", .resolve, [.init("key", "tutum-stream")])
        #expect(resolve["payload"] == nil)
        #expect(resolve["event_action"]?.string == "resolve")
    }

    @Test func `version 1 has the same under its own names`() throws {
        let body = try body("v1", .trigger, trigger)
        #expect(body["incident_key"]?.string == "tutum-stream")
        #expect(body["event_type"]?.string == "trigger")
        #expect(body["description"]?.string == "Tutum Stream connection closed.")
        #expect(body["contexts"]?.array?.compactMap { $0["type"]?.string } == ["link", "image"])
        let acknowledge = try self.body("v1", .acknowledge, [.init("key", "tutum-stream")])
        #expect(acknowledge["event_type"]?.string == "acknowledge")
        #expect(acknowledge["contexts"] == nil)
    }

    @Test func `texts are cut to what PagerDuty takes`() throws {
        let long = String(repeating: "é", count: 400_000)
        let texts: [JobStep.Text] = [
            .init("key", long), .init("description", long), .init("client", long), .init("details.a", long),
        ]
        let body = try body("v2", .trigger, texts)
        #expect((body["dedup_key"]?.string?.utf8.count ?? 999) <= PagerDutyEvents.keyBytesMax)
        #expect((body["payload"]?["summary"]?.string?.unicodeScalars.count ?? 9999) <= 1024)
        #expect((body["client"]?.string?.unicodeScalars.count ?? 999) <= 255)
        #expect(body.text.utf8.count <= PagerDutyEvents.bodyBytesMax)
    }
}
