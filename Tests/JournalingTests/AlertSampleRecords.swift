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
            "messageFailed-first",
            .messageFailed(
                MessageFailed(
                    job: nil,
                    message: Sequence(91),
                    report: MessageReport(attempt: 1),
                    reason: "Slack answered 503",
                    retryAt: noon + .seconds(5),
                    beginsPatience: true
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
        SampleRecord(
            "messageDelivered-needless",
            .messageDelivered(
                MessageDelivered(
                    job: job,
                    message: Sequence(91),
                    report: MessageReport(attempt: 1),
                    isNeedless: true
                )
            )
        ),
        SampleRecord(
            "messageDiscarded",
            .messageDiscarded(MessageDiscarded(job: job, message: Sequence(91)))
        ),
        SampleRecord("messageResent", .messageResent(MessageResent(job: job, message: Sequence(91)))),
        SampleRecord(
            "messageIntended-later",
            .messageIntended(
                MessageIntended(
                    job: job,
                    alert: Sequence(90),
                    channel: "slack",
                    kind: .remind,
                    notBefore: noon + .hours(7)
                )
            )
        ),
        SampleRecord(
            "messageIntended-success",
            .messageIntended(
                MessageIntended(job: nil, check: CheckID(3), alert: .zero, channel: "slack", kind: .success)
            )
        ),
        SampleRecord("channelConfigured", .channelConfigured(configured)),
        SampleRecord(
            "channelConfigured-flags",
            .channelConfigured(
                ChannelConfigured(name: "slack", settings: nil, rules: ChannelRules(), isPaused: true)
            )
        ),
        SampleRecord("channelRemoved", .channelRemoved(ChannelRemoved(name: "night"))),
        SampleRecord("channelMended", .channelMended(ChannelMended(name: "night"))),
        SampleRecord(
            "messagesGrouped",
            .messagesGrouped(
                MessagesGrouped(leader: Sequence(90), members: [Sequence(91), Sequence(93)])
            )
        ),
    ]

    static let configured: ChannelConfigured = {
        var rules = ChannelRules()
        rules.level = .failures
        rules.severityMin = .warning
        rules.after = .minutes(15)
        rules.remindEvery = .hours(1)
        rules.groupWithin = .seconds(30)
        rules.quiet = QuietHours(from: 1320, to: 420, zone: "Europe/London", criticalPasses: true)
        return ChannelConfigured(
            name: "night",
            settings: Sealed(keyID: 0xdead_beef, bytes: [1, 2, 3]),
            rules: rules,
            isPaused: false
        )
    }()

    private static let messageReport = MessageReport(
        attempt: 2,
        remember: ["incident": "12", "component": "3"],
        limits: ["": noon + .minutes(1), "error": now]
    )
}
