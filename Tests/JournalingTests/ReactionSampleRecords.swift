import Domain

/// Records about what streams start, and what steps leave in others.
extension SampleRecord {
    static let reactions: [SampleRecord] = [
        SampleRecord(
            "outageNoted",
            .reaction(
                .outageNoted(
                    OutageNoted(
                        job: job,
                        source: "tutum",
                        outage: 3,
                        detail: "it closed (1006)",
                        at: now,
                        due: now + .seconds(60)
                    )
                )
            )
        ),
        SampleRecord(
            "outageSpared",
            .reaction(.outageSpared(OutageSpared(job: job, source: "tutum", outage: 3)))
        ),
        SampleRecord(
            "triggerRefused",
            .reaction(.triggerRefused(TriggerRefused(job: job, source: "tutum", reason: .depth, before: 17)))
        ),
        SampleRecord(
            "runOpened-stream",
            .runOpened(
                RunOpened(job: job, revision: 2, trigger: .stream, scheduledAt: now, cause: cause)
            )
        ),
        SampleRecord("runClosed-steps", .runClosed(closed)),
        SampleRecord(
            "messageIntended-step",
            .messageIntended(
                MessageIntended(
                    job: job,
                    alert: .zero,
                    channel: "slack",
                    kind: .step,
                    letter: StepLetter(
                        run: Sequence(90),
                        step: 1,
                        line: "job/7",
                        content: Sealed(keyID: 7, bytes: Array(0..<40))
                    )
                )
            )
        ),
        SampleRecord(
            "jobRegistered-steps",
            .jobRegistered(
                JobRegistered(
                    job: job,
                    scheduler: 2,
                    definition: reacting.packed(),
                    cursor: now,
                    next: .distantFuture
                )
            )
        ),
    ]

    private static let cause = RunCause(
        SourceHappening(
            source: "tutum",
            kind: .message,
            at: noon,
            message: Array(#"{"type":"service","action":"update"}"#.utf8),
            outage: 2
        ),
        depth: 2
    )

    private static var closed: RunClosed {
        var told = StepReport(index: 1, kind: .slack, isDone: true, note: "handed to slack")
        told.message = Sequence(99)
        let failed = StepReport(index: 0, kind: .enrich, isDone: false, note: "answered 404")
        return RunClosed(
            job: job,
            run: Sequence(95),
            result: .ok,
            report: AttemptReport(n: 1),
            steps: [failed, told],
            depth: 2
        )
    }

    private static var reacting: JobDefinition {
        var definition = JobDefinition(callback: Callback(target: .steps), schedule: [])
        var trigger = StreamTrigger(source: "tutum", on: .message)
        trigger.types = ["service", "stack"]
        trigger.actions = ["create"]
        trigger.states = ["Running"]
        trigger.parents = ["stack"]
        var close = StreamTrigger(source: "tutum", on: .close)
        close.after = .seconds(60)
        close.startsPerMinuteMax = 5
        var post = JobStep(
            .http,
            [.init("url", "https://search.example/_bulk?***"), .init("headers.X-Key", "***")]
        )
        post.on = [.message, .close]
        post.secrets = Sealed(keyID: 7, bytes: Array(0..<40))
        let enrich = JobStep(.enrich, [.init("get", "parent"), .init("as", "stack")])
        definition.reaction = Reaction(triggers: [trigger, close], steps: [enrich, post])
        return definition
    }
}
