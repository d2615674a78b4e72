import API
import Domain
import Effects
import Testing
import WebSocket
import Wire

/// `/v1/events` over a real socket.
@Suite(.timeLimit(.minutes(1)))
struct StreamTests {
    private let hourly = #"{"name":"j","callback_url":"/_sink/200","schedule":"@hourly"}"#
    private let login = SiteRig.basic("Udefault", "Pdefault")

    @Test func `the first message is auth, the second the last minute's notifications, then come events`()
        async throws
    {
        try await StreamRig.with { stream in
            let watcher = stream.watch()
            let auth = try await watcher.message()
            #expect(auth["type"]?.string == "auth")
            #expect(auth["seq"]?.number ?? 0 > 0)
            #expect(try await watcher.message()["type"]?.string == "user-notifications")
            let job = try await stream.rig.add(hourly)
            let event = try await watcher.message()
            #expect(event["type"]?.string == "job")
            #expect(event["action"]?.string == "create")
            #expect(event["resource_uri"]?.string == "/api/v1/job/\(job)/")
            #expect(event["state"]?.string == "Active")
            #expect(
                event["parents"] == .array([.string("/api/v1/scheduler/1/"), .string("/api/v1/account/1/")])
            )
            #expect(event["event"]?.string == "job.registered")
            #expect(event["uuid"]?.string?.count == 36)
            #expect(event["datetime"]?.string == SiteRig.start)
            #expect(event["seq"]?.number ?? 0 > auth["seq"]?.number ?? .max)
        }
    }

    @Test func `a run is created and ends, with its job among its parents`() async throws {
        try await StreamRig.with { stream in
            let job = try await stream.rig.add(hourly)
            let watcher = stream.watch("type=run")
            let first = try await watcher.message()["type"]?.string
            #expect(first == "auth")
            try await stream.run(job)
            let events = try await watcher.events(2)
            #expect(events.map { $0["action"]?.string } == ["create", "update"])
            #expect(events.map { $0["state"]?.string } == ["In progress", "Success"])
            #expect(events[0]["resource_uri"] == events[1]["resource_uri"])
            #expect(events[0]["parents"]?.array?.first?.string == "/api/v1/job/\(job)/")
        }
    }

    @Test func `everything since a record is told once and in order, then what happens`() async throws {
        try await StreamRig.with { stream in
            let job = try await stream.rig.add(hourly)
            try await stream.run(job, times: 30)
            let before = try await Self.listed(stream)
            let watcher = stream.watch("since=0")
            let replayed = try await watcher.events(before.count)
            #expect(replayed.map { $0["seq"] } == before)
            let middle = try #require(before[20]?.number)
            let late = stream.watch("since=\(middle)")
            #expect(try await late.events(before.count - 21).map { $0["seq"] } == Array(before[21...]))
            try await stream.run(job, times: 5)
            let all = try await Self.listed(stream)
            let rest = Array(all[before.count...])
            #expect(try await watcher.events(rest.count).map { $0["seq"] } == rest)
            #expect(try await late.events(rest.count).map { $0["seq"] } == rest)
        }
    }

    @Test func `who comes while much happens misses nothing and is told nothing twice`() async throws {
        try await StreamRig.with { stream in
            let job = try await stream.rig.add(hourly)
            try await withThrowingTaskGroup(of: [JSON?].self) { group in
                let count = 400
                for _ in 0..<12 {
                    group.addTask {
                        let watcher = stream.watch("since=0&type=run")
                        return try await watcher.events(count).map { $0["seq"] }
                    }
                }
                try await stream.run(job, times: count / 2)
                var seen: [[JSON?]] = []
                for try await sequences in group { seen.append(sequences) }
                #expect(Set(seen).count == 1, "all were told the same")
                let numbers = seen[0].compactMap { $0?.number }
                #expect(numbers == numbers.sorted() && Set(numbers).count == count)
            }
        }
    }

    @Test func `a scheduler sees its own jobs and nobody else's`() async throws {
        try await StreamRig.with { stream in
            let made = await stream.rig.send(
                "POST",
                "/chronatogapi/1/schedulers",
                #"{"name":"other","username":"Uother","password":"Pother123456"}"#
            )
            #expect(made.status == 201)
            let other = stream.watch("since=0", as: SiteRig.basic("Uother", "Pother123456"))
            let own = stream.watch("since=0", as: login)
            _ = try await stream.rig.add(hourly)
            let theirs = await stream.rig.send(
                "POST",
                "/chronatogapi/1/jobs",
                hourly,
                as: SiteRig.basic("Uother", "Pother123456")
            )
            let id = try #require(theirs.json["id"]?.string)
            #expect(try await other.events(1)[0]["resource_uri"]?.string == "/api/v1/job/\(id)/")
            #expect(try await own.events(1)[0]["resource_uri"]?.string == "/api/v1/job/1/")
        }
    }

    @Test func `a scheduler sees its own checks and nobody else's`() async throws {
        try await StreamRig.with { stream in
            let path = "/chronatogapi/1"
            let other = SiteRig.basic("Uother", "Pother123456")
            _ = await stream.rig.send(
                "POST",
                "\(path)/schedulers",
                #"{"name":"other","username":"Uother","password":"Pother123456"}"#
            )
            for caller in [login, other] {
                let made = await stream.rig.send(
                    "POST",
                    "\(path)/checks",
                    #"{"name":"c","period":"1h"}"#,
                    as: caller
                )
                #expect(made.status == 201)
            }
            let own = stream.watch("since=0&type=check", as: login)
            #expect(try await own.events(1)[0]["resource_uri"]?.string == "/api/v1/check/1/")
            let theirs = stream.watch("since=0&type=check", as: other)
            let event = try await theirs.events(1)[0]
            #expect(event["resource_uri"]?.string == "/api/v1/check/2/")
            #expect(event["parents"]?.array?.first?.string == "/api/v1/scheduler/2/")
        }
    }

    @Test func `a scheduler is told of its own checks' alerts, and of nobody else's`() async throws {
        try await StreamRig.with { stream in
            let path = "/chronatogapi/1"
            let other = SiteRig.basic("Uother", "Pother123456")
            _ = await stream.rig.send(
                "POST",
                "\(path)/schedulers",
                #"{"name":"other","username":"Uother","password":"Pother123456"}"#
            )
            for (name, caller) in [("mine", login), ("theirs", other)] {
                let check = #"{"name":"\#(name)","period":"1m","grace":"0s"}"#
                #expect(await stream.rig.send("POST", "\(path)/checks", check, as: caller).status == 201)
            }
            try await stream.rig.clock(#"{"advance":"61s"}"#)
            for (check, caller, stranger) in [(1, login, other), (2, other, login)] {
                let watcher = stream.watch(as: caller)
                _ = try await watcher.message()
                let news = try await watcher.message()["notifications"]?.array ?? []
                #expect(news.count == 1)
                let alert = try #require(news.first?["resource_uri"]?.string)
                let listed = await stream.rig.send("GET", "/api/v1/alert/", as: caller).json["objects"]?.array
                #expect(listed?.map { $0["check"]?.string } == ["/api/v1/check/\(check)/"])
                #expect(listed?.first?["resource_uri"]?.string == alert)
                #expect(await stream.rig.send("GET", alert, as: caller).status == 200)
                #expect(await stream.rig.send("GET", alert, as: stranger).status == 404)
                _ = await stream.rig.send("DELETE", "\(path)/checks/\(check)", as: caller)
                #expect(await stream.rig.send("GET", alert, as: caller).json["state"]?.string == "Resolved")
            }
        }
    }

    @Test func `credentials may stand where Tutum's clients put them`() async throws {
        try await StreamRig.with { stream in
            let encoded = Base64.encode(Array("Udefault:Pdefault".utf8))
            for query in [
                "token=Pdefault&user=Udefault", "auth=Basic%20\(encoded)", "auth=Bearer%20\(SiteRig.token)",
                "token=\(SiteRig.token)",
            ] {
                let watcher = stream.watch(query, as: "")
                let first = try await watcher.message()["type"]?.string
                #expect(first == "auth", "\(query)")
                watcher.link.close()
            }
            for header in ["ApiKey Udefault:Pdefault", login] {
                let watcher = stream.watch(as: header)
                let first = try await watcher.message()["type"]?.string
                #expect(first == "auth", "\(header)")
                watcher.link.close()
            }
        }
    }

    @Test func `who is not known is told UNAUTHORIZED and let go, or refused where Docker Cloud would`()
        async throws
    {
        try await StreamRig.with { stream in
            let watcher = stream.watch("token=wrong&user=Udefault", as: "")
            let error = try await watcher.message()
            #expect(error["type"]?.string == "error")
            #expect(error["data"]?["errorMessage"]?.string == "UNAUTHORIZED")
            guard case .closed(.policy, _)? = await watcher.end() else {
                Issue.record("not closed with 1008")
                return
            }
            let cloud = stream.watch(path: "/api/audit/v1/events/", as: "Basic d3Jvbmc6d3Jvbmc=")
            guard case .refused(status: 401, retryAfter: _)? = await cloud.end() else {
                Issue.record("not refused with 401")
                return
            }
            let good = stream.watch(path: "/api/audit/v1/me/events/", as: login)
            let first = try await good.message()["type"]?.string
            #expect(first == "auth")
        }
    }

    @Test func `events are filtered by type, object and parents`() async throws {
        try await StreamRig.with { stream in
            let first = try await stream.rig.add(hourly)
            let second = try await stream.rig.add(hourly)
            let closed = stream.watch("type=run.closed")
            let object = stream.watch("object=/api/v1/job/\(second)/")
            let parents = stream.watch("parents=/api/v1/job/\(second)/&type=action")
            for watcher in [closed, object, parents] {
                let first = try await watcher.message()["type"]?.string
                #expect(first == "auth")
            }
            try await stream.run(first)
            try await stream.run(second)
            _ = await stream.rig.send("POST", "/chronatogapi/1/jobs/\(second)/pause", "{}")
            #expect(try await closed.events(2).allSatisfy { $0["event"]?.string == "run.closed" })
            #expect(try await object.events(1)[0]["state"]?.string == "Paused")
            let run = try await parents.events(1)[0]
            #expect(run["parents"]?.array?.first?.string == "/api/v1/job/\(second)/")
        }
    }

    @Test func `CloudEvents are spoken on request`() async throws {
        try await StreamRig.with { stream in
            let asked = stream.watch("since=0&type=job&format=cloudevents")
            let named = stream.watch(
                "since=0&type=job",
                lines: ["Sec-WebSocket-Protocol: x, cloudevents.json"]
            )
            let job = try await stream.rig.add(hourly)
            for watcher in [asked, named] {
                let event = try await watcher.message()
                #expect(event["specversion"]?.string == "1.0")
                #expect(event["type"]?.string == "chronatog.job.registered")
                #expect(event["source"]?.string == "http://chronatog.test")
                #expect(event["subject"]?.string == "/api/v1/job/\(job)/")
                #expect(event["data"]?["job"]?.string == job)
                #expect(event["id"]?.string == event["data"]?["seq"]?.number.map { "\($0)" })
            }
        }
    }

    @Test func `server-sent events go on after Last-Event-ID`() async throws {
        try await StreamRig.with { stream in
            let job = try await stream.rig.add(hourly)
            try await stream.run(job)
            let sequences = try await Self.listed(stream).compactMap { $0?.number }
            let head = """
                GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\
                Authorization: Bearer \(SiteRig.token)\r\n
                """
            let last = try #require(sequences.last)
            let all = try await stream.exchange("\(head)Last-Event-ID: 0\r\n\r\n", until: "id: \(last)\n")
            #expect(all.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"))
            for sequence in sequences { #expect(all.contains("id: \(sequence)\ndata: {\"type\":")) }
            let before = sequences[sequences.count - 2]
            let rest = try await stream.exchange(
                "\(head)Last-Event-ID: \(before)\r\n\r\n",
                until: "id: \(last)\n"
            )
            #expect(!rest.contains("id: \(before)\n"))
            let nobody = try await stream.exchange(
                "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
            )
            #expect(nobody.hasPrefix("HTTP/1.1 401 "), "\(nobody)")
        }
    }

    @Test func `what is no stream is told so`() async throws {
        try await StreamRig.with { stream in
            let close = "Host: x\r\nConnection: close\r\n"
            let plain = try await stream.exchange("GET /v1/events HTTP/1.1\r\n\(close)\r\n")
            #expect(plain.hasPrefix("HTTP/1.1 426 "), "\(plain)")
            let old = """
                GET /v1/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
                """
            let answer = try await stream.exchange(old)
            #expect(answer.hasPrefix("HTTP/1.1 426 "), "\(answer)")
            #expect(answer.contains("Sec-WebSocket-Version: 13\r\n"))
            for query in ["since=9999999", "since=x", "type=nonsense", "sinse=1", "format=xml"] {
                guard case .refused(status: 422, retryAfter: _)? = await stream.watch(query).end() else {
                    Issue.record("\(query) is not refused")
                    return
                }
            }
        }
    }

    @Test func `another site's page may not use a browser's credentials`() async throws {
        try await StreamRig.with { stream in
            let foreign = stream.watch(as: login, lines: ["Origin: https://evil.example"])
            guard case .closed(.policy, _)? = await foreign.end() else {
                Issue.record("a foreign page was let in")
                return
            }
            let own = stream.watch(as: login, lines: ["Origin: http://127.0.0.1:\(stream.port)"])
            let first = try await own.message()["type"]?.string
            #expect(first == "auth")
        }
    }

    private static func listed(_ stream: StreamRig) async throws -> [JSON?] {
        let answer = await stream.rig.send("GET", "/chronatogapi/1/events?limit=10000")
        return (answer.json.array ?? []).map { $0["seq"] }
    }
}
