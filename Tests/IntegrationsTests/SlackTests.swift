import Domain
import Effects
import Testing

@testable import Counterparts
@testable import Integrations

struct SlackTests {
    private static let path = "/services/T0000/B0000/s3cr3tpath"
    private static let settings = #"{"kind":"slack","url":"https://hooks.slack.com\#(path)"}"#

    @Test func `a channel hears of open, acknowledge and resolve`() throws {
        var stub = SlackStub(path: Self.path)
        var story = try Story(Self.settings)
        for kind in AlertMessage.Kind.allCases {
            #expect(story.tell(kind) { stub.answer($0) }.isDelivered)
            try Golden.expect(story.requests.last?.text ?? "", "slack", "\(kind.word).txt")
        }
        #expect(stub.posted.count == 6)
    }

    @Test func `exactly three characters are escaped`() {
        let text = ##"a < b & c > d "q" 's' &amp;"##
        #expect(SlackMessage.escape(text) == ##"a &lt; b &amp; c &gt; d "q" 's' &amp;amp;"##)
    }

    @Test func `nobody is mentioned by a job's name or an answer's body, and long texts are cut`() throws {
        var stub = SlackStub(path: Self.path)
        var story = try Story(Self.settings)
        var message = Story.message(
            .open,
            title: "<!channel> *now* " + String(repeating: "&", count: 9000),
            details: (0..<500).map { "<@U\($0)|x> & <https://evil.example>" }
        )
        message.jobName = "<!here>|x"
        message.acknowledgeLink = "https://cron.example.com/a/12?a=1&b=|<"
        #expect(story.attempt(message) { .answered(stub.answer($0)) }.isDelivered)
        let text = try #require(stub.posted.first)
        #expect(!text.contains("<!") && !text.contains("<@"))
        #expect(text.unicodeScalars.count < 8000)
    }

    @Test func `too many messages rest the destination for as long as Slack asks`() throws {
        var stub = SlackStub(path: Self.path, limited: 1)
        var story = try Story(Self.settings)
        let verdict = story.attempt(Story.message(.open)) { .answered(stub.answer($0)) }
        #expect(verdict.isRetry)
        #expect(verdict.pausedUntil == story.now + .seconds(2))
        #expect(story.attempt(Story.message(.open)) { .answered(stub.answer($0)) }.isDelivered)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var status: UInt16
        var code: String
        var isBroken: Bool
        var testDescription: String { "\(status) \(code)" }
        init(_ status: UInt16, _ code: String, isBroken: Bool) {
            self.status = status
            self.code = code
            self.isBroken = isBroken
        }
    }

    static let refusals = [
        Row(400, "invalid_payload", isBroken: false), Row(400, "no_text", isBroken: false),
        Row(400, "too_many_attachments", isBroken: false), Row(400, "user_not_found", isBroken: true),
        Row(403, "action_prohibited", isBroken: true), Row(403, "invalid_token", isBroken: true),
        Row(404, "channel_not_found", isBroken: true), Row(404, "no_team", isBroken: true),
        Row(410, "channel_is_archived", isBroken: true), Row(500, "rollup_error", isBroken: false),
        Row(200, "<html>hello</html>", isBroken: false), Row(302, "", isBroken: false),
    ]

    @Test(arguments: refusals)
    func `a refusal is final, tells the code verbatim, and breaks the channel where it must`(_ row: Row)
        throws
    {
        var story = try Story(Self.settings)
        let verdict = story.opened(answer: .text(row.status, row.code))
        #expect(row.isBroken ? verdict.isBroken : verdict.isDead, "\(verdict)")
        #expect(row.status == 302 || verdict.reason?.contains(row.code) == true)
        #expect(verdict.reason?.contains("s3cr3t") == false)
    }

    @Test func `any other server error is tried again`() throws {
        var story = try Story(Self.settings)
        #expect(story.opened(answer: .text(503, "")).isRetry)
        #expect(story.opened(answer: .text(500, "oops \(Self.path)")).isRetry)
        #expect(story.opened(answer: .text(500, "oops \(Self.path)")).reason?.contains("s3cr3t") == false)
    }
}
