import API
import Domain
import Effects
import Integrations
import Testing

/// The page that a customer comes to from the dashboard (§3.11, behaviours 61 to 63, and the traps of §8.3).
struct SignInTests {
    private static let page = "/eyintegration/sso/customers/2"

    @Test func `61 and 62: a link signs in, a cookie keeps it, and each plan can be chosen`() async throws {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        let first = await shop.browse("GET", try await shop.link(customer))
        #expect(first.status == 200)
        #expect(first.text.contains(#"<td id="current_plan">Freemium</td>"#))
        #expect(first["Set-Cookie"]?.contains("HttpOnly; SameSite=Lax") ?? false)
        let cookie = PartnerRig.cookie(first)
        for (plan, label) in [("awesome", "OMG IT&#39;S SO AWESOME"), ("freemium", "Freemium")] {
            let changed = await shop.browse(
                "POST",
                "\(Self.page)/change_plan",
                cookie: cookie,
                form: "plan_type=\(plan)&token=\(PartnerRig.token(first))"
            )
            #expect(changed.status == 303)
            #expect(changed["Location"] == "http://chronatog.test\(Self.page)")
            let later = await shop.browse("GET", Self.page, cookie: cookie)
            #expect(later.text.contains(#"<td id="current_plan">\#(label)</td>"#), "\(later.text)")
        }
        #expect(await shop.browse("GET", Self.page).status == 401)
        await shop.stop()
    }

    @Test func `63: going back leads to the dashboard, and the old link is spent`() async throws {
        let shop = try await PartnerRig()
        let link = try await shop.link(try await shop.signUp())
        let cookie = PartnerRig.cookie(await shop.browse("GET", link))
        let back = await shop.browse("GET", "/eyintegration/sso/customers/logout", cookie: cookie)
        #expect(back.status == 303 && back["Location"] == "https://cloud.engineyard.test/dashboard")
        #expect(back["Set-Cookie"]?.contains("Max-Age=0") ?? false)
        let again = await shop.browse("GET", link)
        #expect(again.status == 401 && again.text.contains("followed already"))
        await shop.stop()
    }

    @Test func `a session is good for its own account alone`() async throws {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        let other = try await shop.signed("POST", PartnerRig.customers, PartnerRig.accountBody(86))
        #expect(other["Location"]?.hasSuffix("/3") ?? false)
        let first = await shop.browse("GET", try await shop.link(customer))
        let cookie = PartnerRig.cookie(first)
        #expect(await shop.browse("GET", "/eyintegration/sso/customers/3", cookie: cookie).status == 401)
        let form = "plan_type=awesome&token=\(PartnerRig.token(first))"
        let target = "/eyintegration/sso/customers/3/change_plan"
        #expect(await shop.browse("POST", target, cookie: cookie, form: form).status == 401)
        let account = await shop.rig.send("GET", "/chronatogapi/1/accounts/3")
        #expect(account.json["plan"]?.string == "freemium")
        await shop.stop()
    }

    @Test func `a form of another page, an unknown plan and a collaborator change nothing`() async throws {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        let first = await shop.browse("GET", try await shop.link(customer))
        let cookie = PartnerRig.cookie(first)
        func change(_ form: String, _ cookie: String) async -> Int {
            await shop.browse("POST", "\(Self.page)/change_plan", cookie: cookie, form: form).status
        }
        #expect(await change("plan_type=awesome", cookie) == 403)
        #expect(await change("plan_type=awesome&token=0", cookie) == 403)
        #expect(await change("plan_type=platinum&token=\(PartnerRig.token(first))", cookie) == 400)
        #expect(await change("plan_type=awesome&token=\(PartnerRig.token(first))", "") == 401)
        let forged = cookie.replacing(".", with: "0.")
        #expect(await change("plan_type=awesome&token=\(PartnerRig.token(first))", forged) == 401)
        try await shop.advance("1s")
        let guest = await shop.browse("GET", try await shop.link(customer, level: "collaborator"))
        #expect(guest.status == 200 && !guest.text.contains("<form"))
        let account = await shop.rig.send("GET", "/chronatogapi/1/accounts/2")
        #expect(account.json["plan"]?.string == "freemium")
        await shop.stop()
    }

    @Test func `old links, altered links and foreign hosts get nowhere, and names are not HTML`() async throws
    {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        let old = await shop.browse("GET", try await shop.link(customer, age: .minutes(6)))
        #expect(old.status == 401)
        let link = try await shop.link(customer)
        #expect(await shop.browse("GET", link + "&x=1").status == 401)
        #expect(
            await shop.browse("GET", link.replacing("access_level=owner", with: "access_level=x")).status
                == 401
        )
        let away = try await shop.link(customer, returnTo: "https://evil.test/")
        let page = await shop.browse("GET", away)
        #expect(page.status == 200)
        #expect(page.text.contains("Person &lt;b&gt;Name") && !page.text.contains("<b>"))
        let out = await shop.browse(
            "GET",
            "/eyintegration/sso/customers/logout",
            cookie: PartnerRig.cookie(page)
        )
        #expect(out.status == 200 && out["Location"] == nil && !out.text.contains("evil.test"))
        await shop.stop()
    }

    @Test func `a session outlives a restart, and ends after an hour`() async throws {
        let disk = MemoryDisk()
        let shop = try await PartnerRig(disk: disk)
        let cookie = PartnerRig.cookie(await shop.browse("GET", try await shop.link(try await shop.signUp())))
        await shop.stop()
        let later = try await PartnerRig(disk: disk, hasCredentials: false)
        #expect(await later.browse("GET", Self.page, cookie: cookie).status == 200)
        try await later.advance("61m")
        #expect(await later.browse("GET", Self.page, cookie: cookie).status == 401)
        await later.stop()
    }
}
