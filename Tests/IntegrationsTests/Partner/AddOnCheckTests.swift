import Domain
import Effects
import Integrations
import Synchronization
import Testing

/// A clock that only a test moves.
final class StubClock: Sendable {
    private let passed = Mutex(Span.zero)
    var now: Timestamp { Timestamp(seconds: 1_767_225_600) + passed.withLock { $0 } }
    func pass(_ span: Span) { passed.withLock { $0 = $0 + span } }
}

/// The checker against an add-on that is none of ours, whole and broken (`heroku-v3`, §7.1).
struct AddOnCheckTests {
    private func findings(_ fault: StubAddOn.Fault?) async -> [PartnerCheck.Finding] {
        let clock = StubClock()
        let stub = StubAddOn(fault, clock: clock)
        var check = AddOnCheck(
            StubAddOn.manifest,
            plans: ["small", "big"],
            run: "0123456789ab",
            now: { clock.now },
            send: { await stub.send($0) }
        )
        await check.runAll()
        return check.findings
    }

    @Test func `an add-on without faults has none`() async {
        let findings = await findings(nil)
        #expect(findings.map(\.number) == (1...35).map { "V\($0)" })
        #expect(findings.filter { $0.fault != nil } == [])
    }

    @Test(arguments: StubAddOn.Fault.allCases)
    func `a seeded fault is found, by its number`(_ fault: StubAddOn.Fault) async {
        let faults = await findings(fault).filter { $0.fault != nil }
        #expect(faults.map(\.number).contains(fault.number), "\(faults)")
    }

    @Test func `a manifest is read, and what it lacks is told`() throws {
        let whole = try JSONReader.value(
            of: """
                {"id":"stub","api":{"password":"secret","sso_salt":"salt","config_vars":["STUB_URL"],
                "config_vars_prefix":"STUB","production":{"base_url":"http://stub.test/heroku/resources",
                "sso_url":"http://stub.test/sso"}}}
                """
        )
        let manifest = AddOnManifest(whole)
        #expect(manifest.baseURL == StubAddOn.manifest.baseURL && manifest.faults == [])
        let none = AddOnManifest(try JSONReader.value(of: #"{"id":"x","api":{"config_vars":["lower"]}}"#))
        #expect(
            none.faults == [
                "api.password is missing", "api.sso_salt is missing", "api.production.base_url is no URL",
                "api.production.sso_url is no URL", "lower in api.config_vars is no name",
            ]
        )
    }

    @Test func `an add-on that answers 202 is followed to its end`() async throws {
        let clock = StubClock()
        let stub = StubAddOn(isAsync: true, clock: clock)
        let platform = MarketplaceSimulator(
            base: "http://127.0.0.1:8096",
            auth: AuthHMAC(id: "", key: ""),
            manifest: StubAddOn.manifest,
            clientSecret: "cs",
            clock: { clock.now },
            send: { await stub.send($0) }
        )
        var check = AddOnCheck(
            StubAddOn.manifest,
            plans: ["small", "big"],
            run: "0123456789ab",
            platform: platform,
            now: { clock.now },
            pause: { await AsyncPartner.finish(stub, at: platform) },
            send: { await stub.send($0) }
        )
        await check.runAll()
        #expect(check.findings.filter { $0.fault != nil } == [])
        #expect(check.findings.contains { $0.number == "V8" })
    }
}

/// What an add-on does after it has answered 202.
enum AsyncPartner {
    static func ask(
        _ platform: MarketplaceSimulator,
        _ method: String,
        _ target: String,
        _ body: String,
        token: String = ""
    ) async -> (status: Int, json: JSON) {
        let reply = await platform.answer(
            MarketplaceSimulator.Request(
                method: method,
                target: target,
                headers: token.isEmpty ? [] : [("Authorization", "Bearer \(token)")],
                body: Array(body.utf8)
            )
        )
        return (reply.status, (try? JSONReader.value(of: reply.body)) ?? .null)
    }

    static func exchange(_ code: String, at platform: MarketplaceSimulator, secret: String = "cs") async
        -> (status: Int, json: JSON)
    {
        let form = "grant_type=authorization_code&code=\(code)&client_secret=\(secret)"
        return await ask(platform, "POST", "/oauth/token", form)
    }

    static func finish(_ stub: StubAddOn, at platform: MarketplaceSimulator) async {
        for own in await stub.waiting {
            guard let token = await exchange(own.code, at: platform).json["access_token"]?.string else {
                continue
            }
            let config = await stub.config(own.uuid).map {
                JSON.object([JSON.Member("name", .string($0.key)), JSON.Member("value", $0.value)])
            }
            let body = JSON.object([JSON.Member("config", .array(config))]).text
            _ = await ask(platform, "PATCH", "/addons/\(own.uuid)/config", body, token: token)
            _ = await ask(platform, "POST", "/addons/\(own.uuid)/actions/provision", "", token: token)
        }
    }
}

/// The platform's side, clicked and asked.
struct AddOnDashboardTests {
    private let clock = StubClock()

    private func simulator(_ stub: StubAddOn) -> MarketplaceSimulator {
        MarketplaceSimulator(
            base: "http://127.0.0.1:8096",
            auth: AuthHMAC(id: "", key: ""),
            manifest: StubAddOn.manifest,
            clientSecret: "cs",
            clock: { [clock] in clock.now },
            send: { await stub.send($0) }
        )
    }

    private func click(_ simulator: MarketplaceSimulator, _ path: String, _ form: String = "") async {
        _ = await simulator.answer(.init(method: "POST", target: path, body: Array(form.utf8)))
    }

    private func page(_ simulator: MarketplaceSimulator, _ path: String = "/") async -> String {
        String(decoding: await simulator.answer(.init(method: "GET", target: path)).body, as: UTF8.self)
    }

    /// The uuid of the newest add-on.
    private func uuid(_ stub: StubAddOn) async -> String { await stub.bodies.last?["uuid"]?.string ?? "" }

    @Test func `a resource is provisioned, asked for again, changed, visited and given back`() async {
        let stub = StubAddOn(clock: clock)
        let simulator = simulator(stub)
        await click(simulator, "/heroku/provision", "app=%3Cshop%3E&plan=small")
        let first = await page(simulator)
        #expect(first.contains("STUB_PASSWORD=p-0") && first.contains("&lt;shop&gt; has its add-on"))
        let uuid = await uuid(stub)
        await click(simulator, "/heroku/again/\(uuid)")
        #expect(await stub.bodies.count == 2)
        #expect(await stub.bodies.first == stub.bodies.last)
        #expect(await page(simulator).components(of: "<article") == 1)
        await click(simulator, "/heroku/plan/\(uuid)", "plan=none")
        #expect(await page(simulator).contains("the plan stays: the partner answered 422"))
        await click(simulator, "/heroku/plan/\(uuid)", "plan=big")
        #expect(await page(simulator).contains("<td>big</td>"))
        for kind in ["user", "resource"] {
            let form = await page(simulator, "/heroku/visit/\(uuid)/\(kind)")
            #expect(form.contains("action=\"http://stub.test/sso\"") && form.contains("name=\"nav-data\""))
            #expect(form.contains("user_scoped_resource_token") == (kind == "user"))
        }
        await click(simulator, "/heroku/deprovision/\(uuid)")
        #expect(await page(simulator).contains("<td>deprovisioned</td>"))
        await click(simulator, "/heroku/provision", "plan=unknown")
        #expect(await page(simulator).contains("the partner refused"))
    }

    @Test func `what was answered with 202 is finished by the partner, with the token of its grant`() async {
        let stub = StubAddOn(isAsync: true, clock: clock)
        let simulator = simulator(stub)
        await click(simulator, "/heroku/provision", "plan=small")
        #expect(await page(simulator).contains("<td>provisioning</td>"))
        let (uuid, code) = (await uuid(stub), await stub.waiting.last?.code ?? "")
        #expect(await AsyncPartner.exchange("no", at: simulator).status == 401)
        #expect(await AsyncPartner.exchange(code, at: simulator, secret: "x").status == 401)
        let grant = await AsyncPartner.exchange(code, at: simulator)
        #expect(grant.status == 200 && grant.json["expires_in"]?.number == 28_800)
        #expect(await AsyncPartner.exchange(code, at: simulator).status == 401)
        let token = grant.json["access_token"]?.string ?? ""
        let path = "/addons/\(uuid)"
        func ask(_ method: String, _ path: String, _ body: String = "", _ token: String) async -> Int {
            await AsyncPartner.ask(simulator, method, path, body, token: token).status
        }
        #expect(await ask("GET", path, "", "") == 401)
        #expect(await ask("GET", "/addons/other", "", token) == 403)
        #expect(await ask("PATCH", "\(path)/config", #"{"config":[{"name":"A","value":1}]}"#, token) == 422)
        #expect(await ask("PATCH", "\(path)/config", #"{"config":[{"name":"A","value":"b"}]}"#, token) == 200)
        #expect(await page(simulator).contains("A=b"))
        let refresh =
            "grant_type=refresh_token&client_secret=cs&refresh_token="
            + (grant.json["refresh_token"]?.string ?? "")
        let fresh = await AsyncPartner.ask(simulator, "POST", "/oauth/token", refresh)
        let second = fresh.json["access_token"]?.string ?? ""
        #expect(second != token)
        #expect(await ask("POST", "\(path)/actions/provision", "", second) == 200)
        #expect(await page(simulator).contains("<td>provisioned</td>"))
        #expect(await ask("POST", "\(path)/actions/deprovision", "", second) == 200)
        #expect(await ask("GET", path, "", second) == 404)
    }

    @Test func `a grant is good for five minutes, and twelve hours are all an add-on has to finish`() async {
        let stub = StubAddOn(isAsync: true, clock: clock)
        let simulator = simulator(stub)
        await click(simulator, "/heroku/provision", "plan=small")
        await click(simulator, "/advance", "by=6m")
        let code = await stub.waiting.last?.code ?? ""
        #expect(await AsyncPartner.exchange(code, at: simulator).status == 401)
        await click(simulator, "/advance", "by=12h")
        #expect(await page(simulator).contains("removed: not provisioned within 12h"))
    }

    @Test func `a partner that fails is asked again with the same uuid`() async {
        let stub = StubAddOn(.refusesAll, clock: clock)
        let simulator = simulator(stub)
        await click(simulator, "/heroku/provision", "plan=small")
        #expect(await page(simulator).contains("not answered; ask again"))
        let uuid = await uuid(stub)
        await click(simulator, "/heroku/again/\(uuid)")
        #expect(await self.uuid(stub) == uuid)
    }
}

extension String {
    fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
