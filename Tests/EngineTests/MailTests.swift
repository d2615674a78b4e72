import Domain
import Effects
import Engine
import Journaling
import Testing

/// Alerts by mail, through the engine.
struct MailTests {
    private func rig(
        _ post: MailPost,
        disk: MemoryDisk = MemoryDisk(),
        start: Timestamp = EngineRig.start
    ) async throws -> EngineRig {
        let channels = try MailPost.channels(to: "ops@example.com", "boss@example.com")
        return try await EngineRig(disk: disk, start: start, mail: post, channels: channels)
    }

    /// A job whose only run fails at one o'clock.
    private func addFailing(to rig: EngineRig) async throws -> JobID {
        try await rig.add("0 1 * * *", target: "/_sink/500") {
            $0.retry.retries = 0
            $0.name = "report"
        }
    }

    private func heal(_ job: JobID, of rig: EngineRig) async throws {
        _ = try await rig.engine.revise(job, as: .operator) { definition in
            var definition = definition
            definition.callback.target = .sink("/_sink/200")
            return JobDraft(definition)
        }
    }

    @Test func `one letter when it fails, one in the same thread when it works`() async throws {
        let post = MailPost()
        let rig = try await rig(post)
        let job = try await addFailing(to: rig)
        try await rig.advance(.hours(2))
        try await heal(job, of: rig)
        try await rig.advance(.hours(24))
        #expect(post.subjects == ["[error] report failed", "Resolved: report failed"])
        let letters = post.letters
        #expect(letters.first?.recipients == ["ops@example.com", "boss@example.com"])
        let first = MailPost.header("Message-ID", of: try #require(letters.first))
        #expect(MailPost.header("In-Reply-To", of: try #require(letters.last)) == first)
        #expect(try await rig.engine.pendingMessages().isEmpty)
        await rig.stop()
    }

    @Test func `a server that is busy is asked again, for whom it has not served, with the same Message-ID`()
        async throws
    {
        let busy = MailOutcome.Result.answered(
            MailAnswer(stage: .sender, code: 451, text: "4.7.1 greylisted")
        )
        let half = MailOutcome.Result.answered(
            MailAnswer(
                stage: .message,
                code: 250,
                text: "2.0.0 queued",
                refused: [.init(recipient: "boss@example.com", code: 450, text: "4.2.0 mailbox busy")]
            )
        )
        let post = MailPost(busy, .failed(Failure(.refused, "refused")), half)
        let rig = try await rig(post)
        _ = try await addFailing(to: rig)
        try await rig.advance(.hours(2))
        let letters = post.letters
        #expect(
            letters.map(\.recipients) == [
                ["ops@example.com", "boss@example.com"], ["ops@example.com", "boss@example.com"],
                ["ops@example.com", "boss@example.com"], ["boss@example.com"],
            ]
        )
        #expect(Set(letters.map { MailPost.header("Message-ID", of: $0) }).count == 1)
        #expect(try await rig.engine.pendingMessages().isEmpty)
        await rig.stop()
    }

    @Test func `a test that one recipient was too busy for goes to nobody twice`() async throws {
        let half = MailOutcome.Result.answered(
            MailAnswer(
                stage: .message,
                code: 250,
                text: "2.0.0 queued",
                refused: [.init(recipient: "boss@example.com", code: 450, text: "4.2.0 mailbox busy")]
            )
        )
        let post = MailPost(half)
        let rig = try await rig(post)
        _ = try await rig.engine.testChannel("email")
        try await rig.advance(.minutes(1))
        let both = ["ops@example.com", "boss@example.com"]
        #expect(post.letters.map(\.recipients) == [both, ["boss@example.com"]])
        #expect(try await rig.engine.pendingMessages().isEmpty)
        await rig.stop()
    }

    @Test func `a wrong password breaks the channel, and the letter can be sent again`() async throws {
        let post = MailPost(.answered(MailAnswer(stage: .login, code: 535, text: "5.7.8 no")))
        let rig = try await rig(post)
        _ = try await addFailing(to: rig)
        try await rig.advance(.hours(2))
        let broken = try #require(try await rig.engine.channels().first?.state.brokenBecause)
        #expect(broken.contains("535"))
        #expect(try await rig.engine.pendingMessages().map(\.message.isDead) == [true])
        #expect(try await rig.engine.resendDead(channel: "email").resent == 1)
        try await rig.advance(.seconds(1))
        #expect(try await rig.engine.pendingMessages().isEmpty)
        #expect(try await rig.engine.channels().first?.state.brokenBecause == nil)
        await rig.stop()
    }

    @Test func `a letter that was under way at the end goes out again with the same Message-ID`() async throws
    {
        let disk = MemoryDisk()
        let lost = MailPost(.failed(Failure(.closed, "cut")))
        let first = try await rig(lost, disk: disk)
        _ = try await addFailing(to: first)
        try await first.advance(.hours(1) + .seconds(1))
        await first.stop()
        let post = MailPost()
        let second = try await rig(post, disk: disk, start: EngineRig.start + .hours(2))
        try await second.advance(.seconds(1))
        #expect(post.letters.map(\.message) == lost.letters.map(\.message))
        await second.stop()
    }
}
