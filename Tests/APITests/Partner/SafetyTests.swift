import API
import Domain
import Effects
import Engine
import Integrations
import Testing

/// What must not work on the ways that marketplaces and their customers come in by (§8.3).
struct SafetyTests {
    private static let page = "/eyintegration/sso/customers/2"

    @Test func `a link that was followed is spent, whatever becomes of the process`() async throws {
        let disk = MemoryDisk()
        let shop = try await PartnerRig(disk: disk)
        let link = try await shop.link(try await shop.signUp())
        #expect(await shop.browse("GET", link).status == 200)
        // The power goes; nothing was shut down.
        let later = try await PartnerRig(disk: disk.copy(), hasCredentials: false)
        let again = await later.browse("GET", link)
        #expect(again.status == 401 && again.text.contains("followed already"))
        await later.stop()
        await shop.stop()
    }

    @Test func `a link in other clothes is the same link`() async throws {
        let shop = try await PartnerRig()
        let link = try await shop.link(try await shop.signUp())
        #expect(await shop.browse("GET", link).status == 200)
        let dressed = link.replacing("signature=AuthHMAC", with: "signature=xAuthHMAC")
        #expect(dressed != link)
        let again = await shop.browse("GET", dressed)
        #expect(again.status == 401 && again.text.contains("followed already"), "\(again)")
        await shop.stop()
    }

    @Test func `a page that is loaded again is shown to who is signed in, and the link signs in nobody else`()
        async throws
    {
        let shop = try await PartnerRig()
        let link = try await shop.link(try await shop.signUp())
        let cookie = PartnerRig.cookie(await shop.browse("GET", link))
        #expect(await shop.browse("GET", link, cookie: cookie).status == 200)
        #expect(await shop.browse("GET", link).status == 401)
        await shop.stop()
    }

    @Test func `guessed signatures run into 429, and the marketplace itself does not`() async throws {
        let shop = try await PartnerRig()
        let body = PartnerRig.accountBody()
        let stranger = AuthHMAC(id: "nobody", key: "x")
        var statuses: [Int] = []
        for _ in 0..<21 {
            statuses.append(try await shop.signed("POST", PartnerRig.customers, body, by: stranger).status)
        }
        #expect(statuses.prefix(20).allSatisfy { $0 == 401 } && statuses.last == 429)
        let told = try await shop.signed("POST", PartnerRig.customers, body, by: stranger)
        #expect(told["Retry-After"] != nil)
        // Made-up names share one bucket, so there is no table to fill.
        let other = AuthHMAC(id: "another", key: "x")
        #expect(try await shop.signed("POST", PartnerRig.customers, body, by: other).status == 429)
        #expect(try await shop.signed("POST", PartnerRig.customers, body).status == 200)
        shop.rig.time.pass(.seconds(3))
        #expect(try await shop.signed("POST", PartnerRig.customers, body, by: stranger).status == 401)
        await shop.stop()
    }

    @Test func `guessed links, logins and forms run into 429`() async throws {
        let shop = try await PartnerRig()
        let link = try await shop.link(try await shop.signUp())
        func link429() async -> Int { await shop.browse("GET", link + "0").status }
        func login429() async -> Int {
            await shop.rig.send("POST", "/heroku/resources", "{}", as: SiteRig.basic("a", "b")).status
        }
        func form429() async -> Int {
            await shop.browse("POST", "/heroku/sso", form: "id=1&timestamp=1&token=2").status
        }
        for guess in [link429, login429, form429] {
            var last = 0
            for _ in 0..<21 { last = await guess() }
            #expect(last == 429)
        }
        await shop.stop()
    }

    @Test func `a refused request changes nothing and repeats nothing of what it held`() async throws {
        let shop = try await PartnerRig()
        let before = try await shop.rig.engine.accounts()
        let stranger = AuthHMAC(id: "123edf", key: "guess")
        let answer = try await shop.signed(
            "POST",
            PartnerRig.customers,
            PartnerRig.accountBody(),
            by: stranger
        )
        #expect(!answer.text.contains("POST") && !answer.text.contains("customers"))
        #expect(try await shop.rig.engine.accounts() == before)
        await shop.stop()
    }

    @Test func `a link to one scheduler shows that one, and nothing else of the account`() async throws {
        let shop = try await PartnerRig()
        let customer = try await shop.signUp()
        let (login, path) = try await shop.provision(customer)
        _ = try await shop.provision(customer, 10)
        _ = await shop.rig.send(
            "POST",
            "/chronatogapi/1/jobs",
            #"{"callback_url":"/_sink/200","schedule":"@daily","name":"<tick>"}"#,
            as: login
        )
        let first = await shop.browse("GET", try await shop.link(path))
        #expect(first.status == 200 && first.text.contains("&lt;tick&gt;") && first.text.contains("myapp"))
        #expect(first.text.contains(#"<td id="job_count">1</td>"#), "\(first)")
        let cookie = PartnerRig.cookie(first)
        #expect(await shop.browse("GET", "\(Self.page)/schedulers/2", cookie: cookie).status == 200)
        #expect(await shop.browse("GET", "\(Self.page)/schedulers/3", cookie: cookie).status == 401)
        #expect(await shop.browse("GET", Self.page, cookie: cookie).status == 401)
        // The account's own session sees them all.
        let owner = PartnerRig.cookie(await shop.browse("GET", try await shop.link(customer)))
        #expect(await shop.browse("GET", "\(Self.page)/schedulers/3", cookie: owner).status == 200)
        #expect(await shop.browse("GET", "\(Self.page)/schedulers/9", cookie: owner).status == 404)
        #expect(try await shop.signed("DELETE", path).status == 200)
        #expect(await shop.browse("GET", "\(Self.page)/schedulers/2", cookie: owner).status == 404)
        await shop.stop()
    }
}
