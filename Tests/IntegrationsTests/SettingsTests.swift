import Domain
import Effects
import Testing

@testable import Counterparts
@testable import Integrations

struct SettingsTests {
    private static let hook = "https://hooks.slack.com/services/T0000/B0000/s3cr3t"
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let trigger = "https://a.xmatters.com/api/integration/1/functions/3a-9c/triggers"

    static let good = [
        #"{"kind":"pagerduty","version":"v2","base_url":"https://events.eu.pagerduty.com/","#
            + #""key":"s3cr3t00000000000000000000000000"}"#,
        #"{"kind":"slack","url":"\#(hook)"}"#,
        #"{"kind":"slack","url":"http://chat.example.com:8065/hooks/s3cr3t"}"#,
        #"{"kind":"cachet","version":2,"url":"https://status.example.com/api/v1","component":7,"#
            + #""component_status":4,"visible":true,"notify":false,"token":"s3cr3t-token"}"#,
        #"{"kind":"cachet","version":3,"url":"https://status.example.com/sub/api","component":"Site","#
            + #""component_status":6,"visible":false,"notify":true,"token":"s3cr3t-token"}"#,
        #"{"kind":"xmatters","url":"\#(trigger)?apiKey=s3cr3t","recipients":["a","b"]}"#,
        #"{"kind":"xmatters","url":"\#(trigger)","bearer":"s3cr3t"}"#,
        #"{"kind":"sentry","dsn":"https://s3cr3t@sentry.example.com/4","environment":"x","monitor":"m","#
            + #""events":false}"#,
        #"{"kind":"sentry","dsn":"https://s3cr3tpublickey:s3cr3tprivate@sentry.example.com/4","#
            + #""events":true}"#,
        #"{"kind":"email","server":"smtp.example.com","security":"tls","port":465,"#
            + #""from":"A B <a@example.com>","to":["b@example.com"],"user":"a","password":"s3cr3t"}"#,
        #"{"kind":"webhook","url":"https://u:s3cr3t@example.com/x?y=s3cr3t","secrets":["\#(secret)"],"#
            + #""ed25519":false,"headers":{"X-Key":"s3cr3t"}}"#,
    ]

    @Test(arguments: good)
    func `settings are stored and read back, and shown without secrets`(_ text: String) throws {
        let settings = try ChannelSettings.read(JSONReader.value(of: text))
        let again = try ChannelSettings.read(JSONReader.value(of: settings.json.text))
        #expect(again == settings)
        let shown = settings.masked.text
        #expect(!shown.contains("s3cr3t") && !shown.contains("MfKQ") && shown.contains("***"), "\(shown)")
        #expect(settings.json.text.contains("s3cr3t") || settings.json.text.contains("MfKQ"))
        #expect(settings.summary.contains(settings.origin.host))
        #expect(!settings.summary.contains("s3cr3t"))
    }

    /// Settings that are not good, and the sentence about them.
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var sentence: String
        var testDescription: String { sentence }
        init(_ text: String, _ sentence: String) {
            self.text = text
            self.sentence = sentence
        }
    }

    static let bad = [
        Row("[]", "the channel has to be a JSON object; kind is missing"),
        Row(
            #"{"kind":"pager"}"#,
            "kind is none of pagerduty, slack, cachet, xmatters, sentry, email, webhook"
        ),
        Row(
            #"{"kind":"pagerduty","key":"s3cr3t"}"#,
            "key has 6 characters, but a PagerDuty integration key has 32: copy it from the service's "
                + "Integrations tab"
        ),
        Row(
            #"{"kind":"pagerduty","version":"v1","key":"s3cr3t0000000000000000000000000z"}"#,
            "key holds characters that no PagerDuty v1 key has"
        ),
        Row(#"{"kind":"pagerduty"}"#, "key is missing"),
        Row(
            #"{"kind":"slack","url":"https://hooks.slack.com/services/T0/s3cr3t"}"#,
            "url is not of the shape https://hooks.slack.com/services/T…/B…/…: copy the Webhook URL of the "
                + "Slack app"
        ),
        Row(
            #"{"kind":"slak","url":"https://hooks.slack.com/services/T0/B0/s3cr3t"}"#,
            "kind is none of pagerduty, slack, cachet, xmatters, sentry, email, webhook; "
                + "did you mean slack?"
        ),
        Row(
            #"{"kind":"slack","url":"https://hooks.slak.com/services/T0/B0/s3cr3t"}"#,
            "url is of a server whose name only resembles Slack's; did you mean hooks.slack.com?"
        ),
        Row(
            #"{"kind":"slack","url":"https://hooks.slack.com.evil.com/services/T0/B0/s3cr3t"}"#,
            "url is of a server whose name only resembles Slack's; did you mean hooks.slack.com?"
        ),
        Row(#"{"kind":"slack","url":"s3cr3t"}"#, "url does not begin with https:// or http://"),
        Row(
            #"{"kind":"slack","url":"\#(hook)","chanel":"x"}"#,
            "chanel is no field of this channel; it takes kind, url"
        ),
        Row(
            #"{"kind":"slack","url":"\#(hook) "}"#,
            "url begins or ends with a blank, which is probably not meant"
        ),
        Row(
            #"{"kind":"cachet","url":"https://x.example","token":"s3cr3t","visible":"true"}"#,
            "visible has to be true or false, without quotes"
        ),
        Row(
            #"{"kind":"cachet","url":"https://x.example","token":"s3cr3t","component":1,"#
                + #""component_status":"Terrible"}"#,
            "component_status is none of 1 Operational, 2 Performance Issues, 3 Partial Outage, "
                + "4 Major Outage"
        ),
        Row(
            #"{"kind":"cachet","url":"https://x.example","token":"s3cr3t","component_status":4}"#,
            "component_status is given without a component"
        ),
        Row(
            #"{"kind":"xmatters","url":"https://a.xmatters.com/s3cr3t"}"#,
            "url is not of the shape https://HOST/api/integration/1/functions/ID/triggers: copy the URL of "
                + "the workflow's HTTP trigger; url has neither ?apiKey=… nor a user, and there is no bearer "
                + "token"
        ),
        Row(
            #"{"kind":"sentry","dsn":"https://sentry.example.com/4"}"#,
            "dsn has no public key before the host: copy the DSN (Client Keys)"
        ),
        Row(
            #"{"kind":"sentry","dsn":"https://s3cr3t@sentry.example.com/4","monitor":"Not A Slug"}"#,
            "monitor has to be a monitor's slug: small letters, digits, - and _, at most 50"
        ),
        Row(
            #"{"kind":"email","server":"smtp://x","from":"nobody","to":[]}"#,
            "server has to be a host name or an address, without a scheme and a port; from holds something "
                + "that is not of the shape name@host; to is missing"
        ),
        Row(
            #"{"kind":"email","server":"x","security":"none","user":"a","password":"s3cr3t","#
                + #""from":"a@x.example","to":"b@x.example"}"#,
            "security is none, and a password is never sent without TLS"
        ),
        Row(
            #"{"kind":"webhook","url":"https://x.example/","secrets":["s3cr3t","whsec_c2hvcnQ="]}"#,
            "secrets holds one that is not whsec_ and Base64; secrets holds one of 5 bytes; Standard "
                + "Webhooks wants 24 to 64"
        ),
        Row(
            #"{"kind":"webhook","url":"https://x.example/","headers":{"Host":"s3cr3t"}}"#,
            "headers holds a name that is no header name, or one that only the server itself may set"
        ),
    ]

    @Test(arguments: bad)
    func `a slip is told when the channel is made, without the secret`(_ row: Row) throws {
        do {
            _ = try ChannelSettings.read(JSONReader.value(of: row.text))
            Issue.record("\(row.text) was taken")
        } catch let error as ChannelSettingsError {
            #expect(error.sentence == row.sentence)
            #expect(!error.sentence.contains("s3cr3t"))
        }
    }

    @Test(arguments: good)
    func `settings edited as they are shown keep their secrets, for the same server only`(_ text: String)
        throws
    {
        let known = try ChannelSettings.read(JSONReader.value(of: text))
        #expect(try ChannelSettings.read(known.masked, keeping: known) == known)
        #expect(throws: ChannelSettingsError.self) { try ChannelSettings.read(known.masked) }
        let elsewhere = known.masked.text.split(separator: known.origin.host).joined(
            separator: "evil.example"
        )
        #expect(throws: ChannelSettingsError.self) {
            try ChannelSettings.read(JSONReader.value(of: elsewhere), keeping: known)
        }
    }

    @Test func `one text is enough for the channels that flags make`() throws {
        #expect(try ChannelSettings.read(.slack, shortForm: Self.hook).kind == .slack)
        #expect(
            try ChannelSettings.read(.sentry, shortForm: "https://k@sentry.example.com/4").kind == .sentry
        )
        let key = String(repeating: "a", count: 32)
        #expect(try ChannelSettings.read(.pagerDuty, shortForm: key).kind == .pagerDuty)
        #expect(try ChannelSettings.read(.webhook, shortForm: "https://x.example/").kind == .webhook)
        #expect(throws: ChannelSettingsError.self) {
            try ChannelSettings.read(.email, shortForm: "a@x.example")
        }
    }

    @Test func `addresses are taken apart and put together`() throws {
        let address = try WebAddress("https://user:p%40ss@Example.COM:8443/a/b?c=d")
        #expect(address.origin == Origin(isTLS: true, host: "example.com", port: 8443))
        #expect(address.userInfo == "user:p@ss")
        #expect(address.text == "https://user:p%40ss@example.com:8443/a/b?c=d")
        #expect(address.textToCall == "https://example.com:8443/a/b?c=d")
        #expect(address.masked == "https://example.com:8443/***")
        #expect(try WebAddress("http://[::1]/").authority == "[::1]")
        for bad in [
            "https://", "https://a b/", "https://x/#f", "https://x:0/", "https://x:99999/", "https://[x]/",
            "https://é.example/", "ftp://x/", "https://a..b/", "https://%zz@x/",
        ] { #expect(throws: WebAddress.Fault.self, "\(bad)") { try WebAddress(bad) } }
    }

    @Test func `waits grow, differ between messages, and end after a day`() {
        let message = Story.message(.open)
        func wait(_ attempt: Int, _ atLeast: Span = .zero, late: Span = .zero) -> Int64? {
            RetryPace.wait(
                afterAttempt: attempt,
                message: message,
                atLeast: atLeast,
                now: message.at + late
            )?.microseconds
        }
        #expect((4_000_000...6_000_000).contains(wait(1) ?? 0))
        #expect((24_000_000...36_000_000).contains(wait(2) ?? 0))
        #expect((2_880_000_000...4_320_000_000).contains(wait(40) ?? 0))
        #expect(wait(1, .seconds(90)) == 90_000_000)
        #expect(wait(20, late: .hours(24)) == nil)
        #expect(wait(1) == wait(1))
    }
}

struct ShownPayloadTests {
    @Test func `the server stands apart from the mask of its path`() throws {
        let settings = try ChannelSettings.read(
            .slack,
            shortForm: "http://127.0.0.1:18701/services/T0/B0/s3cr3t"
        )
        var delivery = ChannelDelivery(settings, Story.message(.test), from: Story.sender)
        let shown = settings.shown(delivery.begin(now: Story.openedAt))
        #expect(shown.hasPrefix("POST http://127.0.0.1:18701/***\n"), "\(shown)")
    }

    @Test func `secrets that overlap leave nothing of each other, in text and in other bytes`() {
        #expect(Secrets.hide(["abcdef", "efghij"], in: "x abcdefghij y abcdef") == "x *** y ***")
        #expect(Secrets.hide(["abc"], in: "abc") == "abc")
        let bytes: [UInt8] = [0xff, 0x61, 0x62, 0x63, 0x64, 0xfe]
        #expect(Secrets.hide(["abcd"], in: bytes) == [0xff, 0x2a, 0x2a, 0x2a, 0xfe])
    }

    @Test(arguments: SettingsTests.good)
    func `what is shown of a message holds no secret`(_ text: String) throws {
        let settings = try ChannelSettings.read(JSONReader.value(of: text))
        let now = Story.openedAt
        var delivery = ChannelDelivery(settings, Story.message(.test), from: Story.sender)
        let shown = settings.shown(delivery.begin(now: now))
        #expect(!shown.contains("s3cr3t") && !shown.contains("MfKQ"), "\(shown)")
        #expect(!shown.contains(Base64.encode(Array("u:s3cr3t".utf8))))
        #expect(shown.contains("failed 3 times in a row") || settings.kind == .sentry, "\(shown)")
    }
}
