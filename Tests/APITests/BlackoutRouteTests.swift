import Domain
import Testing

/// Blackouts as they are set, and what is said beforehand of slots that fall into them.
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

    // MARK: What lies ahead

    /// Two blackouts, one after the other, and a job each hour.
    private func rigUnderTwo(_ more: String = "") async throws -> (rig: SiteRig, job: String) {
        let rig = try await SiteRig()
        for (name, from, to) in [("night", "01:30", "03:30"), ("upgrade", "03:30", "05:30")] {
            let body = #"{"from":"2026-01-01T\#(from):00Z","to":"2026-01-01T\#(to):00Z"}"#
            #expect(await set(rig, name, body).status == 200)
        }
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"0 * * * *"\#(more)}"#)
        return (rig, job)
    }

    private func plan(_ rig: SiteRig) async -> [String] {
        let slots = await rig.send("GET", "\(api)/plan?to=2026-01-01T06:30:00Z").json.array ?? []
        return slots.map { slot in
            let time = slot["slot"]?.string?.dropFirst(11).prefix(5) ?? ""
            let words = [slot["result"], slot["blackout"], slot["runs_at"]].compactMap { $0?.string }
            return ([String(time)] + words).joined(separator: " ")
        }
    }

    @Test func `slots to come that a blackout leaves out are told as such, with its name`() async throws {
        let (rig, job) = try await rigUnderTwo()
        #expect(
            await plan(rig) == [
                "01:00", "02:00 excluded night", "03:00 excluded night", "04:00 excluded upgrade",
                "05:00 excluded upgrade", "06:00",
            ]
        )
        let ahead = await rig.explain(job, at: "2026-01-01T04:00:00Z")
        #expect(
            ahead == """
                The slot at 2026-01-01T04:00:00Z lies ahead, in 4h: it falls into the blackout "upgrade" and \
                will be left out.
                """
        )
        let none = await rig.explain(job, at: "2026-01-01T01:45:00Z")
        #expect(
            none.contains(
                "2026-01-01T02:00:00Z (in the blackout \"night\", which leaves it out) after."
            ),
            "\(none)"
        )
        var shown = await rig.send("GET", "\(api)/jobs/\(job)").json
        #expect(shown["next_at"]?.string == "2026-01-01T01:00:00Z")
        #expect(shown["blackouts"]?.array?.compactMap(\.string) == ["night", "upgrade"])
        #expect(shown["warnings"] == .array([]))
        try await rig.clock(#"{"advance":"2h10m"}"#)
        shown = await rig.send("GET", "\(api)/jobs/\(job)").json
        #expect(shown["next_at"]?.string == "2026-01-01T06:00:00Z")
        #expect(
            shown["warnings"]?.array?.compactMap(\.string) == [
                """
                The next slot, at 2026-01-01T03:00:00Z, falls into the blackout "night" and is left out.
                """
            ]
        )
        await rig.stop()
    }

    @Test func `run-after is told as what it does`() async throws {
        let (rig, job) = try await rigUnderTwo(#","blackout_then":"run-after""#)
        #expect(
            await plan(rig) == [
                "01:00", "02:00 excluded night", "03:00 excluded night", "04:00 excluded upgrade",
                "05:00 upgrade 2026-01-01T05:30:00Z", "06:00",
            ]
        )
        let newest = await rig.explain(job, at: "2026-01-01T05:00:00Z")
        #expect(
            newest.hasSuffix(
                """
                it falls into the blackout "upgrade", and as the newest of the job's slots in it it will run \
                when that is over, at 2026-01-01T05:30:00Z (blackout_then=run-after).
                """
            ),
            "\(newest)"
        )
        let older = await rig.explain(job, at: "2026-01-01T02:00:00Z")
        #expect(older.hasSuffix("when it is over (blackout_then=run-after)."), "\(older)")
        try await rig.clock(#"{"advance":"5h10m"}"#)
        #expect(await rig.send("GET", "\(api)/jobs/\(job)").json["next_at"]?.string == "2026-01-01T05:30:00Z")
        #expect(await plan(rig) == ["05:00 upgrade 2026-01-01T05:30:00Z", "06:00"])
        await rig.stop()
    }

    @Test func `a job that a blackout never lets run has no next time`() async throws {
        let rig = try await SiteRig()
        _ = await set(rig, "always", #"{"schedule":"* * * * *","lasting":"2m"}"#)
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"0 0 * * *"}"#)
        #expect(await rig.send("GET", "\(api)/jobs/\(job)").json["next_at"] == .null)
        await rig.stop()
    }

    // MARK: What happened

    @Test func `slots that were left out name their blackout, each its own`() async throws {
        let (rig, job) = try await rigUnderTwo()
        // The clock leaps over both: they are decided together.
        try await rig.clock(#"{"set":"2026-01-01T05:45:00Z"}"#)
        try await rig.clock(#"{"advance":"1s"}"#)
        let slots = await rig.send("GET", "\(api)/jobs/\(job)/slots").json.array ?? []
        let told = slots.map { "\($0["reason"]?.string ?? "") \($0["blackout"]?.string ?? "")" }
        #expect(
            told == [
                "caught-up ", "blackout night", "blackout night", "blackout upgrade", "blackout upgrade",
            ]
        )
        let sentence = await rig.explain(job, at: "2026-01-01T02:00:00Z")
        #expect(
            sentence.hasPrefix(
                "The slot at 2026-01-01T02:00:00Z fell into the blackout \"night\" and was left out."
            ),
            "\(sentence)"
        )
        let events = await rig.send("GET", "\(api)/events?type=slots.decided").json.array ?? []
        #expect(events.compactMap { $0["blackout"]?.string } == ["night", "upgrade"])
        await rig.stop()
    }
}
