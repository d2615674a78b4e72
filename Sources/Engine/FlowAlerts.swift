internal import Alerting
internal import Dispatching
package import Domain
internal import Integrations
internal import Scheduling

// **Judge.** From the end of a run to an alert, and to the messages that tell of it.
extension Flow {
    /// What an end means for the job's alert.
    /// - Parameters:
    ///   - report: of the run's last attempt; nil for slots that never ran.
    ///   - missed: slots of this end that nobody tried.
    mutating func judge(
        _ job: JobID,
        _ result: SlotResult,
        _ report: AttemptReport? = nil,
        missed: UInt32 = 0,
        now: Timestamp
    ) {
        // The common case costs two looks.
        if result == .ok {
            if !gladChannels.isEmpty { tellSuccess(job: job, now: now) }
            if ledger.alerts.open.isEmpty { return }
        }
        guard result == .ok || result.isFailure || result.isMissed else { return }
        let open = ledger.alerts.open[AlertRule.key(of: job)]
        let definition =
            open == nil || result == .ok ? courier.prepare(job, ledger)?.definition : nil
        let failures = (ledger.alerts.failures[job] ?? 0).addingReportingOverflow(missed).partialValue
        let verdict = AlertRule.judge(
            result,
            isGone: report?.status == 410,
            failures: failures,
            after: definition?.alertAfter ?? 0,
            successes: ledger.alerts.successes[job] ?? 0,
            resolveAfter: definition?.resolveAfter ?? 1,
            isOpen: open != nil
        )
        switch verdict {
        case .nothing: break
        case .resolve: resolveAlert(of: job, .recovered, now: now)
        case .open(let cause):
            let name = definition.flatMap { $0.name.isEmpty ? nil : $0.name } ?? "job \(job)"
            let text = AlertText(
                cause,
                name: name,
                failures: failures,
                failure: report?.failure,
                status: report?.status ?? 0
            )
            openAlert(
                AlertOpened(
                    job: job,
                    key: AlertRule.key(of: job),
                    severity: definition?.alertSeverity ?? .error,
                    cause: cause,
                    title: text.title,
                    details: text.details,
                    jobName: name
                ),
                now: now
            )
        }
    }

    /// Opens an alert, unless one with its key is open already, and tells of it.
    mutating func openAlert(_ alert: AlertOpened, now: Timestamp) {
        guard ledger.alerts.open[alert.key] == nil else { return }
        write(.alertOpened(alert), now)
        announce(ledger.sequence, now: now)
    }

    /// What slots that were settled without a run mean. Those that passed before this start are the
    /// server's own absence: no job is to blame, and nobody wants a storm of them.
    mutating func judge(_ settled: SlotsDecided, now: Timestamp) {
        let isMissed = settled.result.isMissed
        if isMissed, settled.last.instant <= startedAt { return }
        judge(settled.job, settled.result, missed: isMissed ? settled.count : 0, now: now)
    }

    /// Ends the job's open alert, if there is one.
    mutating func resolveAlert(of job: JobID, _ end: AlertEnd, now: Timestamp) {
        resolveAlert(key: AlertRule.key(of: job), end, now: now)
    }

    /// Ends the open alert of that key, if there is one.
    mutating func resolveAlert(key: String, _ end: AlertEnd, now: Timestamp) {
        guard let id = ledger.alerts.open[key], let alert = ledger.alerts.alerts[id] else { return }
        // The message first: an alert without messages is forgotten when it is resolved.
        tell(id, .resolve, now: now)
        write(.alertResolved(AlertResolved(job: alert.job, alert: id, end: end)), now)
        pumpAll(now: now)
    }

    /// A person has seen it; channels that were told of it are told of that too.
    package mutating func acknowledge(_ id: AlertID, now: Timestamp) throws(CommandError) -> Alert {
        guard let alert = ledger.alerts.alerts[id] else { throw .noSuchAlert(id) }
        guard alert.resolvedAt == nil else {
            throw .conflict("alert \(id) is resolved already; there is nothing left to acknowledge")
        }
        if alert.acknowledgedAt == nil {
            write(.alertAcknowledged(AlertAcknowledged(job: alert.job, alert: id)), now)
            tell(id, .acknowledge, now: now)
            pumpAll(now: now)
        }
        return ledger.alerts.alerts[id] ?? alert
    }

    /// Somebody says that it is over.
    package mutating func resolve(_ id: AlertID, now: Timestamp) throws(CommandError) -> Alert {
        guard let alert = ledger.alerts.alerts[id] else { throw .noSuchAlert(id) }
        guard alert.resolvedAt == nil else { throw .conflict("alert \(id) is resolved already") }
        resolveAlert(key: alert.key, .byHand, now: now)
        return ledger.alerts.alerts[id] ?? alert
    }

    /// The first word of a new alert, to all who hear of alerts at once.
    private mutating func announce(_ id: AlertID, now: Timestamp) {
        guard let alert = ledger.alerts.alerts[id] else { return }
        for (name, channel) in channels.sorted(by: { $0.key < $1.key })
        where !channel.isPaused && channel.rules.after == .zero
            && AlertAgenda.concerns(alert, channel.rules)
        {
            tell(name, channel.rules, .open, id, alert, now: now)
        }
        attend(id, now: now)
        pumpAll(now: now)
    }

    /// Records a message for every channel that has heard of the alert and wants this of it too. One that is
    /// not configured at the moment is owed the message all the same: it becomes a dead letter, and once the
    /// channel is back the pair of open and resolve can be completed.
    private mutating func tell(_ id: AlertID, _ kind: MessageKind, now: Timestamp) {
        guard let alert = ledger.alerts.alerts[id] else { return }
        for name in alert.channels.keys.sorted() {
            let rules = channels[name]?.rules ?? ChannelRules()
            if AlertAgenda.hears(kind, rules) { tell(name, rules, kind, id, alert, now: now) }
        }
    }

    private mutating func tell(
        _ name: String,
        _ rules: ChannelRules,
        _ kind: MessageKind,
        _ id: AlertID,
        _ alert: Alert,
        now: Timestamp
    ) {
        let intent = MessageIntended(
            job: alert.job,
            alert: id,
            channel: name,
            kind: kind,
            notBefore: notBefore(name, rules, kind, now: now)
        )
        write(.messageIntended(intent), now)
        enqueue(ledger.sequence, now: now)
    }
}

// Successes, for channels that want to hear everything.
extension Flow {
    /// Beyond so many messages that wait, successes are left out: a destination that is down, or slow, is not
    /// to be buried in good news.
    private static let successesMax = 1_000

    /// Tells that a job or a check has succeeded. One that resolves an alert says so anyway; and while one
    /// waits to be told, the next ones of the same job or check add nothing.
    mutating func tellSuccess(job: JobID? = nil, check: CheckID? = nil, now: Timestamp) {
        if let job {
            let isWatched = (courier.prepare(job, ledger)?.definition.alertAfter ?? 0) > 0
            guard isWatched, ledger.alerts.open[AlertRule.key(of: job)] == nil else { return }
        }
        if let check, ledger.alerts.open[CheckMachine.key(of: check)] != nil { return }
        let key = AlertTable.successKey(job, check)
        for name in gladChannels where outbox.count < Self.successesMax {
            guard outbox.isEmpty(channel: name, key: key), let rules = channels[name]?.rules else { continue }
            let intent = MessageIntended(
                job: job,
                check: check,
                alert: .zero,
                channel: name,
                kind: .success,
                notBefore: notBefore(name, rules, .success, now: now)
            )
            write(.messageIntended(intent), now)
            enqueue(ledger.sequence, now: now)
        }
        pumpAll(now: now)
    }

    private func notBefore(
        _ channel: String,
        _ rules: ChannelRules,
        _ kind: MessageKind,
        now: Timestamp
    ) -> Timestamp? {
        let groups = channels[channel]?.settings.kind.groups ?? false
        return AlertAgenda.notBefore(kind, rules, groups: groups, now: now)
    }
}

// Reminders and escalation: what time alone brings.
extension Flow {
    /// After a start, or when a channel has changed.
    mutating func attendAll(now: Timestamp) {
        for id in ledger.alerts.open.values.sorted() { attend(id, now: now) }
        pumpAll(now: now)
    }

    mutating func alertDue(_ id: AlertID, now: Timestamp) {
        // Set anew meanwhile.
        guard let at = agenda[id], at <= now else { return }
        agenda[id] = nil
        attend(id, now: now)
        pumpAll(now: now)
    }

    /// Tells what is due of an open alert, and sets the alarm for the next time that something may be.
    private mutating func attend(_ id: AlertID, now: Timestamp) {
        guard let alert = ledger.alerts.alerts[id], alert.resolvedAt == nil else { return }
        var next = Timestamp.distantFuture
        for (name, channel) in channels.sorted(by: { $0.key < $1.key }) where !channel.isPaused {
            let duty = AlertAgenda.duty(
                alert,
                channel.rules,
                toldAt: alert.toldAt[name],
                isWaiting: !outbox.isEmpty(channel: name, key: alert.opened.key),
                now: now
            )
            if let kind = duty.tell { tell(name, channel.rules, kind, id, alert, now: now) }
            if let at = duty.next { next = min(next, at) }
        }
        guard next != .distantFuture else { return agenda[id] = nil }
        if agenda.updateValue(next, forKey: id) != next { timetable.set(.alert(id), at: next) }
    }
}
