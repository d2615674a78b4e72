import Domain
import Testing

@testable import chronatog

struct ChannelFieldsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let kind: String
        let values: [String]
        let json: String

        var testDescription: String { "\(kind) \(values.joined(separator: " "))" }
    }

    static let rows = [
        Row(
            kind: "slack",
            values: ["https://hooks.slack.com/services/T0/B0/x?a=b"],
            json: #"{"kind":"slack","url":"https://hooks.slack.com/services/T0/B0/x?a=b"}"#
        ),
        Row(kind: "pagerduty", values: ["key=123"], json: #"{"kind":"pagerduty","key":"123"}"#),
        Row(kind: "sentry", values: ["https://k@x/1"], json: #"{"kind":"sentry","dsn":"https://k@x/1"}"#),
        Row(
            kind: "cachet",
            values: ["url=https://status.example.com", "token=1234567890", "component=3", "visible=false"],
            json: #"{"kind":"cachet","url":"https://status.example.com","token":"1234567890","#
                + #""component":3,"visible":false}"#
        ),
        Row(
            kind: "webhook",
            values: [
                "url=https://x.example/", "headers=X-Team: ops", "ed25519=true", "headers=X-Key:a:b=c",
            ],
            json: #"{"kind":"webhook","url":"https://x.example/","ed25519":true,"#
                + #""headers":{"X-Team":"ops","X-Key":"a:b=c"}}"#
        ),
        Row(
            kind: "xmatters",
            values: ["bearer=x", "recipients=Ops,Night"],
            json: #"{"kind":"xmatters","bearer":"x","recipients":["Ops","Night"]}"#
        ),
        Row(
            kind: "email",
            values: ["server=mail.example.com", "port=465", "to=a@x.org,b@x.org"],
            json: #"{"kind":"email","server":"mail.example.com","port":465,"to":["a@x.org","b@x.org"]}"#
        ),
    ]

    @Test(arguments: rows) func `what is typed becomes what the API takes`(row: Row) throws {
        #expect(try ChannelFields.json(kind: row.kind, row.values).text == row.json)
    }

    @Test func `a stray word and a missing file are said`() {
        #expect(throws: CommandFailure.self) {
            try ChannelFields.json(kind: "cachet", ["https://x", "token=a"])
        }
        #expect(throws: CommandFailure.self) {
            try ChannelFields.json(kind: "pagerduty", ["key=@/nowhere/at/all"])
        }
        #expect(throws: CommandFailure.self) { try ChannelFields.json(kind: "webhook", ["headers=x"]) }
    }
}
