internal import Domain
internal import Effects
internal import Integrations

// **What a message says**, from what the ledger knows when it leaves.
extension Flow {
    /// The message as channels are given it: the same for every attempt, but for what was learnt meanwhile.
    func content(of id: MessageID) -> AlertMessage? {
        ledger.alerts.messages[id].map { content(of: id, $0) }
    }

    func content(of id: MessageID, _ message: PendingMessage) -> AlertMessage {
        if message.kind == .success { return content(ofSuccess: id, message) }
        if !message.members.isEmpty { return content(ofGroup: id, message) }
        return content(ofOne: id, message)
    }

    /// That all is well, with one job or check or with several.
    private func content(ofSuccess id: MessageID, _ message: PendingMessage) -> AlertMessage {
        var content = content(ofOne: id, message)
        let names = ([id] + message.members).compactMap { ledger.alerts.messages[$0] }.map { name(of: $0) }
        content.jobName = names[0]
        content.title = "\(names[0]) succeeded"
        content.details = []
        guard names.count > 1 else { return content }
        content.jobName = "\(names.count) jobs and checks"
        content.title = "\(content.jobName) succeeded"
        content.details = names
        content.link = nil
        content.idempotencyKey += "-\(names.count)"
        return content
    }

    /// What has succeeded, in people's words.
    private func name(of message: PendingMessage) -> String {
        if let check = message.check {
            let definition = ledger.checks.entries[check].flatMap {
                try? CheckDefinition(packed: $0.definition)
            }
            return definition?.title(check) ?? "check \(check)"
        }
        guard let job = message.job else { return "chronatog" }
        let name = ledger.definition(of: job)?.name ?? ""
        return name.isEmpty ? "job \(job)" : name
    }

    /// Several alerts in one message: which, how many, and how bad the worst is.
    private func content(ofGroup id: MessageID, _ message: PendingMessage) -> AlertMessage {
        var content = content(ofOne: id, message)
        let alerts = ([id] + message.members).compactMap { ledger.alerts.messages[$0]?.alert }
            .compactMap { ledger.alerts.alerts[$0] }
        content.title = "\(alerts.count) alerts: \(content.title), and \(alerts.count - 1) more"
        content.details = alerts.map { "\($0.opened.severity.word): \($0.opened.title)" }
        content.severity = alerts.map(\.opened.severity).max() ?? content.severity
        content.jobName = Self.subjects(of: alerts)
        content.link = nil
        content.acknowledgeLink = nil
        content.idempotencyKey += "-\(alerts.count)"
        return content
    }

    /// `2 jobs`, `3 checks`, or the name of the only one.
    private static func subjects(of alerts: [Alert]) -> String {
        let jobs = Set(alerts.compactMap(\.job)), others = alerts.filter { $0.job == nil }
        let checks = Set(others.compactMap { CheckID(alertKey: $0.key) })
        let streams = Set(others.filter { CheckID(alertKey: $0.key) == nil }.map(\.key))
        let counts = [(jobs.count, "job"), (checks.count, "check"), (streams.count, "stream")]
            .filter { $0.0 > 0 }
        guard counts.map(\.0).reduce(0, +) > 1 else { return alerts.first?.opened.jobName ?? "" }
        return counts.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ")
    }

    /// The worst of the other open alerts that a destination is told of, where they share something.
    private func worstOther(than alert: AlertID, at channel: String) -> AlertSeverity? {
        guard channels[channel]?.settings.kind.sharesOneState == true else { return nil }
        return ledger.alerts.open.values.filter { $0 != alert }.compactMap { ledger.alerts.alerts[$0] }
            .filter { $0.channels[channel] != nil }.map(\.opened.severity).max()
    }

    /// Two servers may share a destination, and both have a job 1. A stream's key is promised as it is, and
    /// the same to whoever watches that stream.
    private static func outsideKey(_ key: String, store: String) -> String {
        key.contains("/") || key.isEmpty ? "chronatog/\(store)/\(key)" : key
    }

    private func content(ofOne id: MessageID, _ message: PendingMessage) -> AlertMessage {
        let store = hexadecimal(ledger.storeID.prefix(8))
        let alert = ledger.alerts.alerts[message.alert]
        let limits = ledger.alerts.channels[message.channel]?.limits ?? [:]
        let details = alert?.opened.details ?? ["Somebody asked for this message; nothing is wrong."]
        // Nobody is told what to do about what is over, or what somebody is at work on.
        let isFollowUp = message.kind == .acknowledge || message.kind == .resolve
        var content = AlertMessage(
            key: Self.outsideKey(ledger.alerts.key(of: id), store: store),
            kind: message.kind,
            severity: alert?.opened.severity ?? .info,
            title: alert?.opened.title ?? "this channel can be reached",
            details: isFollowUp ? Array(details.prefix(1)) : details,
            job: message.job,
            jobName: alert?.opened.jobName ?? "chronatog",
            openedAt: alert?.openedAt ?? message.intendedAt,
            at: message.intendedAt,
            link: message.job.flatMap { job in
                settings.publicURL.map { "\($0)/chronatogapi/1/jobs/\(job)" }
            },
            acknowledgeLink: alert.flatMap { acknowledgeLink(message.alert, $0) },
            sequence: id,
            // With the time, because a restore gives numbers out again.
            idempotencyKey: "chronatog-\(store)-\(id)-\(message.intendedAt.microseconds)",
            memory: ChannelMemory(
                facts: alert?.channels[message.channel] ?? message.facts,
                limits: limits
            ),
            worstOther: worstOther(than: message.alert, at: message.channel)
        )
        content.said = message.letter.flatMap { said($0) }
        return content
    }
}
