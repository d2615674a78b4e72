import Domain
import Testing

@testable import API

struct ChannelAPITests {
    private static let channels = "/chronatogapi/1/channels"
    private static let hook = "https://hooks.slack.com/services/T0/B0/s3cretword"

    private static func made(_ rules: String = "{}") -> String {
        #"{"name":"ops","settings":{"kind":"slack","url":"\#(hook)"},"rules":\#(rules)}"#
    }

    @Test func `a channel is made, read, changed and removed, and its secret never comes back`() async throws
    {
        let rig = try await SiteRig()
        let made = await rig.send(
            "POST",
            Self.channels,
            Self.made(#"{"after":"15m","quiet":"22:00-07:00","quiet_zone":"Europe/Berlin"}"#)
        )
        #expect(made.status == 201)
        #expect(made.json["rules"]?["after"]?.string == "15m")
        #expect(made.json["settings"]?["url"]?.string == "https://hooks.slack.com/***")
        let changed = await rig.send(
            "PATCH",
            "\(Self.channels)/ops",
            #"{"rules":{"remind":"1h","quiet_critical":false},"paused":true}"#
        )
        #expect(changed.json["rules"]?["after"]?.string == "15m")
        #expect(changed.json["rules"]?["remind"]?.string == "1h")
        #expect(changed.json["rules"]?["quiet"]?.string == "22:00-07:00")
        #expect(changed.json["rules"]?["quiet_critical"]?.bool == false)
        #expect(changed.json["paused"]?.bool == true)
        for path in [Self.channels, "\(Self.channels)/ops", "\(Self.channels)/ops/payload"] {
            #expect(await !rig.send("GET", path).text.contains("s3cretword"))
        }
        #expect(await rig.send("DELETE", "\(Self.channels)/ops").status == 200)
        #expect(await rig.send("GET", "\(Self.channels)/ops").status == 404)
        await rig.stop()
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let body: String
        let field: String

        var testDescription: String { field }
    }

    static let wrongs = [
        Wrong(body: #"{"name":"ops","settings":{"kind":"fax"}}"#, field: "settings.kind"),
        Wrong(
            body: #"{"name":"ops","settings":{"kind":"pagerduty","key":"short"}}"#,
            field: "settings.key"
        ),
        Wrong(body: #"{"name":"ops"}"#, field: "settings"),
        Wrong(body: #"{"name":"Ops","settings":{"kind":"slack","url":"\#(hook)"}}"#, field: "name"),
        Wrong(body: made(#"{"quiet":"late"}"#), field: "rules.quiet"),
        Wrong(body: made(#"{"quiet":""}"#), field: "rules.quiet"),
        Wrong(body: made(#"{"quiet_zone":"Nowhere/City"}"#), field: "rules.quiet_zone"),
        Wrong(body: made(#"{"quiet_critical":false}"#), field: "rules.quiet_critical"),
        Wrong(body: made(#"{"level":"some"}"#), field: "rules.level"),
        Wrong(body: made(#"{"remind":"1s"}"#), field: "rules.remind"),
        Wrong(body: made(#"{"quiet":"22:00-07:00","quiet_zone":"Nowhere"}"#), field: "rules.quiet_zone"),
        Wrong(
            body: #"{"name":"p","settings":{"kind":"webhook","url":"https://x.example/","#
                + #""secrets":["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"]},"rules":{"group":"30s"}}"#,
            field: "rules.group"
        ),
    ]

    @Test(arguments: wrongs) func `what is wrong is named when it is configured`(wrong: Wrong) async throws {
        let rig = try await SiteRig()
        let answer = await rig.send("POST", Self.channels, wrong.body)
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?.array?.compactMap { $0["field"]?.string } == [wrong.field])
        #expect(!answer.text.contains("s3cretword"))
        await rig.stop()
    }

    @Test func `rules are taken back as they are shown, and a wrong name is answered with the right ones`()
        async throws
    {
        let rig = try await SiteRig()
        let made = await rig.send("POST", Self.channels, Self.made())
        let rules = try #require(made.json["rules"]).text
        #expect(await rig.send("PATCH", "\(Self.channels)/ops", #"{"rules":\#(rules)}"#).status == 200)
        let near = await rig.send("POST", "/chronatogapi/1/messages/resend?channel=opz")
        #expect(near.status == 404)
        #expect(near.json["detail"]?.string == "There is no channel opz. Did you mean ops?")
        let far = await rig.send("DELETE", "/chronatogapi/1/messages?channel=nosuch")
        #expect(far.json["detail"]?.string == "There is no channel nosuch. Known: ops.")
        await rig.stop()
    }

    @Test func `an alert shows its references, and a dead message is discarded`() async throws {
        let answers = EchoTransport([
            (202, #"{"status":"success","dedup_key":"theirs"}"#), (400, #"{"message":"no"}"#),
        ])
        let rig = try await SiteRig(transport: answers)
        let key = String(repeating: "a", count: 32)
        _ = await rig.send(
            "POST",
            Self.channels,
            #"{"name":"pd","settings":{"kind":"pagerduty","key":"\#(key)"}}"#
        )
        _ = try await rig.add(#"{"callback_url":"/_sink/500","schedule":"@hourly","retries":0}"#)
        try await rig.clock(#"{"advance":"1h"}"#)
        let alert = await rig.send("GET", "/chronatogapi/1/alerts").json.array?.first
        #expect(
            alert?["references"]?.text == #"[{"channel":"pd","name":"dedup_key","value":"theirs"}]"#
        )
        _ = await rig.send("POST", "\(Self.channels)/pd/test")
        let dead = await rig.send("GET", "/chronatogapi/1/messages?state=dead").json.array?.first
        let id = try #require(dead?["id"]?.string)
        #expect(await rig.send("DELETE", "/chronatogapi/1/messages").json.text == #"{"discarded":1}"#)
        #expect(await rig.send("GET", "/chronatogapi/1/messages").json.array?.isEmpty == true)
        let object = await rig.send("GET", "/api/v1/delivery/\(id)/")
        #expect(object.json["state"]?.string == "Terminated")
        await rig.stop()
    }

    @Test func `public keys are there for everybody, a wrong link is not`() async throws {
        let rig = try await SiteRig()
        let keys = await rig.send("GET", "/.well-known/chronatog-keys.json", as: "")
        #expect(keys.json["keys"]?.array?.first?["crv"]?.string == "Ed25519")
        #expect(await rig.send("GET", "/a/1-00", as: "").status == 404)
        #expect(await rig.send("POST", "/a/1-00", as: "").status == 404)
        await rig.stop()
    }
}
