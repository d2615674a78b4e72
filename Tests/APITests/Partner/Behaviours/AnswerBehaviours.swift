import Domain
import Effects
import Testing

/// Behaviours 14 to 16: what a platform may answer. The original handed odd answers to an error hook of the
/// program; here they are recorded and can be listed. 17, what is tried again, is in `PartnerRulesTests`.
struct AnswerBehaviours {
    private let services = "/api/1/partners/1/services"

    private func list(_ shop: PartnerRig) async -> Answer {
        let url = "\(FakeMarketplace.base)\(services)"
        return await shop.rig.send("GET", "/chronatogapi/1/partner/services?registration_url=\(url)")
    }

    @Test func `14: a 500 is told with what was said, kept, and taken when the platform is well`()
        async throws
    {
        let shop = try await PartnerRig()
        shop.marketplace.script("/services", status: 500, "out of order")
        #expect(await list(shop).text.contains("answered 500"))
        let body = #"{"registration_url":"\#(FakeMarketplace.base)\#(services)"}"#
        #expect(await shop.rig.send("POST", "/chronatogapi/1/partner/service", body).status == 409)
        let waiting = await shop.rig.send("GET", "/chronatogapi/1/posts").json.array?.first
        #expect(waiting?["reason"]?.string == "the marketplace answered 500: \"out of order\"")
        #expect(waiting?["url"]?.string == "\(FakeMarketplace.base)\(services)")
        shop.marketplace.script("/services", status: nil)
        try await shop.advance("1m")
        #expect(await shop.rig.send("GET", "/chronatogapi/1/posts").json == .array([]))
        #expect(shop.marketplace.posts.count == 1)
        await shop.stop()
    }

    @Test func `15: a 200 that is not JSON is told as such, with its beginning`() async throws {
        let shop = try await PartnerRig()
        shop.marketplace.script("/services", status: 200, "<html>hello")
        let answer = await list(shop)
        #expect(answer.status == 409 && answer.text.contains("something that is not a list: <html>hello"))
        await shop.stop()
    }

    @Test func `16: a 204 is an empty answer, and as good as any`() async throws {
        let shop = try await PartnerRig()
        shop.marketplace.script("/services", status: 204, "")
        #expect(await list(shop).json == .array([]))
        let customer = try await shop.signUp()
        let (_, path) = try await shop.provision(customer)
        shop.marketplace.script("/provisioned_service/9", status: 204, "")
        let number = path.split(separator: "/").last ?? ""
        #expect(await shop.rig.send("POST", "/chronatogapi/1/schedulers/\(number)/rotate").status == 200)
        #expect(await shop.rig.send("GET", "/chronatogapi/1/posts").json == .array([]))
        await shop.stop()
    }
}
