import Domain
import NIOCore
import Testing

@testable import Counterparts

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

    @Test
    func `everybody is told once that a job fails and once that it works, over a kill and a full Slack`()
        async throws
    {
        let onCall = try await OnCall()
        onCall.limitSlack(1)
        try await ServerRig.with(answersAfter: .zero) { rig in
            let first = try await rig.start(onCall.flags)
            let id = try await rig.apart { try first.api.addIdle("report", to: rig.target) }
            try await rig.apart {
                // The target answers 200, which this job takes for a failure.
                try first.api.expect(200, "PATCH", "jobs/\(id)", #"{"retries":0,"success":{"status":[204]}}"#)
                try first.api.expect(202, "POST", "jobs/\(id)/run")
            }
            await onCall.until { state in
                guard state.pagerDutyStates == ["triggered"], state.incidentStatuses == [1] else {
                    return false
                }
                guard state.reportsStatus == 4, state.sentry.events.count == 1 else { return false }
                return state.checkInStatuses == ["error"] && state.slackStatuses == [429]
            }
            _ = await onCall.mail.letters.first(1)
            // What each of them said is recorded; only Slack still waits.
            try await rig.apart { try first.api.expectWaiting(["slack"]) }
            first.child.kill()
            let second = try await rig.start(onCall.flags)
            await onCall.until { $0.slack.posted.count == 1 }
            let word = try #require(Self.acknowledgeWord(onCall.state.slack.posted[0]))
            try await rig.apart { try second.api.acknowledge(word) }
            await onCall.until { state in
                guard state.pagerDutyStates == ["acknowledged"] else { return false }
                return state.incidentStatuses == [2] && state.slack.posted.count == 2
            }
            try await rig.apart {
                try second.api.expect(200, "PATCH", "jobs/\(id)", #"{"success":{"status":[200]}}"#)
                try second.api.expect(202, "POST", "jobs/\(id)/run")
            }
            await onCall.until { state in
                guard state.pagerDutyStates.isEmpty, state.incidentStatuses == [4] else { return false }
                guard state.reportsStatus == 1, state.slack.posted.count == 3 else { return false }
                return state.checkInStatuses == ["error", "ok"]
            }
            _ = await onCall.mail.letters.first(3)
            try await rig.apart { try second.api.expectWaiting([]) }
            second.child.terminate()
            #expect(try await rig.ending(of: second.child).status == 0)
        }
        try check(onCall.state, letters: onCall.mail.letters.elements)
        try await onCall.stop()
    }

    /// Everybody was told in order and once, and nobody had anything to complain of.
    private func check(_ state: OnCall.State, letters: [String]) throws {
        #expect(state.refusals.isEmpty, "\(state.refusals)")
        let keys = Set(state.pagerDuty.log.compactMap { $0.split(separator: " ").last })
        #expect(keys.count == 1)
        let actions = state.pagerDuty.log.compactMap { $0.split(separator: " ").first }
        #expect(actions == ["trigger", "acknowledge", "resolve"])
        #expect(state.slackStatuses == [429, 200, 200, 200])
        #expect(state.slackAnswers[1].at - state.slackAnswers[0].at >= .seconds(2))
        let posted = state.slack.posted
        #expect(posted[0].contains("report failed"))
        #expect(posted[1].contains("Acknowledged: report failed"))
        #expect(posted[2].contains("Resolved: report failed"))
        #expect(state.sentry.events.count == 1)
        let read = letters.compactMap { text in
            MailStub.read(Array(text.replacing("\n", with: "\r\n").utf8))
        }
        #expect(
            read.map { $0.header("Subject") ?? "" } == [
                "[error] report failed", "Acknowledged: report failed", "Resolved: report failed",
            ]
        )
        #expect(read.last?.header("References")?.contains(read[0].header("Message-ID") ?? "?") == true)
    }

    /// The last part of the link in Slack's text.
    private static func acknowledgeWord(_ text: String) -> String? {
        guard let begin = text.firstRange(of: "https://cron.example.com/a/") else { return nil }
        return String(text[begin.upperBound...].prefix { $0 != "|" })
    }

    @Test func `a heartbeat goes out while the server works, and a refused address stops the start`()
        async throws
    {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let url = "http://127.0.0.1:\(rig.target.port)/beat"
            let server = try await rig.start(["--heartbeat-url", url, "--heartbeat-every", "1s"])
            _ = try await rig.target.call { $0.path == "/beat" }
            server.child.terminate()
            #expect(try await rig.ending(of: server.child).status == 0)
            for wrong in ["http://10.1.2.3/beat", "ftp://x"] {
                let refused = try await rig.run(rig.serving() + ["--heartbeat-url", wrong])
                #expect(refused.status == 2)
                #expect(refused.complaint.contains("--heartbeat-url"))
            }
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

    /// Looks at the page behind a link, then presses its button, logged in or not.
    fileprivate func acknowledge(_ word: String) throws {
        let asked = try send("GET", word, below: "/a/")
        let done = try send("POST", word, below: "/a/")
        let pages = [asked, done].map { String(decoding: $0.body, as: UTF8.self) }
        guard asked.status == 200, done.status == 200, pages[0].contains("<form method=\"post\">"),
            pages[1].contains("It is acknowledged")
        else { throw Obstacle("the link does not acknowledge: \(pages)") }
    }

    /// Asks until messages wait for these channels and no others.
    fileprivate func expectWaiting(_ channels: [String]) throws {
        var waiting: [String] = []
        for _ in 0..<2000 {
            let (_, body) = try send("GET", "messages", "")
            waiting = try JSONReader.value(of: body).array?.compactMap { $0["channel"]?.string } ?? []
            if waiting == channels { return }
        }
        throw Obstacle("messages wait for \(waiting), not for \(channels)")
    }
}
