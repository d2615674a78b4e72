import Domain
import Testing

/// The original client's whole life: three keys, Basic, four routes (`chronatog-and-partner-api.md` §1.3).
struct ThreeKeyTests {
    private let login = SiteRig.basic("Udefault", "Pdefault")
    private let jobs = "/chronatogapi/1/jobs"

    @Test func `a job is created, listed, read and removed`() async throws {
        let rig = try await SiteRig()
        let body = #"{"callback_url":"http://example.com/tick","schedule":"*/5 * * * *"}"#
        let created = await rig.send("POST", jobs, body, as: login)
        #expect(created.status == 201)
        #expect(created.json["callback_url"] == .string("http://example.com/tick"))
        #expect(created.json["schedule"] == .string("*/5 * * * *"))
        let url = try #require(created.json["url"]?.string)
        #expect(url == "http://chronatog.test/chronatogapi/1/jobs/1")
        #expect(created["Location"] == url)
        #expect(created["Content-Type"] == "application/json")

        let list = await rig.send("GET", jobs, as: login)
        #expect(list.status == 200)
        #expect(list.json.array?.count == 1)
        let read = await rig.send("GET", "\(jobs)/1", as: login)
        #expect(read.status == 200)
        #expect(read.json["url"]?.string == url)

        let removed = await rig.send("DELETE", "\(jobs)/1", as: login)
        #expect(removed.status == 200)
        #expect(removed.text.isEmpty)
        #expect(await rig.send("GET", "\(jobs)/1", as: login).status == 404)
        #expect(await rig.send("GET", jobs, as: login).json == .array([]))
        await rig.stop()
    }

    @Test func `what was read can be sent back unchanged`() async throws {
        let rig = try await SiteRig()
        let body = """
            {"callback_url":"https://u:pw@example.com/a?token=secret&x=1",
             "schedule":["0 1 * * *","0 2 * * *"],"headers":{"X-Key":"k"},"body":"hush","body_secret":true,
             "auth":{"bearer":"t"},"limit_rate":"10/1m"}
            """
        let created = await rig.send("POST", jobs, body)
        #expect(created.status == 201, "\(created)")
        #expect(created.json["callback_url"]?.string == "https://u:***@example.com/a?token=***&x=***")
        #expect(created.json["headers"]?["X-Key"]?.string == "***")
        #expect(created.json["headers"]?["Authorization"]?.string == "***")
        #expect(created.json["body"]?.string == "***")
        #expect(!created.text.contains("hush") && !created.text.contains("secret&"))
        let again = await rig.send("PUT", "\(jobs)/1", created.text)
        #expect(again.status == 200, "\(again)")
        for field in ["callback_url", "schedule", "headers", "body", "limit_rate", "retries", "overlap"] {
            #expect(again.json[field] == created.json[field], "\(field)")
        }
        await rig.stop()
    }

    @Test func `a masked secret does not follow the job to another server`() async throws {
        let rig = try await SiteRig()
        _ = try await rig.add(#"{"callback_url":"https://a.example/?k=v","schedule":"@daily"}"#)
        let moved = await rig.send("PATCH", "\(jobs)/1", #"{"callback_url":"https://b.example/?k=***"}"#)
        #expect(moved.status == 422)
        let kept = await rig.send("PATCH", "\(jobs)/1", #"{"callback_url":"https://a.example/new?k=***"}"#)
        #expect(kept.json["callback_url"]?.string == "https://a.example/new?k=***")
        await rig.stop()
    }
}
