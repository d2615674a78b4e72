import API
import Domain
import Effects
import Integrations
import Streaming
import Testing

/// The job that bills every month, and the walk of the partner guide.
struct BillingTests {
    @Test func `the billing job is a job like others, made once`() async throws {
        let shop = try await PartnerRig()
        let again = await shop.rig.send(
            "PUT",
            "/chronatogapi/1/partner/credentials",
            #"{"id":"123edf","key":"abc456"}"#
        )
        let id = again.json["billing_job"]?.string ?? ""
        let jobs = await shop.rig.send("GET", "/chronatogapi/1/jobs")
        #expect(jobs.json.array?.count == 1)
        let job = await shop.rig.send("GET", "/chronatogapi/1/jobs/\(id)")
        #expect(job.json["callback_url"]?.string == "/-/billing")
        #expect(job.json["next_at"]?.string == "2026-02-01T00:00:00Z")
        // What was read can be sent back.
        let same = await shop.rig.send(
            "PATCH",
            "/chronatogapi/1/jobs/\(id)",
            #"{"callback_url":"/-/billing","schedule":"0 6 1 * *"}"#
        )
        #expect(same.status == 200)
        let stranger = await shop.rig.send(
            "POST",
            "/chronatogapi/1/jobs",
            #"{"callback_url":"/-/billing","schedule":"@daily"}"#
        )
        #expect(stranger.status == 422)
        await shop.stop()
    }

    @Test func `a plan changed back and forth is paid by the second, and free time costs nothing`() {
        let day = Span.days(1)
        let start = Timestamp(seconds: 1_767_225_600)
        var charges = Charges(plan: .freemium, opened: start)
        charges.change(to: .awesome, at: start + day, calls: 100)
        #expect(charges.dueCents(at: start + day, calls: 100) == 0)
        #expect(charges.dueCents(at: start + day + .seconds(43_199), calls: 100) == 0)
        #expect(charges.dueCents(at: start + day + .seconds(43_200), calls: 100) == 1)
        #expect(charges.dueCents(at: start + .days(31), calls: 105) == 60 + 25)
        charges.change(to: .freemium, at: start + .days(31), calls: 105)
        #expect(charges.dueCents(at: start + .days(60), calls: 999) == 85)
    }

    @Test func `sub-cent remainders of frequent bills add up`() {
        let start = Timestamp(seconds: 1_767_225_600)
        var charges = Charges(plan: .awesome, opened: start)
        var sum: Int64 = 0
        for hour in 1...24 {
            let now = start + .hours(Int64(hour))
            let due = charges.dueCents(at: now, calls: 0)
            guard due > 0 else { continue }
            sum += due
            charges.settle(
                InvoiceSealed(account: 2, from: start, to: now, cents: due, calls: 0, text: "", uniqueID: "")
            )
        }
        #expect(sum == 2)
    }

    /// Register → sign up → sign in → provision → use the keys → eleven jobs → upgrade → a month passes → the
    /// billing job by itself → one invoice → cancel → final bill; with a marketplace that takes the invoice
    /// and loses the answer, and with a crash before it is asked again.
    @Test func `the whole walk, from registration to the final bill`() async throws {
        let disk = MemoryDisk()
        let marketplace = FakeMarketplace()
        let shop = try await PartnerRig(disk: disk, marketplace: marketplace)
        let registration = #"{"registration_url":"\#(FakeMarketplace.base)/api/1/partners/1/services"}"#
        #expect(await shop.rig.send("POST", "/chronatogapi/1/partner/service", registration).status == 200)
        let customer = try await shop.signUp()
        let (login, _) = try await shop.provision(customer)
        for _ in 0..<11 { #expect(await shop.addJob(login).status == 201) }
        try await shop.advance("10s")
        #expect(marketplace.subjects(to: "/provisioned_service/9/messages") == ["11 jobs scheduled"])
        #expect(marketplace.posts(to: "/service_accounts/85/messages").count == 1)
        let link = try await shop.link(customer)
        let page = await shop.browse("GET", link)
        let form = "plan_type=awesome&token=\(PartnerRig.token(page))"
        let change = "/eyintegration/sso/customers/2/change_plan"
        let cookie = PartnerRig.cookie(page)
        #expect(await shop.browse("POST", change, cookie: cookie, form: form).status == 303)

        try await shop.advance("15d")
        marketplace.fail("/invoices", afterTaking: true)
        try await shop.advance("\(16 * 86_400 + 600)s")
        let sealed = await shop.rig.send("GET", "/chronatogapi/1/invoices")
        let cents = sealed.json.array?.first?["total_amount_cents"]?.number
        #expect(sealed.json.array?.first?["state"]?.string == "waiting")
        let moment = try await shop.now()

        // The power goes: nothing is shut down, and what counts is what the disk holds.
        let survived = disk.copy()
        marketplace.fail(nil)
        let again = try await PartnerRig(disk: survived, marketplace: marketplace, hasCredentials: false)
        _ = await again.rig.send("POST", "/chronatogapi/1/clock", #"{"set":"\#(moment.rfc3339Text ?? "")"}"#)
        try await again.advance("2h")
        let delivered = await again.rig.send("GET", "/chronatogapi/1/invoices")
        #expect(delivered.json.array?.map { $0["state"]?.string } == ["delivered"])
        let invoices = marketplace.posts(to: "/invoices")
        #expect(invoices.count == 1 && marketplace.failures > 0)
        // 31 days less ten seconds at 2 cents, and 31 days of eleven daily jobs at 5 cents.
        #expect(cents == Int64(61 + 31 * 11 * 5))
        #expect(invoices.first?.body["invoice"]?["total_amount_cents"]?.number == cents)
        #expect(await again.browse("GET", link).status == 401)
        #expect(await again.addJob(login).status == 201)
        try await cancel(again, customer, login)
        await shop.stop()
    }

    /// In the middle of the next month: the final bill, and nothing is billed twice.
    private func cancel(_ shop: PartnerRig, _ customer: String, _ login: String) async throws {
        try await shop.advance("10d")
        #expect(try await shop.signed("DELETE", customer).status == 200)
        let invoices = shop.marketplace.posts(to: "/invoices")
        #expect(Set(invoices.compactMap { $0.body["invoice"]?["unique_id"]?.string }).count == 2)
        #expect(await shop.addJob(login).status == 401)
        try await shop.advance("40d")
        #expect(shop.marketplace.posts(to: "/invoices").count == 2)
        await shop.stop()
    }
}
