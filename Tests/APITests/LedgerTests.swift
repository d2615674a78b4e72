import Domain
import Effects
import Testing

/// Runs, slots, plan and events, as lists.
struct LedgerTests {
    private let api = "/chronatogapi/1"

    @Test func `runs tell attempts, failures and results`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200?fail_first=2","schedule":"0 * * * *"}"#)
        try await rig.clock(#"{"advance":"2h"}"#)
        let runs = await rig.send("GET", "\(api)/jobs/\(job)/runs")
        let list = try #require(runs.json.array)
        #expect(list.count == 2)
        #expect(list[0]["result"]?.string == "ok")
        #expect(list[0]["slot"]?.string == "\(job)-0-2026-01-01T01:00:00-0")
        #expect(list[0]["scheduled_at"]?.string == "2026-01-01T01:00:00Z")
        let attempts = try #require(list[0]["attempts"]?.array)
        #expect(attempts.map { $0["status"]?.number } == [503, 503, 200])
        #expect(attempts[0]["failure"]?["kind"]?.string == "status")
        #expect(attempts[2]["failure"] == .null)
        let id = try #require(list[0]["id"]?.string)
        #expect(await rig.send("GET", "\(api)/runs/\(id)").json == list[0])
        #expect(await rig.send("GET", "\(api)/runs/999999").status == 404)
        #expect(await rig.send("GET", "\(api)/runs/x").status == 404)
        await rig.stop()
    }

    @Test func `pages follow each other without a gap, for runs, slots, jobs and events`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"*/10 * * * *"}"#)
        _ = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"@yearly"}"#)
        _ = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"@yearly"}"#)
        try await rig.clock(#"{"advance":"3h"}"#)
        for (path, count) in [
            ("\(api)/jobs/\(job)/runs", 18), ("\(api)/jobs/\(job)/slots", 18), ("\(api)/jobs", 3),
        ] {
            let whole = try #require(await rig.send("GET", path).json.array)
            #expect(whole.count == count, "\(path)")
            #expect(try await pages(rig, "\(path)?limit=1") == whole, "\(path)")
            #expect(try await pages(rig, "\(path)?limit=4") == whole, "\(path)")
        }
        let events = try #require(await rig.send("GET", "\(api)/events?limit=10000").json.array)
        #expect(try await pages(rig, "\(api)/events?limit=7") == events)
        let last = await rig.send("GET", "\(api)/jobs/\(job)/runs?last=3")
        #expect(
            last.json.array
                == Array(try #require(await rig.send("GET", "\(api)/jobs/\(job)/runs").json.array).suffix(3))
        )
        await rig.stop()
    }

    @Test func `a held run is released over the API, once, with the key it had`() async throws {
        let disk = MemoryDisk()
        let first = try await SiteRig(disk: disk)
        let job = try await first.add(
            #"{"callback_url":"/_sink/200?hang=1","schedule":"0 * * * *","on_unknown":"hold","#
                + #""timeouts":{"first_byte":"1h","total":"1h"}}"#
        )
        try await first.clock(#"{"advance":"1h"}"#)
        let key = first.sink.captured.first?.headers.first { $0.name == "Idempotency-Key" }?.value
        await first.stop()
        let second = try await SiteRig(start: "2026-01-01T01:00:05Z", disk: disk)
        let runs = await second.send("GET", "\(api)/jobs/\(job)/runs")
        let held = try #require(runs.json.array?.first)
        #expect(held["result"]?.string == "unknown-held", "\(runs)")
        let release = "\(api)/runs/\(try #require(held["id"]?.string))/release"
        let released = await second.send("POST", release)
        #expect(released.status == 202, "\(released)")
        #expect(released.json["slot"] == held["slot"] && released.json["id"] != held["id"])
        try await second.clock(#"{"advance":"1s"}"#)
        let again = second.sink.captured.first?.headers.first { $0.name == "Idempotency-Key" }?.value
        #expect(key != nil && key == again)
        let open = "\(api)/runs/\(try #require(released.json["id"]?.string))/release"
        #expect(await second.send("POST", open).status == 409)
        #expect(await second.send("POST", "\(api)/runs/999999/release").status == 404)
        await second.stop()
    }

    @Test func `a job that cannot keep up is an event that says by how much`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(
            #"{"callback_url":"/_sink/200?delay=10m","schedule":"* * * * *","#
                + #""timeouts":{"first_byte":"1h","total":"1h"}}"#
        )
        try await rig.clock(#"{"advance":"50m"}"#)
        let events = try #require(await rig.send("GET", "\(api)/events?limit=10000").json.array)
        let said = events.filter { $0["type"]?.string == "job.falling_behind" }
        #expect(said.count == 1)
        #expect(said.first?["job"]?.string == job, "\(said)")
        await rig.stop()
    }

    @Test func `a job shows as much of its past as it keeps, and says 410 beyond`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(
            #"{"callback_url":"/_sink/200","schedule":"0 * * * *","history_runs":3}"#
        )
        let aged = try await rig.add(
            #"{"callback_url":"/_sink/200","schedule":"0 * * * *","history_age":"5h"}"#
        )
        try await rig.clock(#"{"advance":"10h30m"}"#)
        let runs = try #require(await rig.send("GET", "\(api)/jobs/\(job)/runs").json.array)
        #expect(
            runs.map { $0["scheduled_at"]?.string?.prefix(13) } == [
                "2026-01-01T08", "2026-01-01T09", "2026-01-01T10",
            ]
        )
        #expect(await rig.send("GET", "\(api)/jobs/\(job)/slots").json.array?.count == 3)
        #expect(await rig.send("GET", "\(api)/jobs/\(aged)/slots").json.array?.count == 5)
        for path in [
            "jobs/\(job)/explain?at=2026-01-01T03:00:00Z", "jobs/\(aged)/explain?at=2026-01-01T03:00:00Z",
            "jobs/\(aged)/slots?from=2026-01-01T02:00:00Z",
        ] {
            let gone = await rig.send("GET", "\(api)/\(path)")
            #expect(gone.status == 410 && gone.json["history_from"]?.string != nil, "\(path) \(gone)")
        }
        let shown = await rig.send("GET", "\(api)/jobs/\(job)").json
        #expect(shown["runs"]?["closed"]?.number == 10, "counts outlast the runs")
        await rig.stop()
    }

    @Test func `a job shows the newest runs whose captured bodies are within its bytes`() async throws {
        let rig = try await SiteRig()
        // Each of its runs keeps a body of 100 bytes.
        let job = try await rig.add(
            #"{"callback_url":"/_sink/200?bytes=100","schedule":"0 * * * *","keep_success_body":true,"#
                + #""history_bytes":250}"#
        )
        let tight = try await rig.add(
            #"{"callback_url":"/_sink/200?bytes=100","schedule":"0 * * * *","keep_success_body":true,"#
                + #""history_bytes":1}"#
        )
        try await rig.clock(#"{"advance":"10h30m"}"#)
        #expect(await rig.send("GET", "\(api)/jobs/\(job)/runs").json.array?.count == 2)
        #expect(await rig.send("GET", "\(api)/jobs/\(tight)/runs").json.array?.count == 1, "never none")
        let gone = await rig.send("GET", "\(api)/jobs/\(job)/explain?at=2026-01-01T03:00:00Z")
        #expect(gone.status == 410 && gone.json["history_from"]?.string != nil, "\(gone)")
        #expect(await rig.send("GET", "\(api)/jobs/\(job)").json["history_bytes"]?.number == 250)
        await rig.stop()
    }

    private func pages(_ rig: SiteRig, _ first: String) async throws -> [JSON] {
        var all: [JSON] = []
        var target = first
        for _ in 0..<200 {
            let answer = await rig.send("GET", target)
            all += try #require(answer.json.array, "\(answer)")
            guard let link = answer["Link"] else { return all }
            #expect(link.hasPrefix("<http://chronatog.test/") && link.hasSuffix(">; rel=\"next\""))
            target = String(link.dropFirst("<http://chronatog.test".count).prefix { $0 != ">" })
        }
        Issue.record("the list has no end")
        return all
    }

    @Test func `a pause becomes one record and many slots`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"*/5 * * * *"}"#)
        try await rig.clock(#"{"advance":"10m"}"#)
        let paused = await rig.send("POST", "\(api)/jobs/\(job)/pause", #"{"reason":"maintenance"}"#)
        #expect(paused.json["state"]?.string == "paused")
        #expect(paused.json["paused_reason"]?.string == "maintenance")
        try await rig.clock(#"{"advance":"24h"}"#)
        let waiting = await rig.send("GET", "\(api)/jobs/\(job)/slots?limit=1000")
        #expect(waiting.json.array?.count == 290)
        #expect(waiting.json.array?.filter { $0["result"] == .null }.count == 288)
        #expect(await rig.send("POST", "\(api)/jobs/\(job)/resume").json["state"]?.string == "active")
        try await rig.clock(#"{"advance":"5m"}"#)
        let slots = try #require(await rig.send("GET", "\(api)/jobs/\(job)/slots?limit=1000").json.array)
        #expect(slots.count == 291)
        #expect(slots.filter { $0["result"]?.string == "paused" }.count == 288)
        #expect(slots.filter { $0["result"]?.string == "ok" }.count == 3)
        #expect(Set(slots.map { $0["id"]?.string }).count == 291)
        let instants = slots.compactMap { $0["slot"]?.string }
        #expect(instants == instants.sorted())
        let part = await rig.send(
            "GET",
            "\(api)/jobs/\(job)/slots?from=2026-01-01T12:00:00Z&to=2026-01-01T13:00:00Z"
        )
        #expect(part.json.array?.count == 12)
        #expect(part.json.array?.first?["slot"]?.string == "2026-01-01T12:00:00Z")
        let conflict = await rig.send("POST", "\(api)/jobs/\(job)/resume")
        #expect(conflict.status == 409)
        await rig.stop()
    }

    @Test func `the plan merges all jobs in order and says what will not run`() async throws {
        let rig = try await SiteRig(start: "2026-03-07T12:00:00Z")
        let york = try await rig.add(
            """
            {"name":"york","callback_url":"/_sink/200","schedule":["30 2 * * *","0 3 * * *"],
             "zone":"America/New_York"}
            """
        )
        let hourly = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"0 */6 * * *"}"#)
        let plan = await rig.send("GET", "\(api)/plan?to=2026-03-08T12:30:00Z")
        let rows = (plan.json.array ?? []).map { row in
            "\(row["job"]?.string ?? "") \(row["slot"]?.string ?? "") \(row["result"]?.string ?? "runs")"
        }
        #expect(
            rows == [
                "\(hourly) 2026-03-07T18:00:00Z runs", "\(hourly) 2026-03-08T00:00:00Z runs",
                "\(hourly) 2026-03-08T06:00:00Z runs", "\(york) 2026-03-08T07:00:00Z runs",
                "\(york) 2026-03-08T07:00:00Z merged", "\(hourly) 2026-03-08T12:00:00Z runs",
            ]
        )
        #expect(try await pages(rig, "\(api)/plan?to=2026-03-08T12:30:00Z&limit=2") == plan.json.array)
        await rig.stop()
    }

    @Test func `next answers for an expression that is not a job`() async throws {
        let rig = try await SiteRig()
        let target =
            "\(api)/next?expression=30+2+*+*+*&zone=America/New_York&from=2026-03-07T08:00:00Z&count=2"
        let answer = await rig.send("GET", target)
        #expect(
            answer.json["instants"]
                == .array([.string("2026-03-08T07:00:00Z"), .string("2026-03-09T06:30:00Z")])
        )
        let bad = await rig.send("GET", "\(api)/next?expression=61+*+*+*+*&zone=Mars&count=0")
        #expect(bad.status == 422)
        #expect(await rig.send("GET", "\(api)/next?expresion=@daily").status == 422)
        await rig.stop()
    }

    @Test func `events are records without their secrets`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(
            #"{"callback_url":"/_sink/200","schedule":"@hourly","headers":{"X-Key":"hush"},"body":"quiet"}"#
        )
        try await rig.clock(#"{"advance":"1h"}"#)
        let events = await rig.send("GET", "\(api)/events?job=\(job)")
        let types = events.json.array?.compactMap { $0["type"]?.string } ?? []
        #expect(types == ["job.registered", "slot.decided", "run.closed"])
        #expect(!events.text.contains("hush") && !events.text.contains("quiet"))
        let closed = await rig.send("GET", "\(api)/events?type=run.*")
        #expect(closed.json.array?.count == 1)
        let typo = await rig.send("GET", "\(api)/events?type=run.close")
        #expect(typo.json["errors"]?.array?.first?["hint"]?.string == "did you mean run.closed?")
        await rig.stop()
    }

    @Test func `the clock can be driven, by the operator`() async throws {
        let rig = try await SiteRig()
        #expect(
            await rig.send("GET", "\(api)/clock").json
                == JSON.compact([
                    ("now", .string(SiteRig.start)), ("frozen", .bool(true)), ("speed", .number(1)),
                ])
        )
        let set = await rig.send("POST", "\(api)/clock", #"{"set":"2026-02-01T00:00:00Z"}"#)
        #expect(set.json["now"]?.string == "2026-02-01T00:00:00Z")
        #expect(await rig.send("POST", "\(api)/clock", "{}").status == 422)
        #expect(await rig.send("POST", "\(api)/clock", #"{"advance":"x"}"#).status == 422)
        let denied = await rig.send("POST", "\(api)/clock", "{}", as: SiteRig.basic("Udefault", "Pdefault"))
        #expect(denied.status == 404)
        await rig.stop()
    }
}
