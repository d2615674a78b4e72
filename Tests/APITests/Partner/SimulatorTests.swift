import API
import Domain
import Integrations
import Testing

/// Our server and the simulated marketplace in one process, each calling the other.
struct SimulatorTests {
    private static let base = "http://127.0.0.1:8095"

    private func pair() async throws -> (SiteRig, MarketplaceSimulator) {
        let bridge = SimulatorBridge()
        let rig = try await SiteRig(transport: bridge)
        let start = Timestamp(seconds: 1_767_225_600)
        let simulator = MarketplaceSimulator(
            base: Self.base,
            auth: FakeMarketplace.auth,
            clock: { start },
            send: { request in
                let answer = await rig.send(
                    request.method,
                    String(request.url.dropFirst("http://chronatog.test".count)),
                    String(decoding: request.body, as: UTF8.self),
                    as: "",
                    headers: request.headers.map { (name: $0.name, value: $0.value) }
                )
                return PartnerCheck.Reply(
                    status: answer.status,
                    keptHeader: answer[request.keepHeader],
                    body: answer.body
                )
            }
        )
        bridge.connect(simulator)
        let body = #"{"id":"123edf","key":"abc456"}"#
        _ = await rig.send("PUT", "/chronatogapi/1/partner/credentials", body)
        return (rig, simulator)
    }

    private func click(_ simulator: MarketplaceSimulator, _ path: String, _ form: String = "") async {
        _ = await simulator.answer(.init(method: "POST", target: path, body: Array(form.utf8)))
    }

    private func page(_ simulator: MarketplaceSimulator) async -> String {
        String(decoding: await simulator.answer(.init(method: "GET", target: "/")).body, as: UTF8.self)
    }

    @Test func `a customer's whole life, clicked in the simulator`() async throws {
        let (rig, simulator) = try await pair()
        let url = "\(Self.base)\(MarketplaceSimulator.registrationPath())"
        let registered = await rig.send(
            "POST",
            "/chronatogapi/1/partner/service",
            #"{"registration_url":"\#(url)"}"#
        )
        #expect(registered.status == 200, "\(registered)")
        await click(simulator, "/sign_up", "name=%3Cacme%3E")
        #expect(await page(simulator).contains("<th>status</th><td>Thanks for signing up for Chronatog!"))
        #expect(await page(simulator).contains("<h3>&lt;acme&gt;</h3>"))
        let account = try #require(
            await rig.send("GET", "/chronatogapi/1/accounts").json.array?.first?["external_id"]?.string
        )
        let id = account.split(separator: "/").last ?? ""
        await click(simulator, "/activate/\(id)", "app=shop")
        #expect(await page(simulator).contains("auth_password"))

        let visit = await simulator.answer(.init(method: "GET", target: "/visit/\(id)"))
        let link = visit.headers.first { $0.name == "Location" }?.value ?? ""
        let target = String(link.dropFirst("http://chronatog.test".count))
        let plan = await rig.send("GET", target, as: "")
        #expect(plan.status == 200)
        let form = "plan_type=awesome&token=\(PartnerRig.token(plan))"
        let cookie = [(name: "Cookie", value: PartnerRig.cookie(plan))]
        let path = "/eyintegration/sso/customers/2/change_plan"
        #expect(await rig.send("POST", path, form, as: "", headers: cookie).status == 303)

        // What was posted has arrived before the clocks move.
        try await rig.clock(#"{"advance":"1s"}"#)
        await click(simulator, "/advance", "by=24h")
        try await rig.clock(#"{"advance":"24h"}"#)
        #expect(await page(simulator).contains("<th>status</th><td>OMG IT'S SO AWESOME Activated!"))
        await click(simulator, "/cancel/\(id)")
        let end = await page(simulator)
        #expect(end.contains("2 cents, pending") && end.contains("acme&gt;, cancelled"), "\(end)")
        await click(simulator, "/advance", "by=31d")
        #expect(await page(simulator).contains("2 cents, locked"))
        await rig.stop()
    }

    @Test func `18 to 26: the registry lists, shows, changes and forgets a service`() async throws {
        let (rig, simulator) = try await pair()
        let start = Timestamp(seconds: 1_767_225_600)
        func ask(_ method: String, _ path: String, _ body: String = "") async -> MarketplaceSimulator.Reply {
            let request = AuthHMAC.Request(
                method: method,
                contentType: body.isEmpty ? "" : "application/json",
                body: Array(body.utf8),
                date: start.httpDate,
                path: path
            )
            var headers = [
                (name: "Date", value: request.date),
                (name: "Authorization", value: FakeMarketplace.auth.header(request)),
            ]
            if !body.isEmpty { headers.append((name: "Content-Type", value: request.contentType)) }
            return await simulator.answer(
                .init(method: method, target: path, headers: headers, body: Array(body.utf8))
            )
        }
        func text(_ reply: MarketplaceSimulator.Reply) -> String {
            String(decoding: reply.body, as: UTF8.self)
        }
        let root = MarketplaceSimulator.registrationPath()
        #expect(text(await ask("GET", root)) == "[]")
        let blank = await ask("POST", root, #"{"service":{"name":" "}}"#)
        #expect(blank.status == 400 && text(blank).contains("Name can't be blank"))
        let made = await ask("POST", root, #"{"service":{"name":"A"}}"#)
        let url = made.headers.first { $0.name == "Location" }?.value ?? ""
        #expect(made.status == 201 && url.hasPrefix("\(Self.base)\(root)/"))
        let path = String(url.dropFirst(Self.base.count))
        #expect(text(await ask("GET", root)).contains(url))
        #expect(await ask("PUT", path, #"{"service":{"name":""}}"#).status == 400)
        #expect(text(await ask("GET", path)).contains(#""name":"A""#))
        #expect(await ask("PUT", path, #"{"service":{"name":"B"}}"#).status == 200)
        #expect(text(await ask("GET", path)).contains(#""name":"B""#))
        #expect(await ask("DELETE", path).status == 200)
        #expect(await ask("GET", path).status == 404)
        #expect(await simulator.answer(.init(method: "GET", target: root)).status == 401)
        await rig.stop()
    }
}
