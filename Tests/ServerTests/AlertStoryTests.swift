import NIOCore
import Testing

/// The way from a failing job to a person's screen and back, with a kill in between.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct AlertStoryTests {
    private func flags(_ rig: ServerRig) -> [String] {
        let base = "http://127.0.0.1:\(rig.target.port)"
        return [
            "--slack-url", "\(base)/slack", "--webhook-url", "\(base)/hook",
            "--webhook-secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
        ]
    }

    @Test
    func `a job fails, the server is killed, the job works: each channel hears one trigger and one resolve`()
        async throws
    {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let first = try await rig.start(flags(rig))
            let id = try await rig.apart { try first.api.addIdle("report", to: rig.target) }
            try await rig.apart {
                // The target answers 200, which this job takes for a failure.
                try first.api.expect(200, "PATCH", "jobs/\(id)", #"{"retries":0,"success":{"status":[204]}}"#)
                try first.api.expect(202, "POST", "jobs/\(id)/run")
            }
            _ = try await rig.target.call { $0.path == "/slack" && $0.body.contains("report failed") }
            _ = try await rig.target.call { $0.path == "/hook" && $0.body.contains("report failed") }
            try await rig.apart { try first.api.expect(202, "POST", "jobs/\(id)/run") }
            first.child.kill()
            let second = try await rig.start(flags(rig))
            try await rig.apart {
                try second.api.expect(200, "PATCH", "jobs/\(id)", #"{"success":{"status":[200]}}"#)
                try second.api.expect(202, "POST", "jobs/\(id)/run")
            }
            _ = try await rig.target.call {
                $0.path == "/slack" && $0.body.contains("Resolved: report failed")
            }
            _ = try await rig.target.call { $0.path == "/hook" && $0.body.contains("alertResolved") }
            second.child.terminate()
            #expect(try await rig.ending(of: second.child).status == 0)
            let slack = try await rig.target.calls().filter { $0.path == "/slack" }
            // What was sent and not yet recorded at the kill is sent again, with the same body.
            #expect(Set(slack.map(\.body)).count == 2)
            let last = slack.last?.body.contains("Resolved") == true
            #expect(last, "nothing follows the resolve")
        }
    }

    @Test func `a wrong key or URL stops the start with every fault`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let wrong = ["--pagerduty-key", "short", "--slack-url", "ftp://x", "--cachet-token", "t"]
            let refused = try await rig.run(rig.serving() + wrong)
            #expect(refused.status == 2)
            #expect(refused.complaint.contains("--pagerduty-key has 5 characters"))
            #expect(refused.complaint.contains("--slack-url does not begin with https://"))
            #expect(refused.complaint.contains("--cachet-token needs --cachet-url"))
            #expect(!refused.complaint.contains("ftp://x"))
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
}
