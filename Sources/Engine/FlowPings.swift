internal import Alerting
internal import Cron
package import Domain
internal import Effects
internal import Scheduling

/// Whom a ping is for.
package enum PingTarget: Sendable, Hashable {
    /// `/ping/{uuid}`
    case address(UniqueID)
    /// `/ping/{key}/{slug}`
    case slug(key: String, slug: String)
}

/// A ping as it comes in.
package struct PingArrival: Sendable {
    package var target: PingTarget
    package var ping: Ping
    /// Made into a check when the slug is new (`create=1`); nil makes none.
    package var definition: CheckDefinition?
    /// What the sender says that its run took; counts where no start of its own was heard.
    package var duration: Span?

    package init(
        target: PingTarget,
        ping: Ping,
        definition: CheckDefinition? = nil,
        duration: Span? = nil
    ) {
        self.target = target
        self.ping = ping
        self.definition = definition
        self.duration = duration
    }
}

/// What became of a ping.
package enum PingAnswer: Sendable, Hashable {
    case taken
    /// The check was made for it (`create=1`).
    case created
    case noSuchCheck
}

// **Pings and silence.** Both become records, and where a check's standing turns, an alert.
extension Flow {
    /// Takes a ping.
    /// - Parameter definition: made into a check when the slug is new; nil makes none. Where both
    ///     follow check-ins, it changes the check that is there.
    /// - Parameter duration: what the sender says that its run took.
    package mutating func ping(
        _ target: PingTarget,
        _ ping: Ping,
        creating definition: CheckDefinition?,
        lasting duration: Span? = nil,
        now: Timestamp
    ) throws(CommandError) -> PingAnswer {
        if let check = check(target) {
            try adopt(definition, check, now: now)
            take(ping, check, lasting: duration, now: now)
            return .taken
        }
        if case .address(let name) = target, let run = checks.runs[name] {
            complete(run, ping, now: now)
            return .taken
        }
        guard let definition, case .slug(let key, _) = target, let scheduler = checks.schedulerOfKey[key]
        else { return .noSuchCheck }
        let view = try registerCheck(definition, scheduler: scheduler, now: now)
        take(ping, view.id, lasting: duration, now: now)
        return .created
    }

    /// Whether a ping would find somebody.
    package func hears(_ target: PingTarget) -> Bool {
        if case .address(let name) = target, checks.runs[name] != nil { return true }
        return check(target) != nil
    }

    /// A check-in brings its monitor's configuration each time; it may have changed.
    private mutating func adopt(
        _ brought: CheckDefinition?,
        _ check: CheckID,
        now: Timestamp
    ) throws(CommandError) {
        guard let brought, brought.followsCheckIns, let own = plan(of: check)?.definition,
            own.followsCheckIns
        else { return }
        let adopted = own.waiting(as: brought)
        if adopted != own { _ = try reviseCheck(check, change: { _ in adopted }, now: now) }
    }

    private func check(_ target: PingTarget) -> CheckID? {
        switch target {
        case .address(let address): checks.byAddress[address]
        case .slug(let key, let slug):
            checks.schedulerOfKey[key].flatMap {
                checks.bySlug[CheckIndex.Slug(scheduler: $0, slug: slug)]
            }
        }
    }

    private mutating func take(_ ping: Ping, _ check: CheckID, lasting duration: Span?, now: Timestamp) {
        guard let entry = ledger.checks.entries[check], let plan = plan(of: check) else { return }
        let (record, verdict) = CheckMachine.take(
            ping,
            check,
            entry,
            plan.definition,
            lasting: duration,
            now: now,
            next: { plan.next(after: now) }
        )
        write(.checkPinged(record), now)
        arm(check)
        if ping.kind != .log { noteHeard(check, now: now) }
        follow(verdict, check, plan, since: nil, ping: ping, now: now)
        if ping.kind == .success, !gladChannels.isEmpty { tellSuccess(check: check, now: now) }
        if let habit = entry.habit, ping.kind == .success {
            judgeHabit(check, plan, before: habit, duration: record.duration, now: now)
        }
    }

    /// A check's alarm rang.
    mutating func checkDue(_ check: CheckID, now: Timestamp) {
        // A later alarm stands, or the check is gone: this one was overtaken.
        guard let at = checks.armed[check], at <= now else { return }
        checks.armed[check] = nil
        guard let entry = ledger.checks.entries[check], let plan = plan(of: check) else { return }
        if let (record, verdict) = CheckMachine.lapse(
            check,
            entry,
            plan.definition,
            now: now,
            exclusion: { exclusion(of: $0, plan) },
            next: { plan.next(after: now) }
        ) {
            write(.checkLapsed(record), now)
            noteHeard(check, now: now)
            follow(verdict, check, plan, since: record.since, ping: nil, now: now)
        }
        arm(check)
    }

    /// Makes sure that an alarm rings no later than the check's deadline.
    mutating func arm(_ check: CheckID) {
        guard let deadline = ledger.checks.entries[check]?.standing.deadline, deadline != .distantFuture
        else { return }
        if let standing = checks.armed[check], standing <= deadline { return }
        checks.armed[check] = deadline
        timetable.set(.check(check), at: deadline)
    }

    private mutating func follow(
        _ verdict: CheckMachine.Verdict,
        _ check: CheckID,
        _ plan: CheckPlan,
        since: Timestamp?,
        ping: Ping?,
        now: Timestamp
    ) {
        switch verdict {
        case .nothing: break
        case .resolve: resolveAlert(key: CheckMachine.key(of: check), .recovered, now: now)
        case .open(let cause):
            guard let entry = ledger.checks.entries[check] else { return }
            let name = plan.definition.title(check)
            let text = CheckText(
                cause,
                name: name,
                failures: entry.standing.failures,
                since: since.map { Self.text(of: $0) },
                ping: ping,
                gap: entry.unwatched.map { (Self.text(of: $0.since), Self.text(of: $0.until)) }
            )
            openAlert(
                AlertOpened(
                    job: nil,
                    key: CheckMachine.key(of: check),
                    severity: .error,
                    cause: cause,
                    title: text.title,
                    details: text.details,
                    jobName: name
                ),
                now: now
            )
        }
    }

    /// RFC 3339, to the second.
    private static func text(of time: Timestamp) -> String { Instant(seconds: time.seconds).rfc3339 }

    /// The compiled definition; nil when it cannot be compiled any more, and then nothing is judged.
    mutating func plan(of check: CheckID) -> CheckPlan? {
        if let plan = checks.plans[check] { return plan }
        guard let entry = ledger.checks.entries[check],
            let definition = try? CheckDefinition(packed: entry.definition),
            let plan = try? compile(definition, check: check, registeredAt: entry.registeredAt)
        else { return nil }
        checks.plans[check] = plan
        return plan
    }

    /// After a start: who the URLs mean, which deadlines stand, and what could not be heard meanwhile.
    mutating func takeUpChecks(stoppedAt: Timestamp, now: Timestamp) {
        for (scheduler, sealed) in ledger.checks.pingKeys {
            let account = ledger.schedulers[scheduler]?.account ?? 0
            let place = KeyRing.place(ofPingKey: scheduler, account: account)
            guard let key = try? keys.open(sealed, for: place) else { continue }
            checks.setKey(String(decoding: key, as: UTF8.self), of: scheduler)
        }
        for check in ledger.checks.ids {
            guard let entry = ledger.checks.entries[check], let plan = plan(of: check) else { continue }
            if entry.unwatched?.isTold == true { checks.inDoubt.insert(check) }
            let account = ledger.schedulers[entry.scheduler]?.account ?? 0
            if let address = keys.address(entry.address, of: check, account: account) {
                checks.note(
                    check,
                    address: address,
                    scheduler: entry.scheduler,
                    slug: plan.definition.slug
                )
            }
        }
        excuseSilence(since: stoppedAt, now: now)
    }
}
