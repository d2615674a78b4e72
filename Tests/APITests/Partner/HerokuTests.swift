import API
import Domain
import Integrations
import Testing

/// Add-ons, as Heroku provisions them (§7.1).
struct HerokuTests {
    private static let login = SiteRig.basic("chronatog", "super-secret")
    private static let uuid = "01234567-89ab-cdef-0123-456789abcdef"
    private static let body =
        #"{"uuid":"\#(uuid)","plan":"freemium","region":"amazon-web-services::us-east-1"}"#
    private let resource = "/heroku/resources/\(HerokuTests.uuid)"

    private func rig() async throws -> SiteRig {
        let rig = try await SiteRig()
        let set = await rig.send(
            "PUT",
            "/chronatogapi/1/partner/credentials",
            #"{"marketplace":"heroku-v3","id":"chronatog","key":"super-secret","salt":"7CwqmJLEjv8YZTXK"}"#
        )
        guard set.status == 200 else { throw Unexpected(set) }
        return rig
    }

    @Test func `provisioning twice makes one add-on, whose keys work`() async throws {
        let rig = try await rig()
        let first = await rig.send("POST", "/heroku/resources", Self.body, as: Self.login)
        let again = await rig.send("POST", "/heroku/resources", Self.body, as: Self.login)
        #expect(first.status == 201 && again.text == first.text)
        #expect(
            await rig.send("POST", "/heroku/resources", Self.body, as: SiteRig.basic("a", "b")).status == 401
        )
        let config = try #require(first.json["config"])
        #expect(config["CHRONATOG_SERVICE_URL"]?.string == "http://chronatog.test/chronatogapi/1/jobs")
        let own = SiteRig.basic(
            config["CHRONATOG_AUTH_USERNAME"]?.string ?? "",
            config["CHRONATOG_AUTH_PASSWORD"]?.string ?? ""
        )
        #expect(await rig.send("GET", "/chronatogapi/1/jobs", as: own).status == 200)
        let other = Self.body.replacing("0123-4567", with: "0123-4568")
        let second = await rig.send("POST", "/heroku/resources", other, as: Self.login)
        #expect(second.json["id"] != first.json["id"])
        let changed = await rig.send("PUT", resource, #"{"plan":"awesome"}"#, as: Self.login)
        #expect(changed.status == 200 && changed.json["config"] == first.json["config"])
        #expect(await rig.send("PUT", resource, #"{"plan":"gold"}"#, as: Self.login).status == 422)
        #expect(await rig.send("DELETE", resource, as: Self.login).status == 204)
        #expect(await rig.send("DELETE", resource, as: Self.login).status == 410)
        #expect(await rig.send("GET", "/chronatogapi/1/jobs", as: own).status == 401)
        await rig.stop()
    }

    @Test func `a form signs in once, and not when it is old or wrong`() async throws {
        let rig = try await rig()
        _ = await rig.send("POST", "/heroku/resources", Self.body, as: Self.login)
        func form(_ timestamp: String, salt: String = "7CwqmJLEjv8YZTXK") -> String {
            let token = HerokuLogin.userToken(
                resource: Self.uuid,
                salt: salt,
                timestamp: timestamp,
                userID: "u-1",
                email: "user@example.com"
            )
            return "resource_id=\(Self.uuid)&timestamp=\(timestamp)&user_scoped_resource_token=\(token)"
                + "&user_id=u-1&email=user%40example.com"
        }
        func post(_ form: String) async -> Answer { await rig.send("POST", "/heroku/sso", form, as: "") }
        #expect(await post(form("1767225600", salt: "other")).status == 403)
        #expect(await post(form("1767225239")).status == 403)
        let good = await post(form("1767225600"))
        #expect(good.status == 303 && good["Location"] == "http://chronatog.test/heroku/page")
        #expect(await post(form("1767225600")).status == 403)
        let cookie = [(name: "Cookie", value: PartnerRig.cookie(good))]
        let page = await rig.send("GET", "/heroku/page", as: "", headers: cookie)
        #expect(page.status == 200 && page.text.contains("Freemium"))
        #expect(await rig.send("GET", "/heroku/page", as: "").status == 403)
        await rig.stop()
    }
}
