import API
import Domain
import Effects
import Integrations
import Testing

/// A customer of a marketplace, from signing up to the final bill.
struct PartnerJourneyTests {
    @Test func `57 to 59: credentials are kept, and registering stores the service's URL`() async throws {
        let shop = try await PartnerRig(hasCredentials: false)
        let url = "\(FakeMarketplace.base)/api/1/partners/1/services"
        let body = #"{"registration_url":"\#(url)"}"#
        let early = await shop.rig.send("POST", "/chronatogapi/1/partner/service", body)
        #expect(early.status == 409)
        let set = await shop.rig.send(
            "PUT",
            "/chronatogapi/1/partner/credentials",
            #"{"id":"123edf","key":"abc456"}"#
        )
        #expect(set.json["marketplaces"]?.array?.first?["id"]?.string == "123edf")
        #expect(!set.text.contains("abc456"))
        let registered = await shop.rig.send("POST", "/chronatogapi/1/partner/service", body)
        #expect(
            registered.json["marketplaces"]?.array?.first?["service_url"]?.string
                == "\(FakeMarketplace.base)/api/1/partners/1/services/7"
        )
        let sent = try #require(shop.marketplace.posts.first?.body["service"])
        #expect(
            sent["service_accounts_url"]?.string == "http://chronatog.test/eyintegration/api/1/customers"
        )
        #expect(sent["label"]?.string == "chronatog")
        #expect(await shop.rig.send("POST", "/chronatogapi/1/partner/service", body).status == 409)
        #expect(await shop.rig.send("PUT", "/chronatogapi/1/partner/service").status == 200)
        let gone = await shop.rig.send("DELETE", "/chronatogapi/1/partner/service")
        #expect(gone.json["marketplaces"]?.array?.first?["service_url"] == .null)
        #expect(shop.marketplace.posts.map(\.method) == ["POST", "PUT", "DELETE"])
        await shop.stop()
    }

    @Test func `what is not signed as it must be changes nothing`() async throws {
        let shop = try await PartnerRig()
        let body = PartnerRig.accountBody()
        let stranger = AuthHMAC(id: "123edf", key: "guess")
        #expect(try await shop.signed("POST", PartnerRig.customers, body, by: stranger).status == 401)
        let unknown = AuthHMAC(id: "nobody", key: "abc456")
        let refused = try await shop.signed("POST", PartnerRig.customers, body, by: unknown)
        #expect(refused.status == 401 && refused.text.contains("couldn't find auth for nobody"))
        #expect(await shop.rig.send("POST", PartnerRig.customers, body.text, as: "").status == 401)
        let old = try await shop.signed("POST", PartnerRig.customers, body) {
            $0.date = "Thu, 10 Jul 2008 03:29:56 GMT"
        }
        #expect(old.status == 401 && !old.text.contains("\nPOST"))
        let empty = try await shop.signed("POST", PartnerRig.customers, .object([]))
        #expect(empty.status == 400 && empty.messages.contains("name can't be blank"))
        #expect(try await shop.signed("DELETE", "\(PartnerRig.customers)/9").status == 404)
        #expect(await shop.rig.send("GET", "/chronatogapi/1/accounts").json == .array([]))
        await shop.stop()
    }

    @Test func `60: a customer signs up once, however often the platform says so`() async throws {
        let shop = try await PartnerRig()
        let first = try await shop.signed("POST", PartnerRig.customers, PartnerRig.accountBody())
        let again = try await shop.signed("POST", PartnerRig.customers, PartnerRig.accountBody())
        #expect(first["Location"] == "http://chronatog.test/eyintegration/api/1/customers/2")
        #expect(again.text == first.text)
        #expect(first.json["message"]?["subject"]?.string == "Thanks for signing up for Chronatog!")
        #expect(first.json["service_account"]?["users_url"] == .null)
        #expect(await shop.rig.send("GET", "/chronatogapi/1/accounts").json.array?.count == 1)
        await shop.stop()
    }

    @Test func `67 and 68: credentials work, are replaced at once, and are gone when given back`()
        async throws
    {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        let (login, path) = try await shop.provision(customer)
        let (again, _) = try await shop.provision(customer)
        #expect(again == login)
        #expect(await shop.addJob(login).status == 201)
        let number = path.split(separator: "/").last ?? ""
        let fresh = await shop.rig.send("POST", "/chronatogapi/1/schedulers/\(number)/rotate")
        let newLogin = SiteRig.basic(
            fresh.json["username"]?.string ?? "",
            fresh.json["password"]?.string ?? ""
        )
        #expect(await shop.addJob(login).status == 401)
        #expect(await shop.addJob(newLogin).status == 201)
        let put = try #require(shop.marketplace.posts(to: "/provisioned_service/9").first)
        #expect(put.method == "PUT")
        #expect(
            put.body["provisioned_service"]?["vars"]?["auth_password"] == fresh.json["password"]
        )
        #expect(await shop.rig.send("DELETE", "/chronatogapi/1/schedulers/\(number)").status == 409)
        #expect(try await shop.signed("DELETE", path).status == 200)
        #expect(await shop.addJob(newLogin).status == 401)
        #expect(try await shop.signed("DELETE", path).status == 404)
        let account = await shop.rig.send("GET", "/chronatogapi/1/accounts/2")
        #expect(account.json["schedulers"]?.array?.first?["decommissioned_at"] != .null)
        #expect(account.json["jobs"]?.number == 0)
        await shop.stop()
    }

    @Test func `the marketplace hears how many jobs there are, once for a handful`() async throws {
        let shop = try await PartnerRig()
        let (login, _) = try await shop.provision(try await shop.signUp())
        for _ in 0..<3 { _ = await shop.addJob(login) }
        try await shop.advance("10s")
        let messages = "/provisioned_service/9/messages"
        #expect(shop.marketplace.subjects(to: messages) == ["3 jobs scheduled"])
        let jobs = await shop.rig.send("GET", "/chronatogapi/1/jobs", as: login)
        let id = jobs.json.array?.first?["id"]?.string ?? ""
        _ = await shop.rig.send("DELETE", "/chronatogapi/1/jobs/\(id)", as: login)
        try await shop.advance("10s")
        #expect(shop.marketplace.subjects(to: messages) == ["3 jobs scheduled", "2 jobs scheduled"])
        await shop.stop()
    }

    @Test func `the eleventh job on the free plan prompts an upgrade, once`() async throws {
        let shop = try await PartnerRig()
        let (login, _) = try await shop.provision(try await shop.signUp())
        for _ in 0..<12 { #expect(await shop.addJob(login).status == 201) }
        try await shop.advance("10s")
        let told = shop.marketplace.posts(to: "/service_accounts/85/messages")
        #expect(told.count == 1)
        #expect(told.first?.body["message"]?["message_type"]?.string == "notification")
        await shop.stop()
        let strict = try await PartnerRig(isPlanLimitHard: true)
        let (other, _) = try await strict.provision(try await strict.signUp())
        for _ in 0..<10 { #expect(await strict.addJob(other).status == 201) }
        let refused = await strict.addJob(other)
        #expect(refused.status == 422 && refused.messages.first?.contains("Freemium holds 10 jobs") ?? false)
        await strict.stop()
    }

    @Test func `65 and 66: one day and five calls cost 27 cents, and the final bill goes before the answer`()
        async throws
    {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        let (login, _) = try await shop.provision(customer)
        try await upgrade(shop, customer)
        let job = await shop.addJob(login).json["id"]?.string ?? ""
        for _ in 0..<4 {
            _ = await shop.rig.send("POST", "/chronatogapi/1/jobs/\(job)/run", as: login)
            try await shop.advance("1s")
        }
        // The daily job itself is the fifth.
        try await shop.advance("86396s")
        let bills = await shop.rig.send("GET", "/chronatogapi/1/bills")
        #expect(bills.json.array?.first?["total_amount_cents"]?.number == 27, "\(bills)")
        #expect(try await shop.signed("DELETE", customer).status == 200)
        let invoice = try #require(shop.marketplace.posts(to: "/invoices").first?.body["invoice"])
        #expect(invoice["total_amount_cents"]?.number == 27)
        #expect(
            invoice["line_item_description"]?.string
                == "For service from 2026/01/01 to 2026/01/02 includes 1 schedulers and 5 jobs run."
        )
        #expect(await shop.addJob(login).status == 401)
        #expect(try await shop.signed("DELETE", customer).status == 404)
        let closed = await shop.rig.send("GET", "/chronatogapi/1/accounts?state=closed")
        #expect(closed.json.array?.first?["invoiced_cents"]?.number == 27)
        await shop.stop()
    }

    @Test func `a failing invoice endpoint neither keeps the customer nor loses the money`() async throws {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        try await upgrade(shop, customer)
        try await shop.advance("24h")
        shop.marketplace.fail("/invoices")
        #expect(try await shop.signed("DELETE", customer).status == 200)
        #expect(shop.marketplace.failures == 1)
        let waiting = await shop.rig.send("GET", "/chronatogapi/1/invoices")
        #expect(waiting.json.array?.first?["state"]?.string == "waiting")
        shop.marketplace.fail(nil)
        try await shop.advance("1m")
        #expect(shop.marketplace.posts(to: "/invoices").count == 1)
        let sent = await shop.rig.send("GET", "/chronatogapi/1/invoices")
        #expect(sent.json.array?.first?["state"]?.string == "delivered")
        await shop.stop()
    }

    private func upgrade(_ shop: PartnerRig, _ customer: String) async throws {
        let page = await shop.browse("GET", try await shop.link(customer))
        let number = customer.split(separator: "/").last ?? ""
        let answer = await shop.browse(
            "POST",
            "/eyintegration/sso/customers/\(number)/change_plan",
            cookie: PartnerRig.cookie(page),
            form: "plan_type=awesome&token=\(PartnerRig.token(page))"
        )
        guard answer.status == 303 else { throw Unexpected(answer) }
    }
}
