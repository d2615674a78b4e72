import Domain
import NIOCore
import Testing

@testable import Counterparts

/// A server that watches a stream elsewhere, over real sockets: what the stream does, and who is told.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct WatchStoryTests {
    private func flags(_ stream: TutumServer, token: String = "good", after grace: String) -> [String] {
        [
            "--tutum-url", stream.url, "--tutum-username", "me", "--tutum-token", token,
            "--tutum-alert-after", grace,
        ]
    }

    @Test
    func `a stream that drops triggers tutum-stream after its grace, and resolves once auth is back`()
        async throws
    {
        let (onCall, stream) = (try await OnCall(), try await TutumServer())
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start(onCall.flags + flags(stream, after: "100ms"))
            _ = await stream.handshakes.first(1)
            try await rig.apart { try server.api.expectStream("tutum", "authenticated") }
            // Back at once, but busy: the outage goes on.
            stream.meet(.refuse(status: 429, retryAfter: "2"))
            stream.drop()
            await onCall.until { $0.pagerDuty.log == ["trigger tutum-stream"] }
            let handshakes = await stream.handshakes.first(3)
            #expect(handshakes[2].at - handshakes[1].at >= .seconds(2), "Retry-After is obeyed")
            await onCall.until { $0.pagerDuty.log == ["trigger tutum-stream", "resolve tutum-stream"] }
            server.child.terminate()
            #expect(try await rig.ending(of: server.child).status == 0)
        }
        #expect(stream.faults.isEmpty, "\(stream.faults)")
        #expect(onCall.state.refusals.isEmpty, "\(onCall.state.refusals)")
        try await stream.stop()
        try await onCall.stop()
    }

    @Test
    func `bad credentials resolve nothing, are told, and are not tried again before somebody says so`()
        async throws
    {
        let (onCall, stream) = (try await OnCall(), try await TutumServer())
        try await ServerRig.with(answersAfter: .zero) { rig in
            var server = try await rig.start(onCall.flags + flags(stream, after: "0s"))
            _ = await stream.handshakes.first(1)
            let first = server
            try await rig.apart { try first.api.expectStream("tutum", "authenticated") }
            stream.change(token: "another")
            stream.drop()
            await onCall.until { $0.pagerDuty.incidents.count == 2 }
            try await rig.apart { try first.api.expectStream("tutum", "unauthorized") }
            let attempts = stream.handshakes.elements.count
            first.child.kill()

            // The outage and the refusal outlast a kill: the same credentials are not even tried.
            server = try await rig.start(onCall.flags + flags(stream, after: "0s"))
            let second = server
            try await rig.apart { try second.api.expectStream("tutum", "unauthorized") }
            #expect(stream.handshakes.elements.count == attempts)
            #expect(onCall.state.pagerDuty.log.filter { $0.hasPrefix("resolve") }.isEmpty)
            second.child.terminate()
            #expect(try await rig.ending(of: second.child).status == 0)

            server = try await rig.start(onCall.flags + flags(stream, token: "another", after: "0s"))
            await onCall.until { $0.pagerDuty.incidents.isEmpty }
            server.child.terminate()
            #expect(try await rig.ending(of: server.child).status == 0)
        }
        #expect(onCall.state.refusals.isEmpty, "\(onCall.state.refusals)")
        try await stream.stop()
        try await onCall.stop()
    }

    @Test
    func `a cut in the middle of a message is a close, what is no JSON is none, and queries log in, too`()
        async throws
    {
        let event =
            #"{"type":"service","action":"update","state":"Running","resource_uri":"/x/","parents":[]}"#
        let notices = #"{"type":"user-notifications","data":[]}"#
        let stream = try await TutumServer([.cut(event), .speak(["no JSON", notices, event]), .stranger])
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            let wish = #"{"url":"\#(stream.url)","username":"me","token":"good","auth_in":"query"}"#
            try await rig.apart { try server.api.expect(200, "PUT", "streams/other", wish) }
            let second = await stream.handshakes.first(2)[1]
            #expect(second.target == "/v1/events?token=good&user=me")
            #expect(!second.head.contains("Authorization"))
            try await rig.apart {
                try server.api.expectStream("other", "authenticated") {
                    $0["events"]?.number == 1 && $0["outages"]?.number == 1
                }
                let (_, body) = try server.api.send("GET", "streams/other")
                #expect(!String(decoding: body, as: UTF8.self).contains("good"))
            }
            stream.drop()
            try await rig.apart {
                try server.api.expectStream("other", "unauthorized")
                try server.api.expect(200, "POST", "streams/other/resume")
                try server.api.expectStream("other", "authenticated")
                try server.api.expect(404, "GET", "streams/othr")
                try server.api.expect(200, "DELETE", "streams/other")
            }
        }
        #expect(stream.faults.isEmpty, "\(stream.faults)")
        try await stream.stop()
    }

    @Test
    func `another Chronatog is a stream like Tutum's: gone it triggers, back it resolves`() async throws {
        let onCall = try await OnCall()
        try await ServerRig.with(answersAfter: .zero) { watched in
            try await ServerRig.with(answersAfter: .zero) { rig in
                let hub = try await watched.start()
                let address = "ws://127.0.0.1:\(hub.api.port)"
                let login = ["--tutum-url", address, "--tutum-auth", "Bearer t", "--tutum-alert-after", "0s"]
                let server = try await rig.start(onCall.flags + login)
                try await rig.apart {
                    // Credentials, and who is told of what this makes, are the hub's.
                    try server.api.expectStream("tutum", "authenticated")
                    try hub.api.expect(201, "POST", "schedulers", #"{"name":"s"}"#)
                    try server.api.expectStream("tutum", "authenticated") { $0["events"]?.number ?? 0 > 0 }
                }
                hub.child.terminate()
                #expect(try await watched.ending(of: hub.child).status == 0)
                await onCall.until { $0.pagerDuty.log == ["trigger tutum-stream"] }
                _ = try await watched.launch(watched.serving(port: hub.api.port))
                await onCall.until { $0.pagerDuty.log == ["trigger tutum-stream", "resolve tutum-stream"] }
                server.child.terminate()
                #expect(try await rig.ending(of: server.child).status == 0)
            }
        }
        try await onCall.stop()
    }

    @Test func `half a pair of credentials is a sentence at the start`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let ending = try await rig.run(rig.serving() + ["--tutum-token", "good"])
            #expect(ending.status == 2)
            #expect(ending.complaint.contains("--tutum-token needs --tutum-username (TUTUM_USERNAME)"))
            #expect(!ending.complaint.contains("good"))
        }
    }
}

extension APIClient {
    fileprivate func expect(_ wanted: Int, _ method: String, _ path: String, _ body: String = "") throws {
        let (status, answer) = try send(method, path, body)
        guard status == wanted else {
            throw Obstacle("\(method) \(path): \(status) \(String(decoding: answer, as: UTF8.self))")
        }
    }

    /// Asks until a watched stream is in this state; bounded.
    func expectStream(
        _ name: String,
        _ state: String,
        _ isMet: (JSON) -> Bool = { _ in true }
    ) throws {
        var last = ""
        for _ in 0..<5000 {
            let (_, body) = try send("GET", "streams/\(name)")
            last = String(decoding: body, as: UTF8.self)
            if let json = try? JSONReader.value(of: last), json["state"]?.string == state, isMet(json) {
                return
            }
        }
        throw Obstacle("stream \(name) did not become \(state): \(last)")
    }
}
