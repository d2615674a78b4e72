import API
import Domain
import Testing

/// `/api/v1`: what events name can be fetched, and runs are Tutum's actions.
struct ObjectTests {
    private let hourly = #"{"name":"j","callback_url":"/_sink/200","schedule":"@hourly"}"#

    @Test func `whatever an event names can be fetched, what is gone included`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(hourly)
        _ = await rig.send("POST", "/chronatogapi/1/jobs/\(job)/run")
        _ = await rig.send("POST", "/chronatogapi/1/schedulers", #"{"name":"s"}"#)
        _ = await rig.send("DELETE", "/chronatogapi/1/schedulers/2")
        let failing = try await rig.add(
            #"{"callback_url":"/_sink/500","schedule":"@every 1m","alert_after":1,"retries":0}"#
        )
        for name in ["kept", "gone"] {
            let check = await rig.send(
                "POST",
                "/chronatogapi/1/checks",
                #"{"name":"\#(name)","period":"1m"}"#
            )
            #expect(check.status == 201, "\(check)")
        }
        try await rig.clock(#"{"advance":"3m"}"#)
        _ = await rig.send("DELETE", "/chronatogapi/1/jobs/\(failing)")
        _ = await rig.send("DELETE", "/chronatogapi/1/checks/2")
        let seen = await named(rig)
        #expect(seen.count > 8)
        for (uri, kind) in seen {
            let answer = await rig.send("GET", uri)
            #expect(answer.status == 200, "\(uri): \(answer)")
            #expect(answer.json["resource_uri"]?.string == uri)
            #expect(answer.json["state"]?.string?.isEmpty == false, "\(kind)")
        }
        let gone = await rig.send("GET", "/api/v1/job/\(failing)/")
        #expect(gone.json["state"]?.string == "Terminated")
        await rig.stop()
    }

    @Test func `lists have Tutum's shape and go on with next`() async throws {
        let rig = try await SiteRig()
        for _ in 0..<5 { _ = try await rig.add(hourly) }
        let first = await rig.send("GET", "/api/v1/job/?limit=2")
        #expect(first.json["meta"]?["total_count"]?.number == 5)
        #expect(first.json["meta"]?["next"]?.string == "/api/v1/job/?limit=2&offset=2")
        #expect(first.json["meta"]?["previous"] == .null)
        #expect(first.json["objects"]?.array?.count == 2)
        let last = await rig.send("GET", "/api/v1/job/?limit=2&offset=4")
        #expect(last.json["meta"]?["next"] == .null)
        #expect(last.json["objects"]?.array?.count == 1)
        for kind in ["account", "scheduler", "run", "action", "alert", "delivery"] {
            let list = await rig.send("GET", "/api/v1/\(kind)/")
            #expect(list.status == 200 && list.json["objects"]?.array != nil, "\(kind): \(list)")
        }
        await rig.stop()
    }

    @Test func `a run is an action: read, log, retry, cancel`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(
            """
            {"callback_url":"/_sink/500","schedule":"@hourly","retries":3,"backoff_min":"1h",
            "retry_until":"count"}
            """
        )
        let run = await rig.send("POST", "/chronatogapi/1/jobs/\(job)/run")
        let id = try #require(run.json["id"]?.string)
        try await rig.clock(#"{"advance":"1s"}"#)
        let open = await rig.send("GET", "/api/v1/action/\(id)/")
        #expect(open.json["state"]?.string == "Pending", "\(open)")
        #expect(open.json["object"]?.string == "/api/v1/job/\(job)/")
        #expect(open.json["can_be_canceled"]?.bool == true)
        #expect(open.json["start_date"]?.string == "Thu, 01 Jan 2026 00:00:00 +0000")
        let log = await rig.send("GET", "/api/v1/action/\(id)/logs/?tail=1")
        #expect(log.status == 200 && !log.text.isEmpty)
        let cancelled = await rig.send("POST", "/api/v1/action/\(id)/cancel/")
        #expect(cancelled.status == 202, "\(cancelled)")
        #expect(cancelled.json["state"]?.string == "Canceled")
        #expect(cancelled["X-Tutum-Action-URI"] == "/api/v1/run/\(id)/")
        let twice = await rig.send("POST", "/api/v1/action/\(id)/cancel/")
        #expect(twice.status == 409)
        #expect(twice.json["error"]?.string?.contains("not open") == true)
        let again = await rig.send("POST", "/api/v1/run/\(id)/retry/")
        #expect(again.status == 202)
        #expect(again.json["resource_uri"]?.string != "/api/v1/run/\(id)/")
        let list = await rig.send("GET", "/api/v1/action/?object=/api/v1/job/\(job)/")
        #expect(list.json["objects"]?.array?.count == 2)
        #expect(list.json["objects"]?.array?.last?["uuid"]?.string == id, "the latest first")
        let verified = await rig.send("POST", "/chronatogapi/1/verify")
        #expect(verified.status != 500)
        await rig.stop()
    }

    @Test func `a scheduler sees its own objects, and errors as Tutum's clients read them`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(hourly)
        _ = await rig.send(
            "POST",
            "/chronatogapi/1/schedulers",
            #"{"name":"o","username":"Uother","password":"Pother123456"}"#
        )
        let other = SiteRig.basic("Uother", "Pother123456")
        let hidden = await rig.send("GET", "/api/v1/job/\(job)/", as: other)
        #expect(hidden.status == 404)
        #expect(hidden.json["error"]?.string != nil)
        let none = await rig.send("GET", "/api/v1/job/", as: other)
        #expect(none.json["meta"]?["total_count"]?.number == 0)
        let schedulers = await rig.send("GET", "/api/v1/scheduler/", as: other)
        #expect(schedulers.json["objects"]?.array?.count == 1)
        #expect(await rig.send("GET", "/api/v1/delivery/", as: other).status == 404, "the operator's")
        #expect(await rig.send("GET", "/api/v1/job/", as: "").status == 401)
        await rig.stop()
    }

    @Test func `events are found by time, text, type and job, also as lines`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(#"{"name":"Needle","callback_url":"/_sink/200","schedule":"@hourly"}"#)
        try await rig.clock(#"{"advance":"3h"}"#)
        let path = "/chronatogapi/1/events"
        let found = await rig.send("GET", "\(path)?text=nEEdle")
        #expect(found.json.array?.count == 1)
        let hour = await rig.send(
            "GET",
            "\(path)?from=2026-01-01T02:00:00Z&to=2026-01-01T03:00:00Z&job=\(job)"
        )
        let times = hour.json.array?.compactMap { $0["time"]?.string } ?? []
        #expect(!times.isEmpty && times.allSatisfy { $0.hasPrefix("2026-01-01T02:") }, "\(times)")
        let lines = await rig.send(
            "GET",
            "\(path)?type=run.*&limit=2",
            headers: [("Accept", "application/x-ndjson")]
        )
        #expect(lines["Content-Type"] == "application/x-ndjson")
        #expect(lines.text.split(separator: "\n").count == 2)
        #expect(lines["Link"]?.contains("since=") == true)
        await rig.stop()
    }

    /// The objects of all events so far.
    private func named(_ rig: SiteRig) async -> [(uri: String, kind: String)] {
        var seen: [String: String] = [:]
        for event in await rig.send("GET", "/chronatogapi/1/events?limit=10000").json.array ?? [] {
            let type = event["type"]?.string ?? ""
            let job = event["job"]?.string ?? ""
            switch type.split(separator: ".").first {
            case "job", "slots": seen["/api/v1/job/\(job)/"] = type
            case "slot", "run", "attempt":
                if let run = event["run"]?.string { seen["/api/v1/run/\(run)/"] = type }
            case "check": seen["/api/v1/check/\(event["check"]?.string ?? "")/"] = type
            case "scheduler": seen["/api/v1/scheduler/\(event["scheduler"]?.number ?? 0)/"] = type
            case "alert" where type == "alert.opened":
                seen["/api/v1/alert/\(event["seq"]?.number ?? 0)/"] = type
            default: seen["/api/v1/account/1/"] = type
            }
        }
        return seen.sorted { $0.key < $1.key }.map { (uri: $0.key, kind: $0.value) }
    }
}
