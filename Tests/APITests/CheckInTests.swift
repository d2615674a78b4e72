import Domain
import Testing

@testable import API

/// Sentry's check-ins, and the monitors that come with them.
struct CheckInTests {
    private let checks = "/chronatogapi/1/checks"

    private func add(to rig: SiteRig, _ body: String) async throws {
        let answer = await rig.send("POST", checks, body)
        #expect(answer.status == 201, "\(answer.text)")
    }

    private func pingKey(of rig: SiteRig) async throws -> String {
        _ = await rig.send("POST", "/chronatogapi/1/ping-key/renew")
        return try #require(await rig.send("GET", "/chronatogapi/1/ping-key").json["ping_key"]?.string)
    }

    /// An envelope's answer to a check-in of the monitor "shop" with this configuration.
    private func checkIn(_ config: String, _ key: String, _ rig: SiteRig) async -> Answer {
        let item = #"{"monitor_slug":"shop","status":"ok","monitor_config":\#(config)}"#
        let envelope = "{}\n{\"type\":\"check_in\"}\n\(item)\n"
        return await rig.send("POST", "/api/1/envelope/?sentry_key=\(key)", envelope, as: "")
    }

    @Test func `Sentry's check-ins are heard, by URL and by envelope`() async throws {
        let rig = try await SiteRig()
        _ = try await add(to: rig, #"{"slug":"nightly"}"#)
        let key = try #require(
            await rig.send("GET", "/chronatogapi/1/ping-key").json["ping_key"]?.string
        )
        let id = "83a7c03ed0a04e1b97e2e3b18d38f244"
        let url = "/api/1/cron/nightly/\(key)/"
        let begun = await rig.send("POST", "\(url)?status=in_progress&check_in_id=\(id)", as: "")
        #expect(begun.status == 202)
        #expect(begun.json["id"]?.string == id)
        #expect(await rig.send("GET", "\(checks)/1").json["state"]?.string == "started")
        #expect(await rig.send("GET", "\(url)?status=ok&check_in_id=\(id)", as: "").status == 202)
        #expect(await rig.send("GET", "\(checks)/1").json["state"]?.string == "up")
        #expect(await rig.send("GET", "\(url)?status=fine", as: "").status == 422)
        #expect(await rig.send("GET", "/api/1/cron/other/\(key)/?status=ok", as: "").status == 404)
        let item =
            #"{"check_in_id":"\#(id)","monitor_slug":"hourly","status":"ok","monitor_config":{"schedule":"#
            + #"{"type":"crontab","value":"0 * * * *"},"checkin_margin":5,"max_runtime":30,"#
            + #""timezone":"UTC"}}"#
        let envelope =
            "{}\n{\"type\":\"check_in\",\"length\":\(item.utf8.count)}\n\(item)\n{\"type\":\"x\"}\n{}\n"
        let answer = await rig.send("POST", "/api/1/envelope/?sentry_key=\(key)", envelope, as: "")
        #expect(answer.status == 200, "\(answer.text)")
        let made = await rig.send("GET", "\(checks)?slug=hourly").json.array?.first
        #expect(made?["schedule"]?.string == "0 * * * *")
        #expect(made?["grace"]?.string == "5m")
        #expect(made?["pings"]?.number == 1)
        await rig.stop()
    }

    @Test func `a later check-in with another configuration changes the monitor that one made`()
        async throws
    {
        let rig = try await SiteRig()
        let key = try await pingKey(of: rig)
        let crontab = #"{"schedule":{"type":"crontab","value":"0 * * * *"},"checkin_margin":5}"#
        #expect(await checkIn(crontab, key, rig).status == 200)
        _ = await rig.send("PATCH", "\(checks)/1", #"{"name":"the shop","tags":["x"]}"#)
        let before = await rig.send("GET", "\(checks)/1").json
        #expect(before["follows_check_ins"] == .bool(true))
        #expect(await checkIn(crontab, key, rig).status == 200)
        #expect(await rig.send("GET", "\(checks)/1").json["sequence"] == before["sequence"])
        let interval =
            #"{"schedule":{"type":"interval","value":2,"unit":"day"},"checkin_margin":7,"max_runtime":9,"#
            + #""failure_issue_threshold":3}"#
        #expect(await checkIn(interval, key, rig).status == 200)
        let after = await rig.send("GET", "\(checks)/1").json
        #expect(after["schedule"] == .null)
        #expect(after["period"]?.string == "2d")
        #expect(after["grace"]?.string == "7m")
        #expect(after["max_runtime"]?.string == "9m")
        #expect(after["failures_to_open"]?.number == 3)
        #expect(after["name"]?.string == "the shop")
        #expect(after["tags"]?.text == #"["x"]"#)
        #expect(after["pings"]?.number == 3)
        #expect(after["expected_at"]?.string?.hasPrefix("2026-01-03T00:00") ?? false)
        let wrong = await checkIn(#"{"schedule":{"type":"crontab","value":"0 25 * * *"}}"#, key, rig)
        #expect(wrong.status == 422)
        await rig.stop()
    }

    @Test func `a check that people made, or took over, stays as it is`() async throws {
        let rig = try await SiteRig()
        let key = try await pingKey(of: rig)
        try await add(to: rig, #"{"slug":"shop","period":"1h"}"#)
        let config = #"{"schedule":{"type":"interval","value":5,"unit":"minute"}}"#
        #expect(await checkIn(config, key, rig).status == 200)
        #expect(await rig.send("GET", "\(checks)/1").json["period"]?.string == "1h")
        _ = await rig.send("PATCH", "\(checks)/1", #"{"follows_check_ins":true}"#)
        #expect(await checkIn(config, key, rig).status == 200)
        #expect(await rig.send("GET", "\(checks)/1").json["period"]?.string == "5m")
        await rig.stop()
    }

    private func check(_ rig: SiteRig) async -> JSON { await rig.send("GET", "\(checks)/1").json }

    private func post(_ query: String, _ body: String, _ key: String, _ rig: SiteRig, type: String = "")
        async -> Answer
    {
        let headers = type.isEmpty ? [] : [(name: "Content-Type", value: type)]
        return await rig.send("POST", "/api/1/cron/shop/\(key)/\(query)", body, as: "", headers: headers)
    }

    @Test func `a check-in may be a JSON body, which makes its monitor as an envelope does`() async throws {
        let rig = try await SiteRig()
        let key = try await pingKey(of: rig)
        #expect(await post("", #"{"status":"ok"}"#, key, rig).status == 404)
        let interval = #"{"schedule":{"type":"interval","value":2,"unit":"hour"},"checkin_margin":5}"#
        let id = "83a7c03ed0a04e1b97e2e3b18d38f244"
        let begun = #"{"status":"in_progress","check_in_id":"\#(id)","monitor_config":\#(interval)}"#
        let made = await post("", begun, key, rig, type: "application/json")
        #expect(made.status == 202, "\(made)")
        #expect(made.json["id"]?.string == id)
        #expect(await check(rig)["period"]?.string == "2h")
        #expect(await check(rig)["state"]?.string == "started")
        let crontab = #"{"schedule":{"type":"crontab","value":"0 * * * *"}}"#
        let end = #"{"status":"ok","check_in_id":"\#(id)","monitor_config":\#(crontab)}"#
        #expect(await post("", end, key, rig, type: "application/json").status == 202)
        #expect(await check(rig)["schedule"]?.string == "0 * * * *")
        #expect(await check(rig)["state"]?.string == "up")
        #expect(await post("?status=error", #"{"status":"ok"}"#, key, rig).status == 202)
        #expect(await check(rig)["state"]?.string == "down")
        await rig.stop()
    }

    @Test func `a check-in may be a form, and the output of a job beside a query is no harm`() async throws {
        let rig = try await SiteRig()
        let key = try await pingKey(of: rig)
        try await add(to: rig, #"{"slug":"shop"}"#)
        let form = "application/x-www-form-urlencoded"
        #expect(await post("", "status=error&environment=dev", key, rig, type: form).status == 202)
        #expect(await check(rig)["state"]?.string == "down")
        #expect(await post("", #"{"status":"ok"}"#, key, rig, type: form).status == 202)
        #expect(await check(rig)["state"]?.string == "up")
        for output in ["{ not JSON", "50% done", "status=error"] {
            #expect(await post("?status=ok", output, key, rig, type: form).status == 202)
        }
        #expect(await check(rig)["state"]?.string == "up")
        #expect(await post("?status=ok", "{", key, rig, type: "application/json").status == 400)
        #expect(await post("", "", key, rig).status == 422)
        await rig.stop()
    }

    @Test func `a duration counts where no start of its own was heard`() async throws {
        let rig = try await SiteRig()
        let key = try await pingKey(of: rig)
        try await add(to: rig, #"{"slug":"shop"}"#)
        func duration() async -> String? { await check(rig)["last_duration"]?.string }
        #expect(await post("", #"{"status":"ok","duration":12.5}"#, key, rig).status == 202)
        #expect(await duration() == "12s500ms")
        #expect(await post("?status=ok&duration=3", #"{"duration":9}"#, key, rig).status == 202)
        #expect(await duration() == "3s")
        let item = #"{"monitor_slug":"shop","status":"error","duration":7}"#
        let envelope = "{}\n{\"type\":\"check_in\"}\n\(item)\n"
        _ = await rig.send("POST", "/api/1/envelope/?sentry_key=\(key)", envelope, as: "")
        #expect(await duration() == "7s")
        for strange in ["-1", "1e300", "null", "\"soon\""] {
            let body = #"{"status":"ok","duration":\#(strange)}"#
            #expect(await post("", body, key, rig).status == 202)
            #expect(await duration() == nil, "\(strange)")
        }
        try await rig.clock(#"{"freeze":true}"#)
        #expect(await post("?status=in_progress", #"{"duration":9}"#, key, rig).status == 202)
        try await rig.clock(#"{"advance":"4s"}"#)
        #expect(await post("?status=ok", #"{"duration":9}"#, key, rig).status == 202)
        #expect(await duration() == "4s")
        await rig.stop()
    }

    @Test func `a packed envelope is read, a damaged or swollen one is refused`() async throws {
        let rig = try await SiteRig { $0.limits.bodyBytesMax = 10_000 }
        let url = "/api/1/envelope/?sentry_key=\(try await pingKey(of: rig))"
        let gzip = [(name: "Content-Encoding", value: "gzip")]
        // {} / {"type":"check_in"} / monitor "packed", ok, every two hours
        let text =
            "H4sIAAAAAAACAzWMQQrDMAwE73nGnnPqsZ8JxlEbY9cKtlQoxn/vBtqLkGZHO+YyYJ9TcEc8JOYtVVzspTWZtq0XfzI7"
            + "Q8yyY0W3YN5JNPP6W1HrI9Eb6GzZvci1/3pTNWnvUOhzOtFthfOR2aHeMOdcvpY7m0SJAAAA"
        let packed = try #require(Base64.decode(text))
        let answer = await rig.send("POST", url, as: "", headers: gzip, bytes: packed)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(await rig.send("GET", "\(checks)/1").json["period"]?.string == "2h")
        for count in [0, 1, 40, packed.count - 1] {
            let part = Array(packed.prefix(count))
            #expect(await rig.send("POST", url, as: "", headers: gzip, bytes: part).status == 400)
        }
        #expect(await rig.send("POST", url, as: "", headers: gzip, bytes: packed + [0]).status == 400)
        let other = [(name: "Content-Encoding", value: "br")]
        let refused = await rig.send("POST", url, as: "", headers: other, bytes: packed)
        #expect(refused.text.contains("send it as gzip, or as it is"))
        await rig.stop()
    }

    @Test func `what would be longer than a body may be is not unpacked to its end`() throws {
        // Forty thousand zeros.
        let text =
            "H4sIAAAAAAACA+3BMQEAAADCoPVP7WULoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgBt5RK"
            + "nmQJwAAA=="
        let zeros = try #require(Base64.decode(text))
        #expect(try Gzip.unpack(zeros, bytesMax: 40_000) == [UInt8](repeating: 0, count: 40_000))
        #expect(throws: Gzip.Fault.tooLong) { try Gzip.unpack(zeros, bytesMax: 39_999) }
    }
}
