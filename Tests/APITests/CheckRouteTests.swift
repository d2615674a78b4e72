import Domain
import Testing

@testable import API

/// Checks over the API, and what hears for them: pings, badges, check-ins.
struct CheckRouteTests {
    private let checks = "/chronatogapi/1/checks"

    private func add(to rig: SiteRig, _ body: String) async throws -> JSON {
        let answer = await rig.send("POST", checks, body)
        #expect(answer.status == 201, "\(answer.text)")
        return answer.json
    }

    /// The path of a URL that an answer gave.
    private func path(_ json: JSON?) throws -> String {
        let url = try #require(json?.string)
        return "/" + url.split(separator: "/", maxSplits: 2).dropFirst(2).joined()
    }

    @Test func `what was read can be sent back, and is the same`() async throws {
        let rig = try await SiteRig()
        let made = try await add(
            to: rig,
            #"{"name":"backup","slug":"backup","tags":["b","a"],"schedule":"0 3 * * *","#
                + #""zone":"Europe/Berlin","#
                + #""grace":"30m","max_runtime":"2h","failures_to_open":2}"#
        )
        #expect(made["state"]?.string == "waiting")
        #expect(made["tags"]?.text == #"["a","b"]"#)
        #expect(made["period"] == .null)
        let again = await rig.send("PUT", "\(checks)/1", made.text)
        #expect(again.status == 200, "\(again.text)")
        for name in ["name", "schedule", "zone", "grace", "max_runtime", "failures_to_open", "expected_at"] {
            #expect(again.json[name] == made[name], "\(name)")
        }
        let patched = await rig.send("PATCH", "\(checks)/1", #"{"schedule":null,"period":"5m"}"#)
        #expect(patched.json["period"]?.string == "5m")
        #expect(patched.json["schedule"] == .null)
        #expect(await rig.send("DELETE", "\(checks)/1").status == 200)
        #expect(await rig.send("GET", "\(checks)/1").status == 404)
        #expect(await rig.send("GET", try path(made["ping_url"]), as: "").status == 404)
        await rig.stop()
    }

    @Test func `a check has every field of its schema, and no other`() async throws {
        let rig = try await SiteRig()
        let made = try await add(to: rig, #"{"name":"x"}"#)
        let document = await rig.send("GET", "/chronatogapi/1/openapi.json", as: "")
        guard case .object(let fields) = document.json["components"]?["schemas"]?["Check"]?["properties"],
            case .object(let members) = made
        else {
            Issue.record("no schema")
            return
        }
        #expect(Set(fields.map(\.key)) == Set(members.map(\.key)))
        #expect(Set(CheckForm.request + CheckForm.answer) == Set(members.map(\.key)))
        await rig.stop()
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let body: String
        /// What the answer must speak of.
        let word: String
        var testDescription: String { body }

        init(_ body: String, _ word: String) {
            self.body = body
            self.word = word
        }
    }

    static let refused = [
        Refused(#"{"shedule":"@daily"}"#, "schedule"), Refused(#"{"schedule":"0 25 * * *"}"#, "hour"),
        Refused(#"{"zone":"Europe/Berln"}"#, "Europe/Berlin"), Refused(#"{"slug":"A b"}"#, "not a slug"),
        Refused(#"{"slug":"6e1b3f0a-9c2d-4e5f-8a7b-0123456789ab"}"#, "not a slug"),
        Refused(#"{"period":"0s"}"#, "less than"), Refused(#"{"grace":"soon"}"#, "duration"),
        Refused(#"{"period":"3000d"}"#, "more than"),
        Refused(#"{"schedule":"@daily","period":"1h"}"#, "beside a schedule"),
        Refused(#"{"schedule":"@reboot"}"#, "no time to come"),
        Refused(#"{"schedule":["@daily","@reboot"]}"#, "no time to come"),
        Refused(#"{"schedule":"@at 2025-12-31T23:30","zone":"Asia/Tokyo"}"#, "no time to come"),
        Refused(#"{"failures_to_open":0}"#, "whole number"), Refused(#"{"tags":"a"}"#, "list"),
    ]

    @Test(arguments: refused) func `what is wrong is refused when it is given`(_ row: Refused) async throws {
        let rig = try await SiteRig()
        let answer = await rig.send("POST", checks, row.body)
        #expect(answer.status == 422)
        #expect(answer.text.contains(row.word), "\(answer.text)")
        await rig.stop()
    }

    @Test func `a slug is taken once, and lists go by tag and slug`() async throws {
        let rig = try await SiteRig()
        _ = try await add(to: rig, #"{"slug":"a","tags":["x"]}"#)
        _ = try await add(to: rig, #"{"slug":"b"}"#)
        #expect(await rig.send("POST", checks, #"{"slug":"a"}"#).status == 422)
        #expect(await rig.send("GET", "\(checks)?tag=x").json.array?.count == 1)
        #expect(await rig.send("GET", "\(checks)?slug=b").json.array?.first?["id"]?.string == "2")
        let page = await rig.send("GET", "\(checks)?limit=1")
        #expect(page["Link"]?.contains("after=1") ?? false)
        await rig.stop()
    }

    @Test func `pings need no login, and only their owner reads them`() async throws {
        let rig = try await SiteRig()
        let made = try await add(to: rig, #"{"name":"x"}"#)
        let url = try path(made["ping_url"])
        let pinged = await rig.send("POST", "\(url)/7", "it broke", as: "")
        #expect(pinged.status == 200)
        #expect(pinged.text == "OK")
        #expect(pinged["Ping-Body-Limit"] == "10000")
        let list = await rig.send("GET", "\(checks)/1/pings")
        let id = try #require(list.json.array?.first?["id"]?.string)
        let one = await rig.send("GET", "\(checks)/1/pings/\(id)")
        #expect(one.json["body"]?.string == "it broke")
        #expect(one.json["exit_code"]?.number == 7)
        #expect(await rig.send("GET", "\(checks)/1/pings", as: "").status == 401)
        #expect(await rig.send("GET", "\(checks)/1").json["state"]?.string == "down")
        await rig.stop()
    }

    @Test func `a job has a badge, down while its alert is open`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(
            #"{"callback_url":"/_sink/500","schedule":"@every 1m","retries":0,"alert_after":2}"#
        )
        let before = await rig.send("GET", "/chronatogapi/1/jobs/\(job)")
        #expect(before.json["badge_url"] == .null, "there is no key yet")
        _ = try await add(to: rig, #"{"name":"x"}"#)
        let shown = await rig.send("GET", "/chronatogapi/1/jobs/\(job)")
        let badge = try path(shown.json["badge_url"]).replacing(".svg", with: ".json")
        #expect(await rig.send("GET", badge, as: "").json["status"]?.string == "up")
        try await rig.clock(#"{"advance":"3m"}"#)
        #expect(await rig.send("GET", badge, as: "").json["status"]?.string == "down")
        #expect(await rig.send("POST", "/chronatogapi/1/jobs/\(job)/pause").status == 200)
        #expect(await rig.send("GET", badge, as: "").json["total"]?.text == "0")
        let other = badge.replacing("job-\(job)", with: "job-99")
        #expect(await rig.send("GET", other, as: "").status == 404)
        await rig.stop()
    }

    @Test func `a badge says how slug, tag and all stand, and its key cannot ping`() async throws {
        let rig = try await SiteRig()
        let made = try await add(to: rig, #"{"slug":"a","tags":["x"]}"#)
        _ = try await add(to: rig, #"{"slug":"b","tags":["x"]}"#)
        let badge = try path(made["badge_url"])
        let svg = await rig.send("GET", badge, as: "")
        #expect(svg.status == 200)
        #expect(svg.text.hasPrefix("<svg "))
        #expect(svg["Content-Type"]?.hasPrefix("image/svg+xml") ?? false)
        #expect(await rig.send("GET", "\(try path(made["ping_url"]))/fail", as: "").status == 200)
        let key = try #require(badge.split(separator: "/").dropFirst().first)
        for (word, status) in [("a", "down"), ("b", "up"), ("x", "down"), ("*", "down")] {
            let json = await rig.send("GET", "/badge/\(key)/\(word).json", as: "")
            #expect(json.json["status"]?.string == status, "\(word)")
        }
        let shields = await rig.send("GET", "/badge/\(key)/x.shields", as: "")
        #expect(shields.json["message"]?.string == "down")
        #expect(await rig.send("GET", "/badge/\(key)/none.svg", as: "").status == 404)
        #expect(await rig.send("GET", "/badge/guess/a.svg", as: "").status == 404)
        #expect(await rig.send("GET", "/ping/\(key)/a", as: "").status == 404)
        await rig.stop()
    }
}
