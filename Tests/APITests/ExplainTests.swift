import Domain
import Testing

/// The sentences, word for word.
struct ExplainTests {
    private let api = "/chronatogapi/1"
    private static let york = "\"zone\":\"America/New_York\""

    @Test func `a slot that ran`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200?delay=2s","schedule":"0 * * * *"}"#)
        try await rig.clock(#"{"advance":"1h30m"}"#)
        let answer = await rig.send("GET", "\(api)/jobs/\(job)/explain?at=2026-01-01T01:00:00Z")
        let run = try #require(
            await rig.send("GET", "\(api)/jobs/\(job)/runs").json.array?.first?["id"]?.string
        )
        #expect(
            answer.json["sentence"]?.string == """
                The slot at 2026-01-01T01:00:00Z ran: run \(run) started at 2026-01-01T01:00:00Z, on time. \
                Attempt 1 was answered 200 by sink after 2s. Run \(run) ended ok at 2026-01-01T01:00:02Z.
                """
        )
        #expect(answer.json["result"]?.string == "ok")
        #expect(answer.json["reason"]?.string == "due")
        #expect(answer.json["slot"]?.string == "\(job)-0-2026-01-01T01:00:00-0")
        #expect(
            answer.json["records"]?.array?.compactMap { $0["type"]?.string } == [
                "slot.decided", "run.closed",
            ]
        )
        await rig.stop()
    }

    @Test func `a slot that was skipped by overlap names the run in its way`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(
            """
            {"callback_url":"/_sink/200?delay=150s","schedule":"* * * * *",
             "timeouts":{"total":"5m","first_byte":"5m"}}
            """
        )
        try await rig.clock(#"{"advance":"5m"}"#)
        let run = try #require(
            await rig.send("GET", "\(api)/jobs/\(job)/runs").json.array?.first?["id"]?.string
        )
        let sentence = await rig.explain(job, at: "2026-01-01T00:02:00Z")
        #expect(
            sentence.hasPrefix(
                """
                The slot at 2026-01-01T00:02:00Z was skipped, because run \(run) was still open since \
                2026-01-01T00:01:00Z (overlap=skip). Run \(run) ended ok at 2026-01-01T00:03:30Z.
                """
            ),
            "\(sentence)"
        )
        await rig.stop()
    }

    @Test func `a local time in the gap`() async throws {
        let rig = try await SiteRig(start: "2026-03-07T12:00:00Z")
        let fixed = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"30 2 * * *",\#(Self.york)}"#)
        let wildcard = try await rig.add(
            #"{"callback_url":"/_sink/200","schedule":"*/15 2 * * *",\#(Self.york)}"#
        )
        let literal = try await rig.add(
            #"{"callback_url":"/_sink/200","schedule":"30 2 * * *","dst":"literal",\#(Self.york)}"#
        )
        let ahead = await rig.explain(fixed, at: "2026-03-08T02:30")
        #expect(ahead.hasSuffix("lies ahead, in 19h: it will run then."), "\(ahead)")
        try await rig.clock(#"{"advance":"24h"}"#)
        let gap = """
            02:30 did not exist on 2026-03-08: the clock in America/New_York went forward from 02:00 to \
            03:00 at 2026-03-08T07:00:00Z.
            """
        let ran = await rig.explain(fixed, at: "2026-03-08T02:30")
        let slot = "The slot at 2026-03-08T07:00:00Z (2026-03-08T02:30:00 in America/New_York)"
        #expect(
            ran.hasPrefix(
                """
                \(gap) Under dst=vixie a job with a fixed time runs once, at the first instant after the \
                gap. \(slot) ran: run 
                """
            ),
            "\(ran)"
        )
        let none = await rig.explain(wildcard, at: "2026-03-08T02:30")
        #expect(
            none.hasPrefix(
                """
                \(gap) Its minute or hour begins with *, so it follows real time (dst=vixie) and has no \
                slot there.
                """
            ),
            "\(none)"
        )
        let skipped = await rig.explain(literal, at: "2026-03-08T02:30")
        #expect(
            skipped == "\(gap) \(slot) was skipped, because that local time did not exist (dst=literal).",
            "\(skipped)"
        )
        await rig.stop()
    }

    @Test func `a local time that comes twice`() async throws {
        let rig = try await SiteRig(start: "2026-10-31T12:00:00Z")
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"30 1 * * *",\#(Self.york)}"#)
        try await rig.clock(#"{"advance":"24h"}"#)
        let sentence = await rig.explain(job, at: "2026-11-01T01:30")
        #expect(
            sentence.hasPrefix(
                """
                01:30 came twice on 2026-11-01 in America/New_York, at 2026-11-01T05:30:00Z and at \
                2026-11-01T06:30:00Z; this is the first time (dst=vixie). The slot at 2026-11-01T05:30:00Z \
                (2026-11-01T01:30:00 in America/New_York) ran: run
                """
            ),
            "\(sentence)"
        )
        #expect(
            sentence.hasSuffix(
                """
                The slot at 2026-11-01T06:30:00Z (2026-11-01T01:30:00 in America/New_York) was skipped, \
                because it is the second time the clock showed it, and the job runs the first time only \
                (dst=vixie).
                """
            ),
            "\(sentence)"
        )
        await rig.stop()
    }

    @Test func `a slot in a pause, before and after it ends`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"0 * * * *"}"#)
        _ = await rig.send("POST", "\(api)/jobs/\(job)/pause", #"{"reason":"holiday"}"#)
        try await rig.clock(#"{"advance":"3h"}"#)
        let before = await rig.explain(job, at: "2026-01-01T02:00:00Z")
        #expect(
            before == """
                The slot at 2026-01-01T02:00:00Z is not decided yet: the job is paused since \
                2026-01-01T00:00:00Z (holiday), and what happens to the slots in a pause is decided when it \
                ends.
                """
        )
        _ = await rig.send("POST", "\(api)/jobs/\(job)/resume")
        let after = await rig.explain(job, at: "2026-01-01T02:00:00Z")
        #expect(
            after == """
                The slot at 2026-01-01T02:00:00Z did not run, because the job was paused from \
                2026-01-01T00:00:00Z until 2026-01-01T03:00:00Z, for the reason "holiday". It is one of 3 \
                slots in a row that ended the same way, from 2026-01-01T01:00:00Z to 2026-01-01T03:00:00Z.
                """
        )
        await rig.stop()
    }

    @Test func `slots that were missed, and the one that stood for them`() async throws {
        let rig = try await SiteRig()
        let last = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"0 * * * *"}"#)
        let none = try await rig.add(
            #"{"callback_url":"/_sink/200","schedule":"0 * * * *","catchup":"none"}"#
        )
        try await rig.clock(#"{"set":"2026-01-01T05:30:00Z"}"#)
        try await rig.clock(#"{"advance":"1s"}"#)
        let coalesced = await rig.explain(last, at: "2026-01-01T02:00:00Z")
        #expect(
            coalesced.contains(
                "and catchup=last let the slot at 2026-01-01T05:00:00Z run for all that were missed, as run"
            ),
            "\(coalesced)"
        )
        let chosen = await rig.explain(last, at: "2026-01-01T05:00:00Z")
        #expect(
            chosen.contains(
                """
                30m after its time, because its time passed while nothing could be sent and catchup=last \
                chose it.
                """
            ),
            "\(chosen)"
        )
        let missed = await rig.explain(none, at: "2026-01-01T02:00:00Z")
        #expect(
            missed.contains("more than misfire_after (1m) late, and catchup=none lets missed slots go."),
            "\(missed)"
        )
        await rig.stop()
    }

    @Test func `a run that failed says what to do next`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/500","schedule":"0 * * * *","retries":1}"#)
        try await rig.clock(#"{"advance":"1h30m"}"#)
        let sentence = await rig.explain(job, at: "2026-01-01T01:00:00Z")
        #expect(sentence.contains("ran and did not succeed: run "), "\(sentence)")
        #expect(sentence.contains("Attempt 1 was answered 500 by sink after "), "\(sentence)")
        #expect(sentence.contains(", and then attempt 2 was answered 500 by sink after "), "\(sentence)")
        #expect(
            sentence.hasSuffix("Look at the target's log, or widen the job's success.status."),
            "\(sentence)"
        )
        await rig.stop()
    }

    @Test func `two lines at one instant`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":["0 * * * *","0 */2 * * *"]}"#)
        try await rig.clock(#"{"advance":"2h"}"#)
        let sentence = await rig.explain(job, at: "2026-01-01T02:00:00Z")
        #expect(
            sentence.hasPrefix("The slot of line 0 (0 * * * *) at 2026-01-01T02:00:00Z ran: run"),
            "\(sentence)"
        )
        #expect(
            sentence.contains(
                "shares its instant with the slot of line 0 (0 * * * *) at 2026-01-01T02:00:00Z"
            ),
            "\(sentence)"
        )
        await rig.stop()
    }

    @Test func `times without a slot, before the job, and ahead`() async throws {
        let rig = try await SiteRig(start: "2026-01-01T00:30:00Z")
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"0 * * * *"}"#)
        #expect(
            await rig.explain(job, at: "2025-12-31T22:00:00Z") == """
                Job \(job) did not exist yet at 2025-12-31T22:00:00Z: it was created at \
                2026-01-01T00:30:00Z, and nothing before that is ever caught up. Its next slot is at \
                2026-01-01T01:00:00Z.
                """
        )
        try await rig.clock(#"{"advance":"2h"}"#)
        let none = await rig.explain(job, at: "2026-01-01T01:10:00Z")
        #expect(
            none.hasPrefix("Job \(job) has no slot at 2026-01-01T01:10:00Z. Its schedule is \"0 * * * *\" ("),
            "\(none)"
        )
        #expect(
            none.hasSuffix(
                "The nearest slots are 2026-01-01T01:00:00Z before and 2026-01-01T02:00:00Z after."
            ),
            "\(none)"
        )
        #expect(
            await rig.explain(job, at: "2026-01-01T04:00:00Z")
                == "The slot at 2026-01-01T04:00:00Z lies ahead, in 1h30m: it will run then."
        )
        let odd = await rig.send("GET", "\(api)/jobs/\(job)/explain?at=yesterday")
        #expect(odd.status == 422)
        let last = await rig.send("GET", "\(api)/jobs/\(job)/explain")
        #expect(last.json["at"]?.string == "2026-01-01T02:00:00Z")
        #expect(last.json["result"]?.string == "ok")
        await rig.stop()
    }
}
