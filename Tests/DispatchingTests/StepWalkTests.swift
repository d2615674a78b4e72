import Dispatching
import Domain
import Effects
import Testing

struct StepWalkTests {
    private static let event = """
        {"type":"service","action":"delete","state":"<Terminated> & \\"gone\\"",\
        "resource_uri":"/api/v1/service/1/","parents":["/api/v1/stack/2/"]}
        """

    private func walk(_ steps: JobStep..., kind: SourceHappening.Kind = .message) -> StepWalk {
        let happening = SourceHappening(
            source: "tutum",
            kind: kind,
            at: Timestamp(seconds: 0),
            message: kind == .message ? Array(Self.event.utf8) : [],
            detail: "reset",
            outage: 4
        )
        return StepWalk(steps, job: JobID(7), cause: RunCause(happening, depth: 1)) { "<\($0.rawValue)>" }
    }

    private func step(_ kind: JobStep.Kind, _ texts: (String, String)...) -> JobStep {
        JobStep(kind, texts.map { JobStep.Text($0.0, $0.1) })
    }

    private func said(_ walk: StepWalk) -> StepMessage? {
        guard case .tell(_, _, _, let said)? = walk.deeds.first else { return nil }
        return said
    }

    @Test func `values are escaped for where they land`() {
        var slack = walk(step(.slack, ("text", "{{state}} {{name}}")))
        #expect(slack.next() == .end)
        #expect(said(slack)?["text"] == "&lt;Terminated&gt; &amp; \"gone\" &lt;name&gt;")
        var http = walk(
            step(
                .http,
                ("url", "https://x.example/{{type}}?s={{state}}"),
                ("body", #"{"s":"{{state}}","p":{{parents}},"q":"{{parents}}","e":{{event}}}"#)
            )
        )
        #expect(http.next() == .end)
        #expect(said(http)?["url"] == "https://x.example/service?s=%3CTerminated%3E%20%26%20%22gone%22")
        let parents = #"["/api/v1/stack/2/"]"#
        let quoted = #"[\"/api/v1/stack/2/\"]"#
        let state = #"<Terminated> & \"gone\""#
        #expect(
            said(http)?["body"] == #"{"s":"\#(state)","p":\#(parents),"q":"\#(quoted)","e":\#(Self.event)}"#
        )
    }

    @Test func `a lookup comes before what is said, and says nothing of other servers`() {
        var walk = walk(
            step(.enrich, ("get", "parent:stack"), ("as", "stack")),
            step(.slack, ("text", "{{stack.name}}"))
        )
        #expect(walk.next() == .fetch(StepWalk.Fetch(base: nil, uri: "/api/v1/stack/2/", headers: [])))
        #expect(walk.deeds.isEmpty)
        walk.receive(.answered(Answer(status: 200, body: Array(#"{"name":"web"}"#.utf8))))
        #expect(walk.next() == .end)
        #expect(said(walk)?["text"] == "web")
    }

    @Test func `a parent that is not there is a note, not the end`() {
        var walk = walk(
            step(.enrich, ("get", "parent:3"), ("as", "node")),
            step(.pagerDuty, ("action", "trigger"), ("description", "{{node.name}}"))
        )
        #expect(walk.next() == .end)
        #expect(walk.reports.map(\.isDone) == [false, true])
        #expect(said(walk)?["description"] == "(unknown)")
        #expect(said(walk)?["key"] == "tutum-stream")
        #expect(said(walk)?["details.note"] == "node could not be looked up: the event has no parent:3")
    }

    @Test func `steps for closes are left out of other runs, and an empty text is the usual one`() {
        var closed = step(.slack, ("text", ""))
        closed.on = [.close]
        var message = walk(closed)
        #expect(message.next() == .end)
        #expect(message.deeds.isEmpty)
        var close = walk(closed, kind: .close)
        #expect(close.next() == .end)
        #expect(said(close)?["text"] == StepWalk.usualText)
    }

    @Test func `a call without a body says what happened`() {
        var message = walk(step(.http, ("url", "https://x.example/")))
        #expect(message.next() == .end)
        #expect(said(message)?["body"] == Self.event)
        var close = walk(step(.http, ("url", "https://x.example/")), kind: .close)
        #expect(close.next() == .end)
        #expect(said(close)?["body"] == #"{"stream":"tutum","on":"close","detail":"reset","outage":4}"#)
    }

    @Test func `a name that does not exist fails its step only`() {
        var walk = walk(step(.slack, ("text", "{{nobody.x}}")), step(.note, ("text", "{{outage}}")))
        #expect(walk.next() == .end)
        #expect(walk.reports.map(\.isDone) == [false, true])
        #expect(walk.reports.last?.note == "4")
    }
}
