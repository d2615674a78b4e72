import Domain
import Effects
import FoundationEssentials
import Integrations
import NIOCore
import Testing

@testable import Counterparts

/// Recipes at work: a stream elsewhere, over real sockets, and who is told of what it does.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct StepStoryTests {
    private struct Post: Sendable {
        var at: ContinuousClock.Instant
        var text: String
    }

    private func flags(_ stream: TutumServer) -> [String] {
        [
            "--tutum-url", stream.url, "--tutum-username", "me", "--tutum-token", "good",
            "--tutum-alert-after", "1h",
        ]
    }

    /// Prints a recipe and applies it.
    private func apply(
        _ recipe: [String],
        _ rig: ServerRig,
        _ server: ServerRig.Server,
        after grace: String = "60s"
    ) async throws {
        let printed = try await rig.run(["stream", "recipe"] + recipe)
        let document = "\(rig.dataFolder).recipe"
        let text = printed.output.replacing(#""60s""#, with: "\"\(grace)\"")
        try Data(text.utf8).write(to: URL(filePath: document))
        let login = ["--url", "http://127.0.0.1:\(server.api.port)", "--token", "t"]
        let applied = try await rig.run(["apply", document] + login)
        #expect(applied.status == 0, "\(applied.complaint)")
    }

    @Test
    func `a service becomes the tutorial's three lines, looked up with credentials, once after Slack's 429`()
        async throws
    {
        let (posts, lookups) = (Collected<Post>(), Collected<String>())
        let web = try await CounterpartServer { request in
            guard request.method == "POST" else {
                lookups.add(["\(request.address.path) \(request.header("Authorization") ?? "")"])
                return Answer(status: 200, body: Array(#"{"name":"web","state":"Running"}"#.utf8))
            }
            let body = try? JSONReader.value(of: request.body)
            let isFirst = posts.elements.isEmpty
            posts.add([Post(at: .now, text: body?["text"]?.string ?? "")])
            return isFirst
                ? Answer(status: 429, retryAfter: "2") : Answer(status: 200, body: Array("ok".utf8))
        }
        let stream = try await TutumServer()
        try await ServerRig.with(answersAfter: .zero) { rig in
            let slack = ["--slack-url", "http://127.0.0.1:\(web.port)/services/T0/B0/x0"]
            let server = try await rig.start(slack + flags(stream))
            try await rig.apart { try server.api.expectStream("tutum", "authenticated") }
            let base = "http://u:p@127.0.0.1:\(web.port)"
            try await apply(["slack", "--base-url", base], rig, server)
            stream.say(
                #"{"type":"service","action":"create","state":"Running","resource_uri":"/api/v1/service/1/","#
                    + #""parents":["/api/v1/stack/2/"]}"#
            )
            let told = await posts.first(2)
            let lines =
                "A Service on Tutum was created.\nIt belonged to the web Stack.\nThe Stack state is: Running"
            #expect(told.map(\.text) == [lines, lines])
            #expect(told[1].at - told[0].at >= .seconds(2))
            stream.say(
                #"{"type":"container","action":"update","state":"Running","#
                    + #""resource_uri":"/api/v1/container/9/","parents":[]}"#
            )
            let third = await posts.first(3)[2]
            let uri = "/api/v1/container/9/"
            #expect(third.text == "Your container was updated on Tutum!\nCheck \(uri) to see more details.")
            server.child.terminate()
            #expect(try await rig.ending(of: server.child).status == 0)
        }
        #expect(lookups.elements == ["/api/v1/stack/2/ Basic dTpw"])
        #expect(posts.elements.count == 3)
        try await stream.stop()
        try await web.stop()
    }

    @Test func `the watchdog triggers when the stream stays closed, and resolves when it is back`()
        async throws
    {
        let (onCall, stream) = (try await OnCall(), try await TutumServer())
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start(onCall.flags + flags(stream))
            try await rig.apart { try server.api.expectStream("tutum", "authenticated") }
            try await apply(["pagerduty"], rig, server, after: "100ms")
            stream.meet(.refuse(status: 503, retryAfter: "2"))
            stream.drop()
            await onCall.until { $0.pagerDuty.log == ["trigger tutum-stream"] }
            await onCall.until { $0.pagerDuty.log == ["trigger tutum-stream", "resolve tutum-stream"] }
            server.child.terminate()
            #expect(try await rig.ending(of: server.child).status == 0)
        }
        #expect(onCall.state.refusals.isEmpty, "\(onCall.state.refusals)")
        try await stream.stop()
        try await onCall.stop()
    }
}
