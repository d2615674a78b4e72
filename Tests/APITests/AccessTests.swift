import API
import Domain
import Testing

struct AccessTests {
    private let jobs = "/chronatogapi/1/jobs"

    @Test func `without credentials the answer is 401 and says how`() async throws {
        let rig = try await SiteRig()
        for login in ["", "Basic !!!", "Bearer wrong", "Digest x", SiteRig.basic("Udefault", "wrong")] {
            let answer = await rig.send("GET", jobs, as: login)
            #expect(answer.status == 401)
            #expect(answer["WWW-Authenticate"] == "Basic realm=\"chronatog\"")
            #expect(answer["Content-Type"] == "application/problem+json")
            #expect(answer.messages.count == 1)
        }
        await rig.stop()
    }

    @Test func `after too many failures an address waits, and others do not`() async throws {
        let rig = try await SiteRig { $0.limits.failedLoginsMax = 3 }
        let wrong = SiteRig.basic("Udefault", "guess")
        for _ in 0..<3 { #expect(await rig.send("GET", jobs, as: wrong).status == 401) }
        let waiting = await rig.send("GET", jobs, as: SiteRig.basic("Udefault", "Pdefault"))
        #expect(waiting.status == 429)
        #expect(waiting["Retry-After"] == "3")
        let other = await rig.send("GET", jobs, as: SiteRig.basic("Udefault", "Pdefault"), from: "192.0.2.2")
        #expect(other.status == 200)
        rig.time.pass(.seconds(3))
        #expect(await rig.send("GET", jobs, as: SiteRig.basic("Udefault", "Pdefault")).status == 200)
        await rig.stop()
    }

    @Test func `credentials are made once, shown once, and end with the scheduler`() async throws {
        let rig = try await SiteRig()
        let made = await rig.send("POST", "/chronatogapi/1/schedulers", #"{"name":"billing"}"#)
        #expect(made.status == 201)
        let username = try #require(made.json["username"]?.string)
        let password = try #require(made.json["password"]?.string)
        #expect(username.wholeMatch(of: /U[0-9a-f]{14}/) != nil)
        #expect(password.wholeMatch(of: /P[0-9a-f]{26}/) != nil)
        let list = await rig.send("GET", "/chronatogapi/1/schedulers")
        #expect(list.json.array?.count == 2)
        #expect(!list.text.contains(password))
        let login = SiteRig.basic(username, password)
        #expect(await rig.send("GET", jobs, as: login).status == 200)
        #expect(await rig.send("GET", "/chronatogapi/1/schedulers", as: login).status == 404)
        #expect(await rig.send("DELETE", "/chronatogapi/1/schedulers/2").status == 200)
        #expect(await rig.send("GET", jobs, as: login).status == 401)
        #expect(await rig.send("DELETE", "/chronatogapi/1/schedulers/1").status == 409)
        await rig.stop()
    }

    @Test func `a scheduler sees nothing of another one's`() async throws {
        let rig = try await SiteRig()
        let made = await rig.send(
            "POST",
            "/chronatogapi/1/schedulers",
            #"{"username":"other","password":"longenough"}"#
        )
        #expect(made.status == 201)
        let login = SiteRig.basic("other", "longenough")
        let job = try await rig.add(#"{"callback_url":"/_sink/200","schedule":"@hourly"}"#)
        let run = await rig.send("POST", "\(jobs)/\(job)/run")
        #expect(run.status == 202)
        let id = try #require(run.json["id"]?.string)
        for (method, path) in [
            ("GET", "\(jobs)/\(job)"), ("PUT", "\(jobs)/\(job)"), ("PATCH", "\(jobs)/\(job)"),
            ("DELETE", "\(jobs)/\(job)"),
            ("POST", "\(jobs)/\(job)/run"), ("POST", "\(jobs)/\(job)/pause"), ("GET", "\(jobs)/\(job)/runs"),
            ("GET", "\(jobs)/\(job)/slots"), ("GET", "\(jobs)/\(job)/secret"),
            ("GET", "/chronatogapi/1/runs/\(id)"),
            ("GET", "/chronatogapi/1/events?job=\(job)"),
            ("GET", "\(jobs)/\(job)/explain?at=2026-01-01T00:00:00Z"),
        ] {
            #expect(await rig.send(method, path, "{}", as: login).status == 404, "\(method) \(path)")
        }
        #expect(await rig.send("GET", "/chronatogapi/1/events", as: login).json == .array([]))
        #expect(await rig.send("GET", "/chronatogapi/1/plan", as: login).json == .array([]))
        await rig.stop()
    }

    @Test func `configured credentials are the default scheduler's`() async throws {
        let rig = try await SiteRig {
            $0.defaultCredentials = APIOptions.Credentials(username: "me", password: "mine")
        }
        let answer = await rig.send(
            "POST",
            jobs,
            #"{"callback_url":"/_sink/200","schedule":"@hourly"}"#,
            as: SiteRig.basic("me", "mine")
        )
        #expect(answer.status == 201)
        #expect(answer.json["scheduler"]?.number == 1)
        await rig.stop()
    }
}
