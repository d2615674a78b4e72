package import Domain
internal import Engine

// What happens beside the jobs: scripts that ping or do not, and people who say when they want to be told,
// and when nothing is to run.
extension Simulator {
    private static let checksMax = 4
    private static let blackoutNames = ["a", "b", "c"]

    /// Mostly pings, for checks live from them.
    func actAside() {
        switch aside.below(40) {
        case 0..<3: addCheck()
        case 3..<24: pingCheck()
        case 24..<26: reviseCheck()
        case 26..<28: pauseOrResumeCheck()
        case 28: removeCheck()
        case 29..<32: setRules()
        case 32..<35: setBlackout()
        case 35: removeBlackout()
        case 36..<38: resolveByHand()
        // The process is stopped for a while, and knows nothing of it.
        case 38:
            time.advance(by: aside.magnitude(.seconds(1), pace.actionEvery))
            leaptAt = time.uptime
        default: break
        }
    }

    // MARK: Checks

    private func makeCheck() -> CheckDefinition {
        var definition = CheckDefinition()
        definition.name = "c"
        definition.period = aside.span(.seconds(5), pace.actionEvery + pace.actionEvery)
        definition.grace = aside.magnitude(.zero, pace.actionEvery)
        if aside.chance(1, in: 3) {
            definition.schedule = aside.pick([["*/5 * * * *"], ["0 * * * *", "30 2 * * *"], ["0 3 * * *"]])
            definition.zone = aside.pick(["UTC", "Europe/Berlin", "Australia/Lord_Howe"])
        }
        if aside.chance(1, in: 3) { definition.maxRuntime = aside.magnitude(.seconds(1), pace.actionEvery) }
        definition.failuresToOpen = UInt32(aside.pick([1, 1, 2, 3]))
        definition.successesToResolve = UInt32(aside.pick([1, 1, 2]))
        if aside.chance(1, in: 2) { definition.tags = ["db"] }
        return definition
    }

    private func someCheck() -> CheckID? {
        guard let ids = engine?.ledger.checks.ids, !ids.isEmpty else { return nil }
        return aside.pick(Array(ids))
    }

    private func addCheck() {
        guard let ledger = engine?.ledger, ledger.checks.entries.count < Self.checksMax else {
            return pingCheck()
        }
        watch(makeCheck())
    }

    /// Adds a check.
    package func watch(_ definition: CheckDefinition) {
        ask("checkRegistered") { flow, now throws(CommandError) in
            _ = try flow.registerCheck(definition, scheduler: 1, now: now)
            return nil
        }
    }

    private func pingCheck() {
        guard let check = someCheck() else { return }
        let kind = aside.pick([PingKind.success, .success, .success, .start, .start, .fail, .log])
        ask("checkPinged") { flow, now throws(CommandError) in
            let address = try flow.view(check).address
            _ = try flow.ping(.address(address), Ping(kind), creating: nil, now: now)
            return nil
        }
        tally.pings += 1
    }

    private func reviseCheck() {
        guard let check = someCheck() else { return }
        let fresh = makeCheck()
        ask("checkRevised") { flow, now throws(CommandError) in
            _ = try flow.reviseCheck(check, change: { _ in fresh }, now: now)
            return nil
        }
    }

    private func pauseOrResumeCheck() {
        guard let check = someCheck(), let entry = engine?.ledger.checks.entries[check] else { return }
        let isPaused = entry.isPaused
        ask(isPaused ? "checkResumed" : "checkPaused") { flow, now throws(CommandError) in
            if isPaused {
                _ = try flow.resumeCheck(check, now: now)
            } else {
                _ = try flow.pauseCheck(check, now: now)
            }
            return nil
        }
    }

    private func removeCheck() {
        guard let check = someCheck() else { return }
        ask("checkRemoved") { flow, now throws(CommandError) in
            try flow.removeCheck(check, now: now)
            return nil
        }
    }

    // MARK: Alerts

    private func resolveByHand() {
        guard let open = engine?.ledger.alerts.open.values.sorted(), !open.isEmpty else { return }
        let alert = aside.pick(open)
        ask("alertResolved") { flow, now throws(CommandError) in try flow.resolve(alert, now: now).job }
    }

    private func setRules() {
        let name = aside.pick(SimulatedChannels.names)
        var rules = ChannelRules()
        rules.level = aside.pick(ChannelLevel.allCases + [.alerts, .everything])
        rules.severityMin = aside.pick([.info, .info, .info, .error, .critical])
        if aside.chance(1, in: 3) { rules.after = aside.magnitude(.seconds(1), pace.actionEvery) }
        if aside.chance(1, in: 3) {
            rules.remindEvery = aside.span(.minutes(1), .minutes(1) + pace.actionEvery)
        }
        if aside.chance(1, in: 3) {
            let (from, to) = (UInt16(aside.below(1440)), UInt16(aside.below(1440)))
            let passes = aside.chance(1, in: 2)
            if from != to {
                rules.quiet = QuietHours(from: from, to: to, zone: "UTC", criticalPasses: passes)
            }
        }
        let wish = ChannelWish(rules: rules)
        ask("channelConfigured") { flow, now throws(CommandError) in
            try flow.changeChannel(name, wish, now: now)
            return nil
        }
    }

    // MARK: Blackouts

    private func setBlackout() {
        let from = time.now + aside.span(.zero, pace.actionEvery)
        let to = from + .seconds(1) + aside.magnitude(.seconds(10), pace.actionEvery + pace.actionEvery)
        let blackout = Blackout(
            name: aside.pick(Self.blackoutNames),
            time: .once(from: Timestamp(seconds: from.seconds), to: Timestamp(seconds: to.seconds)),
            labels: aside.chance(1, in: 2) ? ["db"] : []
        )
        ask("blackoutSet") { flow, now throws(CommandError) in
            _ = try flow.setBlackout(blackout, now: now)
            return nil
        }
        tally.blackouts += 1
    }

    private func removeBlackout() {
        guard let names = engine?.ledger.blackouts.keys.sorted(), !names.isEmpty else { return }
        let name = aside.pick(names)
        ask("blackoutRemoved") { flow, now throws(CommandError) in
            try flow.removeBlackout(name, now: now)
            return nil
        }
    }

    // MARK: When all is quiet

    /// Silence was judged when its time had come.
    func checkSilence(_ now: Timestamp) throws {
        for (check, entry) in engine?.ledger.checks.entries ?? [:] where !entry.isPaused {
            let deadline = entry.standing.deadline
            if deadline != .distantFuture, deadline + .seconds(1) < now {
                throw Violation.stuck("check \(check) was to be judged at \(deadline.seconds)")
            }
        }
    }
}
