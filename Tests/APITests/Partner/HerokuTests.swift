import API
import Domain
import Effects
import Integrations
import Testing

/// Add-ons, as Heroku provisions them (§7.1).
struct HerokuTests {
    private static let login = SiteRig.basic("chronatog", "super-secret")
    private static let uuid = "01234567-89ab-cdef-0123-456789abcdef"
    private static let body =
        #"{"uuid":"\#(uuid)","plan":"freemium","region":"amazon-web-services::us-east-1"}"#
    private let resource = "/heroku/resources/\(HerokuTests.uuid)"

    private func rig(_ platform: FakeMarketplace? = nil, disk: MemoryDisk = MemoryDisk()) async throws
        -> SiteRig
    {
        let rig = try await SiteRig(disk: disk, transport: platform ?? DeadTransport())
        let secret =
            platform == nil
            ? "" : #""client_secret":"hush","token_url":"http://id.heroku.test/oauth/token","#
        let set = await rig.send(
            "PUT",
            "/chronatogapi/1/partner/credentials",
            #"{"marketplace":"heroku-v3",\#(secret)"id":"chronatog","key":"super-secret","#
                + #""salt":"7CwqmJLEjv8YZTXK"}"#
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

    private static let promised =
        #"{"uuid":"\#(uuid)","plan":"freemium","callback_url":"http://api.heroku.test/addons/\#(uuid)","#
        + #""oauth_grant":{"code":"c1","type":"authorization_code"}}"#

    @Test func `an add-on is promised, and delivered once, with what its app needs`() async throws {
        let platform = FakeMarketplace()
        let rig = try await rig(platform)
        let first = await rig.send("POST", "/heroku/resources", Self.promised, as: Self.login)
        #expect(first.status == 202 && first.json["id"]?.string == Self.uuid)
        #expect(first.json["config"] == nil && first.json["message"]?.string != nil)
        let again = await rig.send("POST", "/heroku/resources", Self.promised, as: Self.login)
        #expect(again.status == 202 && again.text == first.text)
        try await rig.clock(#"{"advance":"5s"}"#)
        let root = "/addons/\(Self.uuid)"
        #expect(platform.posts.map(\.path) == ["\(root)/config", "\(root)/actions/provision"])
        #expect(platform.posts.map(\.method) == ["PATCH", "POST"])
        let sent = platform.posts.first?.body["config"]?.array ?? []
        func value(_ name: String) -> String {
            sent.first { $0["name"]?.string == name }?["value"]?.string ?? ""
        }
        let own = SiteRig.basic(value("CHRONATOG_AUTH_USERNAME"), value("CHRONATOG_AUTH_PASSWORD"))
        #expect(await rig.send("GET", "/chronatogapi/1/jobs", as: own).status == 200)
        // What is asked for again after that is answered at once, and nothing is delivered twice.
        let late = await rig.send("POST", "/heroku/resources", Self.promised, as: Self.login)
        #expect(late.status == 201 && late.json["config"]?["CHRONATOG_AUTH_USERNAME"]?.string != nil)
        try await rig.clock(#"{"advance":"1h"}"#)
        #expect(platform.posts.count == 2 && platform.tokens == 1)
        #expect(await rig.send("GET", "/chronatogapi/1/posts").json == .array([]))
        await rig.stop()
    }

    @Test func `a promise outlives a platform that is away, a crash, and a token that is taken back`()
        async throws
    {
        let platform = FakeMarketplace()
        let disk = MemoryDisk()
        let rig = try await rig(platform, disk: disk)
        platform.fail("/actions/provision")
        #expect(await rig.send("POST", "/heroku/resources", Self.promised, as: Self.login).status == 202)
        try await rig.clock(#"{"advance":"5s"}"#)
        #expect(platform.posts.count == 1 && platform.failures > 0)
        let waiting = await rig.send("GET", "/chronatogapi/1/posts").json.array ?? []
        #expect(waiting.map { $0["purpose"]?.string } == ["ready"])
        // Asked again with the code that was exchanged already: the token stays.
        #expect(await rig.send("POST", "/heroku/resources", Self.promised, as: Self.login).status == 202)
        let moment = await rig.send("GET", "/chronatogapi/1/clock").json["now"]?.string ?? ""

        let survived = disk.copy()
        platform.fail(nil)
        platform.revoke()
        let later = try await SiteRig(disk: survived, transport: platform)
        try await later.clock(#"{"set":"\#(moment)"}"#)
        try await later.clock(#"{"advance":"10m"}"#)
        #expect(platform.posts.map(\.method) == ["PATCH", "POST"])
        let fresh = await later.send("POST", "/chronatogapi/1/schedulers/2/rotate").json
        let config = platform.posts.last?.body["config"]?.array ?? []
        #expect(config.contains { $0["value"] == fresh["password"] })
        #expect(fresh["marketplace"]?.string == "told")
        await later.stop()
        await rig.stop()
    }

    @Test func `a promise that cannot be kept is given up, and an add-on that is gone is not delivered`()
        async throws
    {
        let platform = FakeMarketplace()
        let rig = try await rig(platform)
        let wrong = Self.promised.replacing("c1", with: "stolen")
        #expect(await rig.send("POST", "/heroku/resources", wrong, as: Self.login).status == 202)
        try await rig.clock(#"{"advance":"13h"}"#)
        #expect(platform.posts.isEmpty)
        let dead = await rig.send("GET", "/chronatogapi/1/posts?state=dead").json.array ?? []
        let reasons = dead.map { $0["reason"]?.string ?? "" }
        #expect(reasons.count == 2 && reasons[0].contains("401") && reasons[1].contains("variables"))
        // Asked again, the platform gets at once what could not be delivered.
        let again = await rig.send("POST", "/heroku/resources", Self.promised, as: Self.login)
        #expect(again.status == 201 && again.json["config"] != nil)
        #expect(await rig.send("DELETE", resource, as: Self.login).status == 204)
        try await rig.clock(#"{"advance":"1h"}"#)
        #expect(platform.posts.isEmpty)
        await rig.stop()
    }

    @Test func `both kinds of token sign in, and a form that has both is good once`() async throws {
        let rig = try await rig()
        _ = await rig.send("POST", "/heroku/resources", Self.body, as: Self.login)
        func form(_ timestamp: Int, _ kinds: Set<String>) -> String {
            let salt = "7CwqmJLEjv8YZTXK"
            let one = HerokuLogin.token(resource: Self.uuid, salt: salt, timestamp: "\(timestamp)")
            let two = HerokuLogin.userToken(
                resource: Self.uuid,
                salt: salt,
                timestamp: "\(timestamp)",
                userID: "u-1",
                email: "user@example.com"
            )
            return "resource_id=\(Self.uuid)&timestamp=\(timestamp)&user_id=u-1&email=user%40example.com"
                + (kinds.contains("one") ? "&resource_token=\(one)" : "")
                + (kinds.contains("two") ? "&user_scoped_resource_token=\(two)" : "")
        }
        func post(_ form: String) async -> Int { await rig.send("POST", "/heroku/sso", form, as: "").status }
        #expect(await post(form(1_767_225_600, ["one"])) == 303)
        #expect(await post(form(1_767_225_601, ["two"])) == 303)
        #expect(await post(form(1_767_225_602, ["one", "two"])) == 303)
        #expect(await post(form(1_767_225_602, ["one"])) == 403)
        #expect(await post(form(1_767_225_602, [])) == 403)
        await rig.stop()
    }
}
