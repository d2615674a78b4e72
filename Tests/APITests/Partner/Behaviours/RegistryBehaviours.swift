import Domain
import Effects
import Integrations
import Testing

/// Behaviours 18 to 26: the platform's registry, played by the simulator.
struct RegistryBehaviours {
    private let root = PlatformStage.root

    @Test func `18: at first the list is empty`() async throws {
        let stage = try PlatformStage()
        let list = await stage.ask("GET", root)
        #expect(list.status == 200 && list.json == .array([]))
    }

    @Test func `19: registering answers with the service's URL`() async throws {
        let stage = try PlatformStage()
        let made = await stage.ask("POST", root, #"{"service":{"name":"A"}}"#)
        #expect(made.status == 201 && made.text == "{}")
        #expect(made.location.hasPrefix("\(PlatformStage.base)\(root)/"))
    }

    @Test func `20: a blank name is refused`() async throws {
        let stage = try PlatformStage()
        let refused = await stage.ask("POST", root, #"{"service":{"name":" "}}"#)
        #expect(refused.status == 400 && refused.messages == ["Name can't be blank"])
        #expect(await stage.ask("GET", root).json == .array([]))
    }

    @Test func `21: the list shows what was registered, and its URL`() async throws {
        let stage = try PlatformStage()
        let url = await stage.register("A")
        let listed = await stage.ask("GET", root).json.array?.first
        let text = listed?.text ?? ""
        #expect(listed?["service"]?["name"]?.string == "A" && text.contains(url))
    }

    @Test func `22: what is read is what was registered`() async throws {
        let stage = try PlatformStage()
        let own = PartnerService.own("http://chronatog.test")
        let url = await stage.ask("POST", root, own.post.text).location
        let read = await stage.ask("GET", url).json["service"]
        for name in ["name", "label", "description", "service_accounts_url", "home_url", "vars"] {
            #expect(read?[name] == own.post["service"]?[name], "\(name)")
        }
    }

    @Test func `23: a change is seen there, and in our own list of it`() async throws {
        let stage = try PlatformStage()
        let url = await stage.register("A")
        #expect(await stage.ask("PUT", url, #"{"service":{"name":"B"}}"#).status == 200)
        #expect(await stage.ask("GET", url).json["service"]?["name"]?.string == "B")
        let list = ServiceListing(
            .answered(.init(status: 200, body: Array(await stage.ask("GET", root).text.utf8)))
        )
        guard case .services(let services) = list else {
            Issue.record("\(list)")
            return
        }
        #expect(services.first?["name"]?.string == "B" && services.first?["url"]?.string == url)
    }

    @Test func `24: a change that is refused changes nothing on either side`() async throws {
        let stage = try PlatformStage()
        let url = await stage.register("A")
        #expect(await stage.ask("PUT", url, #"{"service":{"name":""}}"#).status == 400)
        #expect(await stage.ask("GET", url).json["service"]?["name"]?.string == "A")
        // And ours: the platform's refusal leaves what we know of it.
        let shop = try await PartnerRig()
        let body = #"{"registration_url":"\#(FakeMarketplace.base)\#(root)"}"#
        let before = await shop.rig.send("POST", "/chronatogapi/1/partner/service", body)
        shop.marketplace.script("/services/7", status: 400, #"{"error_messages":["Name can't be blank"]}"#)
        let refused = await shop.rig.send("PUT", "/chronatogapi/1/partner/service")
        #expect(refused.status == 409 && refused.text.contains("Name can't be blank"), "\(refused)")
        #expect(await shop.rig.send("GET", "/chronatogapi/1/partner").json == before.json)
        await shop.stop()
    }

    @Test func `25: what was deleted is not found`() async throws {
        let stage = try PlatformStage()
        let url = await stage.register("A")
        #expect(await stage.ask("DELETE", url).status == 200)
        #expect(await stage.ask("GET", url).status == 404)
    }

    @Test func `26: what the list shows can be changed and deleted by its URL there`() async throws {
        let stage = try PlatformStage()
        await stage.register("A")
        let list = ServiceListing(
            .answered(.init(status: 200, body: Array(await stage.ask("GET", root).text.utf8)))
        )
        guard case .services(let services) = list, let url = services.first?["url"]?.string else {
            Issue.record("\(list)")
            return
        }
        #expect(await stage.ask("PUT", url, #"{"service":{"name":"C"}}"#).status == 200)
        #expect(await stage.ask("DELETE", url).status == 200)
        #expect(await stage.ask("GET", root).json == .array([]))
    }
}
