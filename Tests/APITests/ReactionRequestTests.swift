import Domain
import Testing

@testable import API

/// Triggers and steps as a request gives them, and as an answer shows them.
struct ReactionRequestTests {
    private static let jobs = "/chronatogapi/1/jobs"
    private static let trigger = #"{"stream":"tutum","on":"message"}"#

    struct Row: Sendable, CustomTestStringConvertible {
        var triggers: String
        var steps: String
        /// Part of the one message.
        var message: String
        var testDescription: String { message }

        init(_ steps: String, triggers: String = ReactionRequestTests.trigger, _ message: String) {
            self.triggers = triggers
            self.steps = steps
            self.message = message
        }
    }

    static let refused = [
        Row(#"{"slak":{}}"#, "steps[0].slak is not a field"),
        Row(#"{"note":{"text":"x"},"http":{"url":"https://x.example/"}}"#, "exactly one of"),
        Row(#"{"note":{}}"#, "steps[0].note.text is missing"),
        Row(#"{"note":{"text":"{{tpye}}"}}"#, "steps[0].note.text uses {{tpye}}, which does not exist"),
        Row(#"{"note":{"text":"{{stack.name}}"}}"#, "uses {{stack.name}}"),
        Row(#"{"note":{"text":"x"},"on":["shut"]}"#, "\"shut\" is not one of open, message, close, error"),
        Row(#"{"enrich":{"get":"sibling","as":"x"}}"#, "steps[0].enrich.get is none of resource"),
        Row(#"{"enrich":{"get":"parent","as":"type"}}"#, "steps[0].enrich.as is not a name of its own"),
        Row(#"{"http":{"url":"ftp://x/"}}"#, "steps[0].http.url is not an http or https URL"),
        Row(#"{"http":{"url":"http://10.0.0.1/"}}"#, "is refused by the egress policy"),
        Row(
            #"{"http":{"url":"https://x.example/","headers":{"X":"***"}}}"#,
            "steps[0].http.headers.X is the mask of a secret"
        ),
        Row(#"{"pagerduty":{"action":"open"}}"#, "steps[0].pagerduty.action is not one of trigger"),
        Row(#"{"alert":{"key":"k"}}"#, "steps[0].alert.title is missing"),
        Row(#"{"slack":{"text":"x"}}"#, "there is no slack channel named slack"),
        Row(#"{"note":{"text":"x"}}"#, triggers: #"{"on":"open"}"#, "triggers[0].stream is missing"),
        Row(
            #"{"note":{"text":"x"}}"#,
            triggers: #"{"stream":"s","on":"open","after":"5s"}"#,
            "triggers[0].after is for \"on\": \"close\""
        ),
        Row(
            #"{"note":{"text":"x"}}"#,
            triggers: #"{"stream":"s","on":"close","type":"stack"}"#,
            "triggers[0].type is for \"on\": \"message\""
        ),
    ]

    @Test(arguments: refused) func `a fault is named with its place`(row: Row) async throws {
        let rig = try await SiteRig()
        let body = #"{"triggers":[\#(row.triggers)],"steps":[\#(row.steps)]}"#
        let answer = await rig.send("POST", Self.jobs, body)
        #expect(answer.status == 422, "\(answer)")
        #expect(answer.messages.count == 1, "\(answer.messages)")
        #expect(answer.messages.first?.contains(row.message) ?? false, "\(answer.messages)")
        await rig.stop()
    }

    @Test func `a job comes back as it was sent, without its secrets, and keeps them when it is sent again`()
        async throws
    {
        let rig = try await SiteRig()
        let steps = """
            [{"enrich":{"get":"parent","as":"stack","base_url":"https://u:pw1secret@rest.example"}},
             {"http":{"url":"https://x.example/in?key=s3cret","headers":{"X-Key":"w0rd"},"body":"{{event}}"},
              "on":["message"]}]
            """
        let made = await rig.send("POST", Self.jobs, #"{"triggers":[\#(Self.trigger)],"steps":\#(steps)}"#)
        #expect(made.status == 201, "\(made)")
        let id = made.json["id"]?.string ?? ""
        for secret in ["pw1secret", "s3cret", "w0rd"] { #expect(!made.text.contains(secret)) }
        #expect(made.json["triggers"]?.text == "[\(Self.trigger)]")
        #expect(made.json["schedule"]?.text == "[]")
        let shown = try #require(made.json["steps"])
        #expect(shown.text.contains(#""url":"https://x.example/in?key=***","headers":{"X-Key":"***"}"#))
        let same = await rig.send("PUT", "\(Self.jobs)/\(id)?dry_run=true", made.text)
        #expect(same.status == 200, "\(same)")
        #expect(same.json["changes"]?.text == "[]", "\(same)")
        let moved = shown.text.replacing("x.example", with: "y.example")
        let refused = await rig.send("PATCH", "\(Self.jobs)/\(id)", #"{"steps":\#(moved)}"#)
        #expect(refused.status == 422, "\(refused)")
        let plain =
            #"{"steps":null,"callback_url":"https://x.example/","triggers":null,"schedule":"@hourly"}"#
        let simple = await rig.send("PATCH", "\(Self.jobs)/\(id)", plain)
        #expect(simple.status == 200, "\(simple)")
        #expect(simple.json["steps"]?.text == "[]")
        await rig.stop()
    }

    @Test func `a job needs something to start it and something to do`() async throws {
        let rig = try await SiteRig()
        let nothing = await rig.send("POST", Self.jobs, #"{"triggers":[\#(Self.trigger)]}"#)
        #expect(nothing.messages == ["callback_url is missing"])
        let never = await rig.send("POST", Self.jobs, #"{"steps":[{"note":{"text":"x"}}]}"#)
        #expect(never.messages == ["schedule is missing"])
        let both = #"{"callback_url":"/_sink/200","schedule":"@hourly","steps":[{"note":{"text":"x"}}]}"#
        #expect(await rig.send("POST", Self.jobs, both).messages == ["callback_url and steps are both given"])
        let plain = #"{"callback_url":"/_sink/200","schedule":"@hourly","body":"{{type}}"}"#
        #expect(await rig.send("POST", Self.jobs, plain).status == 422)
        await rig.stop()
    }

    @Test func `a schedule may start steps, and the run says what each did`() async throws {
        let rig = try await SiteRig()
        let id = try await rig.add(#"{"schedule":"@hourly","steps":[{"note":{"text":"run {{run}}"}}]}"#)
        try await rig.clock(#"{"advance":"61m"}"#)
        let runs = await rig.send("GET", "\(Self.jobs)/\(id)/runs")
        let run = runs.json.array?.first
        #expect(run?["result"]?.string == "ok", "\(runs)")
        #expect(run?["steps"]?.array?.first?["note"]?.string == "run \(run?["id"]?.string ?? "")")
        await rig.stop()
    }
}
