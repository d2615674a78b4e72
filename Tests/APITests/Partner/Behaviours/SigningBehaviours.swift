import Domain
import Integrations
import Testing

/// Behaviours 1 to 8 of `reference/chronatog-and-partner-api.md` §5.2; 1 to 3 are `AuthHMACTests`, with the
/// vectors.
struct SigningBehaviours {
    private let body = PartnerRig.accountBody()

    @Test func `4: a request without a date is refused, and the reason names it`() async throws {
        let shop = try await PartnerRig()
        let answer = try await shop.signed("POST", PartnerRig.customers, body) { $0.date = "" }
        #expect(answer.status == 401 && answer.text.contains("Date"), "\(answer)")
        await shop.stop()
    }

    @Test func `5: a request without a signature is 401`() async throws {
        let shop = try await PartnerRig()
        let answer = await shop.rig.send("POST", PartnerRig.customers, body.text, as: "")
        #expect(answer.status == 401)
        #expect(answer.text == "Authentication failure: no authorization header\n")
        await shop.stop()
    }

    @Test func `6: a wrong key is 401, and nothing tells what would have been right`() async throws {
        let shop = try await PartnerRig()
        let wrong = AuthHMAC(id: "123edf", key: "abc457")
        let answer = try await shop.signed("POST", PartnerRig.customers, body, by: wrong)
        #expect(answer.status == 401 && answer.text == "Authentication failure: signature mismatch\n")
        #expect(await shop.rig.send("GET", "/chronatogapi/1/accounts").json == .array([]))
        await shop.stop()
    }

    @Test func `7: an unknown id is 401`() async throws {
        let shop = try await PartnerRig()
        let unknown = AuthHMAC(id: "789eef", key: "abc456")
        let answer = try await shop.signed("POST", PartnerRig.customers, body, by: unknown)
        #expect(answer.status == 401 && answer.text.contains("couldn't find auth for 789eef"))
        await shop.stop()
    }

    @Test func `8: a marketplace that refuses our signature is heard, and not given up`() async throws {
        let shop = try await PartnerRig()
        shop.marketplace.script("/services", status: 401, "Authentication failure")
        let url = "\(FakeMarketplace.base)/api/1/partners/1/services"
        let list = await shop.rig.send("GET", "/chronatogapi/1/partner/services?registration_url=\(url)")
        #expect(list.status == 409 && list.text.contains("refused our signature (401)"), "\(list)")
        let body = #"{"registration_url":"\#(url)"}"#
        let registered = await shop.rig.send("POST", "/chronatogapi/1/partner/service", body)
        #expect(registered.status == 409 && registered.text.contains("tried again by itself"))
        let posts = await shop.rig.send("GET", "/chronatogapi/1/posts?state=waiting").json
        #expect(posts.array?.first?["reason"]?.string?.contains("401") ?? false)
        await shop.stop()
    }
}

/// Behaviours 10 to 13; 9 is with the vectors in `AuthHMACTests`.
struct LinkBehaviours {
    private let auth = AuthHMAC(id: "3243afed3242", key: "987a87c98f78d9a8c798f7d89")

    private func link() throws -> String {
        let all = [SignedLink.Parameter("foo", "bar"), .init("xargs", "5"), .init("zarg", "boot")]
        return try SignedLink.sign("http://example.com/sign_test", adding: all, by: auth)
    }

    private func fault(_ url: String, known: [AuthHMAC]? = nil) -> SignedLinkFault? {
        do {
            _ = try SignedLink.verify(url, known: known ?? [auth])
            return nil
        } catch {
            return error
        }
    }

    @Test func `10: a changed path, a changed parameter and an appended character are refused`() throws {
        let link = try link()
        #expect(fault(link) == nil)
        let wrong = SignedLinkFault.wrongSignature(auth.id)
        #expect(fault(link.replacing("sign_test", with: "other")) == wrong)
        #expect(fault(link.replacing("foo=bar", with: "foo=baz")) == wrong)
        #expect(fault(link + "a") == wrong)
    }

    @Test func `11: no query, no signature and junk for one are refused, each with its reason`() {
        let page = "http://example.com/sign_test"
        #expect(fault(page)?.sentence == "Url has no query")
        #expect(fault("\(page)?foo=bar")?.sentence == "Incorrect signature")
        #expect(fault("\(page)?foo=bar&signature=junk")?.sentence == "Incorrect signature")
        let sentence = fault("\(page)?foo=bar&signature=AuthHMAC+3243afed3242%3Ajunk")?.sentence
        #expect(sentence == "Authentication failed for 3243afed3242")
    }

    @Test func `12: a parameter that is there already is not signed`() {
        #expect(throws: SignedLinkFault.doubled("foo")) {
            try SignedLink.sign("http://example.com/?foo=1", adding: [.init("foo", "2")], by: auth)
        }
        #expect(throws: SignedLinkFault.doubled("signature")) {
            try SignedLink.sign("http://example.com/?signature=1", adding: [], by: auth)
        }
    }

    @Test func `13: the id that signed comes back, and an unknown one is named`() throws {
        let other = AuthHMAC(id: "id1", key: "k")
        #expect(try SignedLink.verify(try link(), known: [other, auth]).id == auth.id)
        let sentence = fault(try link(), known: [other])?.sentence
        #expect(sentence == "Authentication failed (lookup didn't find 3243afed3242)")
    }
}
