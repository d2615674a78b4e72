import API
import Domain
import Integrations
import Synchronization
import Testing

/// The checker against our own server, and against one that is broken on purpose.
struct CheckTests {
    /// What can be wrong with a partner.
    enum Fault: String, CaseIterable, CustomTestStringConvertible {
        case takesUnsigned, takesWrongKey, takesUnknownID, takesOldDates, leaksCanonicalString
        case failsOnEmptyBody, forgetsLocation, opensTwice, numbersAsVariables, relativeServiceURL
        case takesTamperedLinks, takesOldLinks, takesLinksTwice, showsHTML, sharesSessions
        case keepsKeys, failsOnSecondCancel, failsOnSecondReturn, refusesLegacySignatures
        case makesNoJobs, keepsDeletedJobs
        var testDescription: String { rawValue }

        /// The behaviour that does not hold then.
        var number: String {
            switch self {
            case .takesUnsigned: "5"
            case .takesWrongKey: "6"
            case .takesUnknownID: "7"
            case .takesOldDates: "T2"
            case .leaksCanonicalString: "T1"
            case .failsOnEmptyBody: "30"
            case .forgetsLocation: "28"
            case .opensTwice: "60"
            case .numbersAsVariables: "33b"
            case .relativeServiceURL: "33c"
            case .takesTamperedLinks: "10"
            case .takesOldLinks: "T5"
            case .takesLinksTwice: "T4"
            case .showsHTML: "T3"
            case .sharesSessions: "T6"
            case .keepsKeys: "68"
            case .failsOnSecondCancel: "64c"
            case .failsOnSecondReturn: "68b"
            case .refusesLegacySignatures: "3"
            case .makesNoJobs: "69b"
            case .keepsDeletedJobs: "69g"
            }
        }
    }

    private func findings(_ fault: Fault? = nil) async throws -> [PartnerCheck.Finding] {
        let shop = try await PartnerRig()
        let start = try await shop.now()
        let broken = BrokenPartner(shop: shop, fault: fault)
        var check = PartnerCheck(
            accountsURL: "http://chronatog.test\(PartnerRig.customers)",
            auth: FakeMarketplace.auth,
            run: "r1",
            now: { (try? await shop.now()) ?? start },
            send: { await broken.send($0) }
        )
        await check.runAll()
        await shop.stop()
        return check.findings
    }

    @Test func `our own server owes nothing`() async throws {
        let findings = try await findings()
        #expect(findings.count > 30)
        #expect(findings.filter { $0.fault != nil } == [])
    }

    @Test(arguments: Fault.allCases)
    func `a seeded fault is found, by its number`(_ fault: Fault) async throws {
        let faults = try await findings(fault).filter { $0.fault != nil }
        #expect(faults.map(\.number).contains(fault.number), "\(faults)")
    }

    @Test func `our own server owes nothing as an add-on either`() async throws {
        let shop = try await PartnerRig()
        let start = try await shop.now()
        let credentials =
            #"{"marketplace":"heroku-v3","id":"chronatog","key":"super-secret","salt":"7CwqmJLEjv8YZTXK"}"#
        _ = await shop.rig.send("PUT", "/chronatogapi/1/partner/credentials", credentials)
        let site = BrokenPartner(shop: shop, fault: nil)
        var check = AddOnCheck(
            AddOnManifest(
                id: "chronatog",
                password: "super-secret",
                salt: "7CwqmJLEjv8YZTXK",
                baseURL: "http://chronatog.test/heroku/resources",
                ssoURL: "http://chronatog.test/heroku/sso"
            ),
            plans: ["freemium", "awesome"],
            run: "0123456789ab",
            now: { (try? await shop.now()) ?? start },
            send: { await site.send($0) }
        )
        await check.runAll()
        await shop.stop()
        #expect(check.findings.count == 35)
        #expect(check.findings.filter { $0.fault != nil } == [])
    }
}

/// Our own server with one thing changed on the way.
private final class BrokenPartner: Sendable {
    private let shop: PartnerRig
    private let fault: CheckTests.Fault?
    private let count = Mutex(0)

    init(shop: PartnerRig, fault: CheckTests.Fault?) {
        self.shop = shop
        self.fault = fault
    }

    func send(_ request: PartnerCheck.Request) async -> PartnerCheck.Reply? {
        let target = String(request.url.dropFirst("http://chronatog.test".count))
        let answer = await shop.rig.send(
            request.method,
            target,
            String(decoding: request.body, as: UTF8.self),
            as: "",
            headers: request.headers.map { (name: $0.name, value: $0.value) }
        )
        var reply = PartnerCheck.Reply(
            status: answer.status,
            keptHeader: answer[request.keepHeader],
            body: answer.body
        )
        change(&reply, request)
        return reply
    }

    private func change(_ reply: inout PartnerCheck.Reply, _ request: PartnerCheck.Request) {
        let text = String(decoding: reply.body, as: UTF8.self)
        let isPage = request.url.contains("/sso/")
        func say(_ text: String) { reply.body = Array(text.utf8) }
        func take(_ reason: String) { if text.contains(reason) { reply.status = 200 } }
        switch fault {
        case .takesUnsigned: take("no authorization header")
        case .takesWrongKey: take("signature mismatch")
        case .takesUnknownID: take("couldn't find auth")
        case .takesOldDates: take("Date header is more")
        case .leaksCanonicalString: if reply.status == 401 { say(text + "canonical_string: x\nPOST\n") }
        case .failsOnEmptyBody: if reply.status == 400 { reply.status = 500 }
        case .forgetsLocation: if !isPage { reply.keptHeader = nil }
        case .opensTwice:
            let number = count.withLock { count in
                count += 1
                return count
            }
            if request.url.hasSuffix("/customers") { reply.keptHeader? += "?\(number)" }
        case .numbersAsVariables:
            say(text.replacing("\"auth_username\":\"U", with: "\"auth_username\":1,\"x\":\"U"))
        case .relativeServiceURL:
            say(text.replacing("\"service_url\":\"http://chronatog.test", with: "\"service_url\":\""))
        case .takesTamperedLinks: take("Authentication failed for")
        case .takesOldLinks: take("old; go back and follow")
        case .takesLinksTwice: take("followed already")
        case .showsHTML: say(text.replacing("&lt;b&gt;", with: "<b>"))
        case .sharesSessions: if isPage, text.contains("Url has no query") { reply.status = 200 }
        case .keepsKeys: if request.url.hasSuffix("/jobs"), reply.status == 401 { reply.status = 200 }
        case .failsOnSecondCancel: if request.method == "DELETE", reply.status == 404 { reply.status = 500 }
        case .refusesLegacySignatures: if request.url.hasSuffix("/customers/0") { reply.status = 401 }
        case .makesNoJobs: if request.method == "POST", request.url.hasSuffix("/jobs") { reply.status = 500 }
        case .keepsDeletedJobs: if request.url.contains("/jobs/"), reply.status == 404 { reply.status = 200 }
        case .failsOnSecondReturn:
            if request.url.contains("/schedulers/"), reply.status == 404 { reply.status = 500 }
        case nil: break
        }
    }
}
