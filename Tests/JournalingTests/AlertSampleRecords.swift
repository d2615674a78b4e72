import Domain

/// One record of every kind about alerts and messages.
extension SampleRecord {
    static let alerts: [SampleRecord] = [
        SampleRecord(
            "alertOpened",
            .alertOpened(
                AlertOpened(
                    job: job,
                    key: "job/7",
                    severity: .critical,
                    cause: .missed,
                    title: "report failed",
                    details: ["answered 503", "é"],
                    jobName: "report"
                )
            )
        ),
        SampleRecord(
            "alertAcknowledged",
            .alertAcknowledged(AlertAcknowledged(job: job, alert: Sequence(90)))
        ),
        SampleRecord(
            "alertResolved",
            .alertResolved(AlertResolved(job: job, alert: Sequence(90), end: .jobRemoved))
        ),
        SampleRecord(
            "messageIntended",
            .messageIntended(
                MessageIntended(job: job, alert: Sequence(90), channel: "slack", kind: .acknowledge)
            )
        ),
        SampleRecord(
            "messageDelivered",
            .messageDelivered(MessageDelivered(job: job, message: Sequence(91), report: messageReport))
        ),
        SampleRecord(
            "messageFailed",
            .messageFailed(
                MessageFailed(
                    job: job,
                    message: Sequence(91),
                    report: messageReport,
                    reason: "Slack answered 429",
                    retryAt: noon + .seconds(5)
                )
            )
        ),
        SampleRecord(
            "messageDead",
            .messageDead(
                MessageDead(
                    job: nil,
                    message: Sequence(91),
                    report: messageReport,
                    reason: "Slack answered 404",
                    isBroken: true
                )
            )
        ),
        SampleRecord("messageResent", .messageResent(MessageResent(job: job, message: Sequence(91)))),
    ]

    private static let messageReport = MessageReport(
        attempt: 2,
        remember: ["incident": "12", "component": "3"],
        limits: ["": noon + .minutes(1), "error": now]
    )
}
