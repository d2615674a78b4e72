import Domain
import Testing

/// Behaviours 53 to 56: the list of the people who came, which the marketplace keeps in step.
struct UserBehaviours {
    private let page = "/eyintegration/sso/customers/2"
    private let users = "\(PartnerRig.customers)/2/users"

    @Test func `53: without a list of users no address is asked for, and none is kept`() async throws {
        let shop = try await PartnerRig()
        let answer = try await shop.signed("POST", PartnerRig.customers, PartnerRig.accountBody())
        #expect(answer.json["service_account"]?["users_url"] == .null)
        let link = try await shop.link("\(PartnerRig.customers)/2", email: "who@example.com")
        #expect(await shop.browse("GET", link).status == 200)
        #expect(try await shop.signed("GET", users).json == .array([]))
        let account = await shop.rig.send("GET", "/chronatogapi/1/accounts/2")
        #expect(account.json["users"] == .array([]))
        await shop.stop()
    }

    /// A customer whose one user has come.
    private func visited() async throws -> (PartnerRig, cookie: String) {
        let shop = try await PartnerRig(listsUsers: true)
        let customer = try await shop.signUp()
        let link = try await shop.link(customer, email: "the-one-user@example.com")
        let cookie = PartnerRig.cookie(await shop.browse("GET", link))
        return (shop, cookie)
    }

    @Test func `54: with a list of users the address comes with the link, and is listed`() async throws {
        let (shop, _) = try await visited()
        let list = try await shop.signed("GET", users)
        let item = list.json.array?.first
        #expect(item?["user"]?["ey_user_email"]?.string == "the-one-user@example.com")
        #expect(item?["user"]?["ey_user_id"]?.string == "57")
        #expect(item?["user"]?["access_level"]?.string == "owner")
        #expect(item?["url"]?.string == "http://chronatog.test\(users)/57")
        #expect(await shop.rig.send("GET", users, as: "").status == 401)
        let again = try await shop.signed("POST", PartnerRig.customers, PartnerRig.accountBody())
        #expect(again.json["service_account"]?["users_url"]?.string == "http://chronatog.test\(users)")
        await shop.stop()
    }

    @Test func `55: an address that changes at the marketplace changes here`() async throws {
        let (shop, cookie) = try await visited()
        let user = JSON.object([JSON.Member("ey_user_email", .string("new@example.com"))])
        let body = JSON.object([JSON.Member("user", user)])
        #expect(try await shop.signed("PUT", "\(users)/57", body).text == "{}\n")
        let account = await shop.rig.send("GET", "/chronatogapi/1/accounts/2")
        let known = account.json["users"]?.array?.first
        #expect(known?["email"]?.string == "new@example.com" && known?["level"]?.string == "owner")
        #expect(try await shop.signed("PUT", "\(users)/58", body).status == 404)
        #expect(try await shop.signed("PUT", "\(users)/57", .object([])).messages == ["user can't be blank"])
        #expect(await shop.browse("GET", page, cookie: cookie).status == 200)
        // Who is no owner any more does not change the plan, whatever the cookie says.
        let level = JSON.object([JSON.Member("access_level", .string("collaborator"))])
        let less = JSON.object([JSON.Member("user", level)])
        #expect(try await shop.signed("PUT", "\(users)/57", less).status == 200)
        #expect(await !shop.browse("GET", page, cookie: cookie).text.contains("<form"))
        await shop.stop()
    }

    @Test func `56: who is taken out at the marketplace is taken out here, and signed out`() async throws {
        let (shop, cookie) = try await visited()
        #expect(await shop.browse("GET", page, cookie: cookie).status == 200)
        #expect(try await shop.signed("DELETE", "\(users)/57").status == 200)
        #expect(try await shop.signed("GET", users).json == .array([]))
        #expect(await shop.browse("GET", page, cookie: cookie).status == 401)
        #expect(try await shop.signed("DELETE", "\(users)/57").status == 404)
        await shop.stop()
    }
}
