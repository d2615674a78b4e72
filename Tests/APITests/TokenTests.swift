import API
import Domain
import Effects
import Testing
import WebSocket
import Wire

/// What the operator gives out, and what it is good for.
struct TokenTests {
    private static let tokens = "/chronatogapi/1/tokens"
    private static let jobs = "/chronatogapi/1/jobs"
    private static let hourly =
        #"{"name":"j","callback_url":"/_sink/200","method":"POST","schedule":"@hourly"}"#

    private static func add(_ rig: SiteRig, _ body: String) async throws -> (bearer: String, answer: Answer) {
        let answer = await rig.send("POST", tokens, body)
        guard answer.status == 201, let text = answer.json["token"]?.string else { throw Unexpected(answer) }
        return ("Bearer \(text)", answer)
    }

    @Test func `a role is all that a token is good for`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(Self.hourly)
        let read = try await Self.add(rig, #"{"name":"wall","role":"read"}"#).bearer
        let start = try await Self.add(rig, #"{"name":"start","role":"trigger"}"#).bearer
        let admin = try await Self.add(rig, #"{"name":"boss","role":"admin"}"#).bearer
        for (method, path, good) in [
            ("GET", Self.jobs, [read, admin]), ("GET", "/chronatogapi/1/channels", [read, admin]),
            ("GET", "/chronatogapi/1/events", [read, admin]), ("GET", Self.tokens, [read, admin]),
            ("GET", "\(Self.jobs)/\(job)/secret", [admin]), ("GET", "/chronatogapi/1/ping-key", [admin]),
            ("POST", "\(Self.jobs)/\(job)/run", [start, admin]), ("POST", Self.jobs, [admin]),
            ("POST", Self.tokens, [admin]), ("POST", "\(Self.jobs)/\(job)/pause", [admin]),
            ("DELETE", "\(Self.jobs)/\(job)", [admin]),
        ] {
            for bearer in [read, start, admin] {
                let answer = await rig.send(method, path, as: bearer)
                #expect((answer.status != 403) == good.contains(bearer), "\(method) \(path): \(answer)")
                if answer.status == 403 { #expect(answer.text.contains("has the role"), "\(answer)") }
            }
        }
        await rig.stop()
    }

    @Test func `a token starts one job, when it is bound to it`() async throws {
        let rig = try await SiteRig()
        let (one, other) = (try await rig.add(Self.hourly), try await rig.add(Self.hourly))
        let bound = try await Self.add(rig, #"{"name":"one","role":"trigger","job":"\#(one)"}"#).bearer
        #expect(await rig.send("POST", "\(Self.jobs)/\(one)/run", as: bound).status == 202)
        let refused = await rig.send("POST", "\(Self.jobs)/\(other)/run", as: bound)
        #expect(refused.status == 403)
        #expect(refused.messages == ["The token one starts job \(one) only."])
        await rig.stop()
    }

    @Test func `a token is shown once, kept as a digest, and good for nothing once it is removed`()
        async throws
    {
        let rig = try await SiteRig()
        let made = try await Self.add(rig, #"{"name":"wall","role":"read"}"#)
        let text = String(made.bearer.dropFirst(7))
        #expect(text.wholeMatch(of: /ct_[0-9a-f]{64}/) != nil)
        #expect(made.answer["Cache-Control"] == "no-store")
        #expect(made.answer.json["trigger_url"] == .null)
        #expect(await rig.send("GET", Self.jobs, as: made.bearer).status == 200)
        for path in [Self.tokens, "/chronatogapi/1/events", "/chronatogapi/1/journal"] {
            let shown = await rig.send("GET", path)
            #expect(shown.text.contains("wall"), "\(shown)")
            #expect(!shown.text.contains(text), "\(shown)")
        }
        let near = await rig.send("DELETE", "\(Self.tokens)/wal")
        #expect(near.status == 404)
        #expect(near.text.contains("Did you mean wall?"))
        #expect(await rig.send("DELETE", "\(Self.tokens)/wall").status == 200)
        #expect(await rig.send("GET", Self.jobs, as: made.bearer).status == 401)
        let events = await rig.send("GET", "/chronatogapi/1/events?type=token.*").json.array ?? []
        #expect(events.map { $0["type"]?.string } == ["token.added", "token.removed"])
        #expect(events.allSatisfy { $0["role"]?.string == "read" })
        await rig.stop()
    }

    @Test func `a trigger URL starts its job with what was posted, until it is revoked`() async throws {
        let rig = try await SiteRig()
        let job = try await rig.add(Self.hourly)
        let made = try await Self.add(rig, #"{"name":"deploy","role":"trigger","job":"\#(job)"}"#)
        let url = try #require(made.answer.json["trigger_url"]?.string)
        #expect(url.hasPrefix("http://chronatog.test/trigger/ct_"))
        let path = String(url.dropFirst("http://chronatog.test".count))
        let started = await rig.send("POST", path, #"{"version":"1.2"}"#, as: "")
        #expect(started.status == 202, "\(started)")
        let id = try #require(started.json["requestId"]?.string)
        #expect(started["Location"] == "http://chronatog.test/chronatogapi/1/runs/\(id)")
        #expect(started.json["resource_uri"]?.string == "/api/v1/run/\(id)/")
        let opened = await rig.send("GET", "/chronatogapi/1/events?type=run.opened").json.array ?? []
        #expect(opened.last?["cause"]?["stream"]?.string == "trigger/deploy")
        #expect(opened.last?["cause"]?["event"]?["version"]?.string == "1.2")
        #expect(await rig.send("POST", path, "plain words", as: "").status == 202)
        #expect(await rig.send("POST", path, as: "").status == 202)
        #expect(await rig.send("POST", path, as: "", bytes: [0xFF, 0xFE]).status == 400)
        let long = [UInt8](repeating: 0x20, count: 65_537)
        #expect(await rig.send("POST", path, as: "", bytes: long).status == 413)
        #expect(await rig.send("POST", "\(Self.jobs)/\(job)/pause").status == 200)
        #expect(await rig.send("POST", path, as: "").status == 409)
        #expect(await rig.send("DELETE", "\(Self.tokens)/deploy").status == 200)
        #expect(await rig.send("POST", path, as: "").status == 404)
        await rig.stop()
    }

    @Test func `unknown keys are throttled by address, and starts by the minute`() async throws {
        let rig = try await SiteRig { $0.limits.failedLoginsMax = 3 }
        try await rig.clock(#"{"freeze":true}"#)
        let job = try await rig.add(Self.hourly)
        let made = try await Self.add(rig, #"{"name":"deploy","role":"trigger","job":"\#(job)"}"#)
        let free = try await Self.add(rig, #"{"name":"free","role":"trigger"}"#)
        let path = "/trigger/\(made.bearer.dropFirst(7))"
        let unbound = "/trigger/\(free.bearer.dropFirst(7))"
        for key in ["/trigger/x", unbound, "/trigger/ct_0"] {
            #expect(await rig.send("POST", key, as: "").status == 404)
        }
        #expect(await rig.send("POST", path, as: "").status == 429)
        var answer = await rig.send("POST", path, as: "", from: "192.0.2.2")
        for _ in 0..<600 where answer.status == 202 {
            answer = await rig.send("POST", path, as: "", from: "192.0.2.2")
        }
        #expect(answer.status == 429, "\(answer)")
        #expect(answer["Retry-After"] == "60")
        let refused = await rig.send("GET", "/chronatogapi/1/events?type=trigger.refused").json.array ?? []
        #expect(refused.count == 1)
        await rig.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a revoked token's stream ends, and one to start runs opens none`() async throws {
        try await StreamRig.with { stream in
            let read = try await Self.add(stream.rig, #"{"name":"wall","role":"read"}"#).bearer
            let start = try await Self.add(stream.rig, #"{"name":"start","role":"trigger"}"#).bearer
            let watcher = stream.watch("token=\(read.dropFirst(7))", as: "")
            let auth = try await watcher.message()
            #expect(auth["type"]?.string == "auth")
            _ = try await stream.rig.add(Self.hourly)
            let event = try await watcher.events(1)[0]
            #expect(event["event"]?.string == "job.registered")
            let removed = await stream.rig.send("DELETE", "\(Self.tokens)/wall")
            #expect(removed.status == 200)
            guard case .closed(.policy, _)? = await watcher.end() else {
                Issue.record("not closed with 1008")
                return
            }
            let head = "HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
            let sse = "Accept: text/event-stream\r\nAuthorization: \(start)\r\n\r\n"
            let refused = try await stream.exchange("GET /v1/events \(head)\(sse)")
            #expect(refused.contains(" 403 "), "\(refused)")
            let hint = try await stream.exchange("GET /trigger/ct_0 \(head)\r\n")
            #expect(hint.contains(" 405 "), "\(hint)")
            #expect(hint.contains("POST is"), "\(hint)")
        }
    }

    @Test func `what cannot be a token is refused by field`() async throws {
        let rig = try await SiteRig()
        for (body, field) in [
            (#"{"name":"A b","role":"read"}"#, "name"), (#"{"name":"a"}"#, "role"),
            (#"{"name":"a","role":"raed"}"#, "role"), (#"{"name":"a","role":"read","job":"1"}"#, "job"),
            (#"{"name":"a","role":"trigger","job":"x"}"#, "job"), (#"{"name":"a","rol":"read"}"#, "rol"),
        ] {
            let answer = await rig.send("POST", Self.tokens, body)
            #expect(answer.status == 422, "\(answer)")
            #expect(answer.text.contains(#""field":"\#(field)""#), "\(answer)")
        }
        let missing = #"{"name":"a","role":"trigger","job":"9"}"#
        #expect(await rig.send("POST", Self.tokens, missing).status == 404)
        _ = try await Self.add(rig, #"{"name":"a","role":"read"}"#)
        #expect(await rig.send("POST", Self.tokens, #"{"name":"a","role":"read"}"#).status == 409)
        await rig.stop()
    }
}
