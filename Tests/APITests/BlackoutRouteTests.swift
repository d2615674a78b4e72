import Domain
import Testing

/// Blackouts as they are set.
struct BlackoutRouteTests {
    private let api = "/chronatogapi/1"

    private func set(_ rig: SiteRig, _ name: String, _ body: String) async -> Answer {
        await rig.send("PUT", "\(api)/blackouts/\(name)", body)
    }

    // MARK: Setting

    @Test func `a date alone is midnight in the zone, and a zone that is mistyped is guessed`() async throws {
        let rig = try await SiteRig()
        let days = #"{"from":"2026-03-03","to":"2026-03-04T12:00","zone":"Europe/Berlin"}"#
        let answer = await set(rig, "a", days)
        #expect(answer.json["from"]?.string == "2026-03-02T23:00:00Z", "\(answer)")
        #expect(answer.json["to"]?.string == "2026-03-04T11:00:00Z")
        let mistyped = await set(
            rig,
            "a",
            #"{"schedule":"0 2 * * *","lasting":"1h","zone":"Europe/Berln"}"#
        )
        #expect(mistyped.status == 422)
        let hint = mistyped.json["errors"]?.array?.first?["hint"]?.string
        #expect(hint == "did you mean Europe/Berlin?", "\(mistyped)")
        await rig.stop()
    }

    @Test func `what belongs to another form of time is refused`() async throws {
        let rig = try await SiteRig()
        let span = #""from":"2026-03-03","to":"2026-03-04""#
        for (body, field) in [
            (#"{\#(span),"lasting":"4h"}"#, "lasting"),
            (#"{"schedule":"@daily","lasting":"4h","to":"2026-03-04"}"#, "to"),
            (#"{"ics":"BEGIN:VCALENDAR","lasting":"4h"}"#, "lasting"),
            (#"{"from":"Tuesday","to":"2026-03-04"}"#, "from"),
        ] {
            let answer = await set(rig, "a", body)
            #expect(answer.status == 422, "\(body)")
            #expect(answer.json["errors"]?.array?.map { $0["field"]?.string } == [field], "\(answer)")
        }
        await rig.stop()
    }

    @Test func `one that is over, or that nobody is under, says so`() async throws {
        let rig = try await SiteRig()
        _ = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"@hourly","labels":["db","x"]}"#)
        let over = await set(rig, "a", #"{"from":"2025-03-03","to":"2025-03-04","labels":["web"]}"#)
        #expect(
            over.json["notes"]?.array?.compactMap(\.string) == [
                "It is over already.", "No job has the labels web, and no check has the tags.",
            ],
            "\(over)"
        )
        let some = await set(rig, "a", #"{"from":"2026-03-03","to":"2026-03-04","labels":["db"]}"#)
        #expect(some.json["notes"] == .array([]))
        _ = await rig.send("POST", "\(api)/checks", #"{"name":"c","tags":["web"]}"#)
        let check = await set(rig, "a", #"{"schedule":"@daily","lasting":"1h","labels":["web"]}"#)
        #expect(check.json["notes"] == .array([]), "\(check)")
        await rig.stop()
    }

    @Test func `an address that the egress policy refuses is refused at once, and webcal is https`()
        async throws
    {
        let rig = try await SiteRig()
        let refused = await set(rig, "a", #"{"ics_url":"http://10.0.0.1/a.ics"}"#)
        #expect(refused.status == 422)
        #expect(refused.json["errors"]?.array?.first?["field"]?.string == "ics_url", "\(refused)")
        #expect(await rig.send("GET", "\(api)/blackouts").json == .array([]))
        let feed = await set(rig, "a", #"{"ics_url":"WebCal://example.com/a.ics"}"#)
        #expect(feed.json["events_from"]?.string == "example.com", "\(feed)")
        #expect(feed.json["pending"] == .bool(true))
        try await rig.clock(#"{"advance":"1s"}"#)
        let read = await rig.send("GET", "\(api)/blackouts/a").json
        #expect(read["pending"] == .bool(false) && read["fault"]?.string == "nobody listens there")
        #expect(read["read_again_at"]?.string == "2026-01-01T00:15:00Z", "\(read.text)")
        await rig.stop()
    }
}
