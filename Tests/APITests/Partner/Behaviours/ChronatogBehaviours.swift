import API
import ChronatogClient
import Domain
import FoundationEssentials
import Integrations
import Testing

/// Behaviours 57 to 70: our own service, as the original's acceptance tests walked it. 60 is in
/// `PartnerJourneyTests` and 63 in `SignInTests`.
struct ChronatogBehaviours {
    private let page = "/eyintegration/sso/customers/2"
    private let services = "\(FakeMarketplace.base)/api/1/partners/1/services"

    @Test func `57: credentials are saved and read back, the key masked`() async throws {
        let shop = try await PartnerRig(hasCredentials: false)
        let body = #"{"id":"ff4d04dbea52c605","key":"e301bcb6"}"#
        _ = await shop.rig.send("PUT", "/chronatogapi/1/partner/credentials", body)
        let known = await shop.rig.send("GET", "/chronatogapi/1/partner")
        let own = known.json["marketplaces"]?.array?.first
        #expect(own?["id"]?.string == "ff4d04dbea52c605" && own?["key"]?.string == "***")
        #expect(!known.text.contains("e301bcb6"))
        await shop.stop()
    }

    @Test func `58: the marketplace is asked for our services, and one that is away is told as such`()
        async throws
    {
        let shop = try await PartnerRig()
        let path = "/chronatogapi/1/partner/services"
        shop.marketplace.script("/services", status: 200, "[]")
        #expect(await shop.rig.send("GET", "\(path)?registration_url=\(services)").json == .array([]))
        #expect(await shop.rig.send("GET", path).status == 409)
        await shop.stop()

        let lonely = try await SiteRig(transport: DeadTransport())
        let body = #"{"id":"123edf","key":"abc456"}"#
        _ = await lonely.send("PUT", "/chronatogapi/1/partner/credentials", body)
        let away = await lonely.send("GET", "\(path)?registration_url=\(services)")
        #expect(away.status == 409 && away.text.contains("cannot be reached"), "\(away)")
        await lonely.stop()
    }

    @Test func `59: registering stores the service's URL, and the list is found from then on`() async throws {
        let shop = try await PartnerRig()
        let body = #"{"registration_url":"\#(services)"}"#
        let made = await shop.rig.send("POST", "/chronatogapi/1/partner/service", body)
        let own = made.json["marketplaces"]?.array?.first
        #expect(own?["service_url"]?.string == "\(services)/7")
        #expect(own?["registration_url"]?.string == services)
        let list = await shop.rig.send("GET", "/chronatogapi/1/partner/services")
        #expect(list.json.array?.first?["name"]?.string == "Chronatog")
        #expect(list.json.array?.first?["url"]?.string == "\(FakeMarketplace.base)/7")
        await shop.stop()
    }

    @Test func `61: a link signs in, and a later visit in the same session needs none`() async throws {
        let shop = try await PartnerRig()
        let first = await shop.browse("GET", try await shop.link(try await shop.signUp()))
        #expect(first.status == 200)
        #expect(await shop.browse("GET", page, cookie: PartnerRig.cookie(first)).status == 200)
        #expect(await shop.browse("GET", page).status == 401)
        await shop.stop()
    }

    @Test func `62: the page shows Freemium, and each plan that is chosen`() async throws {
        let shop = try await PartnerRig()
        let first = await shop.browse("GET", try await shop.link(try await shop.signUp()))
        #expect(first.text.contains(#"<td id="current_plan">Freemium</td>"#))
        let cookie = PartnerRig.cookie(first)
        for (plan, label) in [("awesome", "OMG IT&#39;S SO AWESOME"), ("freemium", "Freemium")] {
            let form = "plan_type=\(plan)&token=\(PartnerRig.token(first))"
            #expect(
                await shop.browse("POST", "\(page)/change_plan", cookie: cookie, form: form).status == 303
            )
            let later = await shop.browse("GET", page, cookie: cookie)
            #expect(later.text.contains(#"<td id="current_plan">\#(label)</td>"#))
        }
        await shop.stop()
    }

    @Test func `64: a customer who cancels is none any more`() async throws {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        let answer = try await shop.signed("DELETE", customer)
        #expect(answer.status == 200 && answer.json == .object([]))
        #expect(await shop.rig.send("GET", "/chronatogapi/1/accounts?state=open").json == .array([]))
        await shop.stop()
    }

    /// A customer who owes for a day and five calls.
    private func fiveCalls() async throws -> (PartnerRig, customer: String, login: String) {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        let (login, _) = try await shop.provision(customer)
        #expect(try await shop.choosePlan("awesome").status == 303)
        let job = await shop.addJob(login).json["id"]?.string ?? ""
        for _ in 0..<4 {
            _ = await shop.rig.send("POST", "/chronatogapi/1/jobs/\(job)/run", as: login)
            try await shop.advance("1s")
        }
        // The daily job itself is the fifth.
        try await shop.advance("86396s")
        return (shop, customer, login)
    }

    private let text = "For service from 2026/01/01 to 2026/01/02 includes 1 schedulers and 5 jobs run."

    @Test func `65: a day and five calls are an invoice of 27 cents`() async throws {
        let (shop, _, _) = try await fiveCalls()
        let partner = await shop.rig.send("GET", "/chronatogapi/1/partner")
        let job = partner.json["billing_job"]?.string ?? ""
        #expect(await shop.rig.send("POST", "/chronatogapi/1/jobs/\(job)/run").status == 202)
        try await shop.advance("1s")
        let invoice = try #require(shop.marketplace.posts(to: "/invoices").first?.body["invoice"])
        #expect(invoice["total_amount_cents"]?.number == 27)
        #expect(invoice["line_item_description"]?.string == text)
        await shop.stop()
    }

    @Test func `66: cancelling posts the final bill to that customer's URL, and then they are gone`()
        async throws
    {
        let (shop, customer, login) = try await fiveCalls()
        #expect(try await shop.signed("DELETE", customer).status == 200)
        let post = try #require(shop.marketplace.posts(to: "/service_accounts/85/invoices").first)
        #expect(post.body["invoice"]?["total_amount_cents"]?.number == 27)
        #expect(post.body["invoice"]?["line_item_description"]?.string == text)
        #expect(await shop.addJob(login).status == 401)
        #expect(try await shop.signed("DELETE", customer).status == 404)
        await shop.stop()
    }

    @Test func `67: provisioning makes one scheduler; new credentials are put to the platform`() async throws
    {
        let shop = try await PartnerRig()
        let (login, path) = try await shop.provision(try await shop.signUp())
        let account = await shop.rig.send("GET", "/chronatogapi/1/accounts/2").json
        #expect(account["schedulers"]?.array?.count == 1)
        #expect(account["schedulers"]?.array?.first?["decommissioned_at"] == .null)
        let number = path.split(separator: "/").last ?? ""
        let fresh = await shop.rig.send("POST", "/chronatogapi/1/schedulers/\(number)/rotate").json
        let put = try #require(shop.marketplace.posts(to: "/provisioned_service/9").first)
        let variables = put.body["provisioned_service"]?["vars"]
        #expect(put.method == "PUT" && variables?["auth_password"] == fresh["password"])
        #expect(await shop.addJob(login).status == 401)
        await shop.stop()
    }

    @Test func `68: giving a scheduler back stamps it, and its credentials refuse`() async throws {
        let shop = try await PartnerRig()
        let (login, path) = try await shop.provision(try await shop.signUp())
        #expect(try await shop.signed("DELETE", path).json == .object([]))
        let account = await shop.rig.send("GET", "/chronatogapi/1/accounts/2").json
        #expect(account["schedulers"]?.array?.first?["decommissioned_at"]?.string == SiteRig.start)
        #expect(await shop.addJob(login).status == 401)
        await shop.stop()
    }

    @Test func `69: a job is created, listed, read and deleted with the three keys of old`() async throws {
        let shop = try await PartnerRig()
        let (login, _) = try await shop.provision(try await shop.signUp())
        let jobs = "/chronatogapi/1/jobs"
        let body = #"{"callback_url":"https://example.com/tick","schedule":"*/2 * * * *"}"#
        let made = await shop.rig.send("POST", jobs, body, as: login)
        #expect(made.status == 201 && made.json["callback_url"]?.string == "https://example.com/tick")
        #expect(made.json["schedule"]?.string == "*/2 * * * *")
        let url = made.json["url"]?.string ?? ""
        let path = String(url.dropFirst("http://chronatog.test".count))
        #expect(await shop.rig.send("GET", jobs, as: login).json.array?.map { $0.word("url") } == [url])
        #expect(await shop.rig.send("GET", path, as: login).json["url"]?.string == url)
        let gone = await shop.rig.send("DELETE", path, as: login)
        #expect(gone.status == 200 && gone.text.isEmpty)
        #expect(await shop.rig.send("GET", path, as: login).status == 404)
        await shop.stop()
    }

    @Test func `70: the local file makes the client a fake of its own, and the deployed file wins over it`()
        async throws
    {
        let folder = "/tmp/chronatog-behaviour-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/config", withIntermediateDirectories: true)
        func write(_ name: String, _ text: String) throws {
            let file = "\(folder)/config/ey_services_config_\(name).yml"
            try Data(text.utf8).write(to: URL(filePath: file))
        }
        try write("local", "chronatog:\n  service_url: in-memory\n")
        let client = try ChronatogClient.fromConfiguration(environment: [:], folder: folder)
        let job = try await client.createJob("https://example.com/tick", "*/2 * * * *")
        #expect(try await client.listJobs().map(\.url) == [job.url])
        #expect(try await client.getJob(job.url).callbackURL == "https://example.com/tick")
        try await client.destroyJob(job.url)
        #expect(try await client.listJobs().isEmpty)
        let deployed = "service_url: https://c.test/jobs\n  auth_username: U1\n  auth_password: P1"
        try write("deploy", "chronatog:\n  \(deployed)\n")
        let real = try ChronatogClient.fromConfiguration(environment: [:], folder: folder)
        #expect(real.serviceURL == "https://c.test/jobs")
    }
}
