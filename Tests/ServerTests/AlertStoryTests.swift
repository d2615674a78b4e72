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

    @Test(arguments: Silence.all)
    fileprivate func
        `everybody is told once of a missed slot and once of the next run, over a kill and a full Slack`(
            _ silence: Silence
        ) async throws
    {
        let onCall = try await OnCall()
        onCall.limitSlack(1)
        try await ServerRig.with(answersAfter: .zero) { rig in
            let first = try await rig.start(onCall.flags)
            let subject = try await silence.begin(rig, first.api)
            await onCall.until { state in
                guard state.pagerDutyStates == ["triggered"], state.incidentStatuses == [1] else {
                    return false
                }
                guard state.reportsStatus == 4, state.sentry.events.count == 1 else { return false }
                return state.checkInStatuses == ["error"] && state.slackStatuses == [429]
            }
            _ = await onCall.mail.letters.first(1)
            // What each of them said is recorded; only Slack still waits.
            try await rig.apart {
                try silence.settle(first.api, subject)
                try first.api.expectWaiting(["slack"])
            }
            first.child.kill()
            let second = try await rig.start(onCall.flags)
            await onCall.until { $0.slack.posted.count == 1 }
            let word = try #require(Self.acknowledgeWord(onCall.state.slack.posted[0]))
            try await rig.apart { try second.api.acknowledge(word) }
            await onCall.until { state in
                guard state.pagerDutyStates == ["acknowledged"] else { return false }
                return state.incidentStatuses == [2] && state.slack.posted.count == 2
            }
            try await rig.apart { try silence.end(second.api, subject) }
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
        try check(onCall.state, letters: onCall.mail.letters.elements, title: silence.title)
        try await onCall.stop()
    }

    /// Everybody was told in order and once, and nobody had anything to complain of.
    private func check(_ state: OnCall.State, letters: [String], title: String) throws {
        #expect(state.refusals.isEmpty, "\(state.refusals)")
        let keys = Set(state.pagerDuty.log.compactMap { $0.split(separator: " ").last })
        #expect(keys.count == 1)
        let actions = state.pagerDuty.log.compactMap { $0.split(separator: " ").first }
        #expect(actions == ["trigger", "acknowledge", "resolve"])
        #expect(state.slackStatuses == [429, 200, 200, 200])
        #expect(state.slackAnswers[1].at - state.slackAnswers[0].at >= .seconds(2))
        let posted = state.slack.posted
        #expect(posted[0].contains(title))
        #expect(posted[1].contains("Acknowledged: \(title)"))
        #expect(posted[2].contains("Resolved: \(title)"))
        #expect(state.sentry.events.count == 1)
        let read = letters.compactMap { text in
            MailStub.read(Array(text.replacing("\n", with: "\r\n").utf8))
        }
        #expect(
            read.map { $0.header("Subject") ?? "" } == [
                "[error] \(title)", "Acknowledged: \(title)", "Resolved: \(title)",
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

/// A slot that passes without a run while the server is up, and what ends the silence.
private struct Silence: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What everybody is told.
    let title: String
    /// - Returns: what the others have to know.
    let begin: @Sendable (ServerRig, APIClient) async throws -> [String]
    /// Once everybody was told.
    let settle: @Sendable (APIClient, [String]) throws -> Void
    let end: @Sendable (APIClient, [String]) throws -> Void

    static let all = [job, elsewhere]

    /// One of our own: another job, whose call is never answered, has the only place that their limit allows,
    /// and the slot waits for it as long as it may.
    private static let job = Silence(
        testDescription: "a job whose slot gets no place",
        title: "report could not run: its target's limit left no place",
        begin: { rig, api in
            let url = "http://127.0.0.1:\(rig.target.port)"
            let limit = #""limit_key":"reports","limit_parallel":1,"limit_wait":"1s","retries":0"#
            let other = try await rig.apart {
                let id = try api.create(
                    #""callback_url":"\#(url)/silent","schedule":"0 0 29 2 *","alert_after":0,\#(limit)"#,
                    "other"
                )
                try api.expect(202, "POST", "jobs/\(id)/run")
                return id
            }
            _ = try await rig.target.call { $0.path == "/silent" }
            return try await rig.apart {
                let every = #""schedule":"* * * * * *","dialect":"seconds""#
                let id = try api.create(#""callback_url":"\#(url)/report",\#(every),\#(limit)"#, "report")
                return [other, id]
            }
        },
        settle: { api, jobs in
            // Nothing but a person's wish runs it from now on, so that the story has one end.
            try api.expect(200, "PATCH", "jobs/\(jobs[1])", #"{"schedule":"0 0 29 2 *","dialect":"unix"}"#)
        },
        end: { api, jobs in
            try api.expect(200, "DELETE", "jobs/\(jobs[0])")
            try api.expect(202, "POST", "jobs/\(jobs[1])/run")
        }
    )

    /// One that somebody else's cron runs: its ping does not come.
    private static let elsewhere = Silence(
        testDescription: "a job elsewhere whose ping does not come",
        title: "report was not heard from in time",
        begin: { rig, api in
            try await rig.apart {
                let (status, body) = try api.send(
                    "POST",
                    "checks",
                    #"{"name":"report","period":"1s","grace":"1s"}"#
                )
                let made = try JSONReader.value(of: body)
                guard status == 201, let id = made["id"]?.string, let url = made["ping_url"]?.string,
                    let word = url.split(separator: "/").last
                else { throw Obstacle("no check was made: \(status) \(made.text)") }
                return [id, String(word)]
            }
        },
        settle: { api, check in
            // When it has run once, it is not expected again while the story lasts.
            try api.expect(200, "PATCH", "checks/\(check[0])", #"{"period":"1d"}"#)
        },
        end: { api, check in
            let (status, _) = try api.send("GET", check[1], below: "/ping/")
            guard status == 200 else { throw Obstacle("the ping was answered \(status)") }
        }
    )
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
