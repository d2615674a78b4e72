import Domain
import Effects
import Synchronization
import Testing

@testable import API

/// What is kept of an answer that says again what it was sent.
struct KeptBodyTests {
    @Test func `a kept body shows nothing that the job keeps secret`() async throws {
        let target = EchoTransport()
        let rig = try await SiteRig(transport: target)
        let job = try await rig.add(
            #"{"callback_url":"https://me:pa55w0rd@x.example/a?key=qu3rys3cret","schedule":"@hourly","#
                + #""headers":{"Authorization-Of":"Bearer t0k3nt0k3n","X-Short":"on"},"retries":0,"#
                + #""body":"b0dys3cret","body_secret":true}"#
        )
        try await rig.clock(#"{"advance":"1h"}"#)
        #expect(target.sent.contains("t0k3nt0k3n") && target.sent.contains("qu3rys3cret"))
        let runs = await rig.send("GET", "/chronatogapi/1/jobs/\(job)/runs")
        #expect(runs.text.contains("X-Short: on"), "\(runs)")
        let run = try #require(runs.json.array?.first?["id"]?.string)
        let log = await rig.send("GET", "/api/v1/run/\(run)/logs/")
        for secret in ["pa55w0rd", "qu3rys3cret", "t0k3nt0k3n", "b0dys3cret", "bWU6cGE1NXcwcmQ="] {
            #expect(target.sent.contains(secret))
            #expect(!runs.text.contains(secret) && !log.text.contains(secret), "\(secret)")
        }
        await rig.stop()
    }
}

/// A network where every target answers as it is told, and in the end 500 with what it was sent.
final class EchoTransport: Transport {
    private struct State {
        var sent = ""
        var answers: [(status: UInt16, body: String)]
        var receive: (@Sendable ([Outcome]) -> Void)?
    }

    private let state: Mutex<State>

    init(_ answers: [(status: UInt16, body: String)] = []) {
        state = Mutex(State(answers: answers))
    }

    /// All that was sent, URLs and logins included.
    var sent: String { state.withLock { $0.sent } }

    func send(_ calls: [Call]) {
        for call in calls {
            let head = String(decoding: call.headerLines, as: UTF8.self)
            let body = String(decoding: call.body, as: UTF8.self)
            let echo = "\(call.method) \(call.target)\n\(head)\n\(body) pa55w0rd"
            let (answer, receive) = state.withLock { state in
                state.sent += echo
                let standard: (UInt16, String) = (500, echo)
                return (state.answers.isEmpty ? standard : state.answers.removeFirst(), state.receive)
            }
            let result = Outcome.Result.answered(Effects.Answer(status: answer.0, body: Array(answer.1.utf8)))
            receive?([Outcome(id: call.id, result: result, timings: Timings(), address: "192.0.2.1")])
        }
    }

    func abort(_ ids: [UInt64]) {}

    func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {
        state.withLock { $0.receive = receive }
    }

    func shutdown(drain: Span) async {}
}
