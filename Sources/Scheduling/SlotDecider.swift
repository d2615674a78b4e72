package import Domain

/// Decides every due slot of one job: exactly one terminal record for each, or a stated reason to wait.
///
/// A pure machine. It goes through the job's slots in order and stops at the first that cannot be decided
/// yet, so the cursor always separates decided from undecided.
package struct SlotDecider {
    private var due: DueJob
    private var stretches = Stretches()
    private var steps: [Decision.Step] = []
    private var wait = Decision.Wait.next
    /// Misfired slots up to here go into the one that just ran.
    private var coalescing: Timestamp?

    private init(_ due: DueJob) {
        self.due = due
    }

    /// Decides what is due now. A place is taken from `limits` for every run.
    package static func decide(_ due: DueJob, limits: inout Limits, limit: UInt32) -> Decision {
        var decider = SlotDecider(due)
        decider.run(&limits, limit)
        return decider.finish()
    }

    /// Settles everything up to now alike: a pause that ends, a removal, a catch-up given up.
    /// - Parameter beforeTheirTime: also slots whose instant has come but which `jitter` holds back, because
    ///   nobody will look at them later.
    package static func settle(
        _ due: DueJob,
        as result: SlotResult,
        because reason: DecisionReason,
        beforeTheirTime: Bool = false
    ) -> Decision {
        var decider = SlotDecider(due)
        decider.due.catchingThrough = nil
        while let group = due.plan.group(after: decider.due.cursor), group.instant <= due.now,
            beforeTheirTime || due.plan.due(group.instant, job: due.job) <= due.now
        {
            if let slot = group.runs {
                let isExcluded = due.plan.runsAfterBlackout && decider.isExcluded(group)
                if isExcluded { decider.exclude(slot) } else { decider.settle(slot, result, reason) }
            }
            decider.settleOthers(of: group, into: nil)
            decider.due.cursor = group.instant
        }
        return decider.finish()
    }

    /// Settles the one slot that waited too long for its limit; decides the rest.
    package static func expire(_ due: DueJob, limits: inout Limits, limit: UInt32) -> Decision {
        var decider = SlotDecider(due)
        if let group = decider.nextGroup(), group.instant == due.accepted?.instant, let slot = group.runs {
            decider.settle(slot, .limitExpired, .limitWait)
            decider.settleOthers(of: group, into: slot)
            decider.due.cursor = group.instant
            decider.due.accepted = nil
        }
        decider.run(&limits, limit)
        return decider.finish()
    }

    /// Ends a pause: what is chosen runs late, everything else in it is settled as `paused`.
    package static func resume(
        _ due: DueJob,
        catchup: Catchup,
        limits: inout Limits,
        limit: UInt32
    ) -> Decision {
        var decider = SlotDecider(due)
        let missed = decider.collect { _ in true }
        decider.choose(from: missed, mode: catchup, unchosen: (.paused, .jobPaused), &limits, limit)
        if decider.wait == .next { decider.run(&limits, limit) }
        return decider.finish()
    }

    // MARK: In order of time

    private mutating func run(_ limits: inout Limits, _ limit: UInt32) {
        while wait == .next, let group = nextGroup() {
            if let slot = group.runs {
                let kept = keptUntil(group)
                if let kept {
                    guard kept <= due.now else { return wait = .blackout(until: kept) }
                    if group.instant != due.accepted?.instant {
                        chooseAfterBlackout(until: kept)
                        continue
                    }
                }
                if isMisfired(group) {
                    let missed = collect { isMisfired($0) && keptUntil($0) == nil }
                    choose(from: missed, mode: due.plan.catchupMode, unchosen: nil, &limits, limit)
                    continue
                }
                if kept == nil, isExcluded(group) {
                    exclude(slot)
                    settleOthers(of: group, into: nil)
                    due.cursor = max(due.cursor, group.instant)
                    leaveCatchup()
                    continue
                }
                guard attempt(slot, group, &limits, limit) else { return }
                settleOthers(of: group, into: slot)
                // Only now: a line's slots are settled in their order.
                if let through = coalescing { coalesce(through: through, into: slot) }
            } else {
                settleOthers(of: group, into: nil)
            }
            due.cursor = max(due.cursor, group.instant)
            leaveCatchup()
        }
    }

    /// The first group that is not decided, when its time has come.
    private func nextGroup() -> SlotGroup? {
        guard let group = due.plan.group(after: due.cursor) else { return nil }
        return due.plan.due(group.instant, job: due.job) <= due.now ? group : nil
    }

    private func isMisfired(_ group: SlotGroup) -> Bool {
        if let accepted = due.accepted, group.instant <= accepted.instant { return false }
        if let through = due.catchingThrough, group.instant <= through { return false }
        return due.now - due.plan.due(group.instant, job: due.job) > due.plan.catchup.misfireAfter
    }

    private func isExcluded(_ group: SlotGroup) -> Bool { due.cover?.contains(group.instant) ?? false }

    /// The end of the blackout that the slot lies in, if the job runs after those.
    private func keptUntil(_ group: SlotGroup) -> Timestamp? {
        due.plan.runsAfterBlackout ? due.cover?.end(of: group.instant) : nil
    }

    /// The blackout is over: the newest of its slots runs, and the others are left out. All of them are when
    /// nothing could be sent for so long after it that the rules for late slots would choose none.
    private mutating func chooseAfterBlackout(until end: Timestamp) {
        let lateness = due.now - end
        let isTooLate =
            lateness > due.plan.catchup.misfireAfter
            && (due.plan.catchupMode == .none || lateness > due.plan.catchupWindow)
        let chosen = isTooLate ? nil : due.plan.newestRun(after: due.cursor, before: end)?.instant
        // Those too that jitter holds back yet: one blackout has one newest slot.
        while let group = due.plan.group(after: due.cursor), group.instant < end, group.instant != chosen {
            if let slot = group.runs { exclude(slot) }
            settleOthers(of: group, into: nil)
            due.cursor = group.instant
        }
        due.accepted = chosen.map { AcceptedSlot(instant: $0, reason: .afterBlackout) }
        leaveCatchup()
    }

    /// Consecutive due groups from the cursor on, as long as they qualify.
    private func collect(while qualifies: (SlotGroup) -> Bool) -> [SlotGroup] {
        var groups: [SlotGroup] = []
        var cursor = due.cursor
        while let group = due.plan.group(after: cursor),
            due.plan.due(group.instant, job: due.job) <= due.now, qualifies(group)
        {
            groups.append(group)
            cursor = group.instant
        }
        return groups
    }

    // MARK: Catch-up (§4.2)

    /// Chooses what still runs of slots whose time has passed, and settles the rest.
    private mutating func choose(
        from missed: [SlotGroup],
        mode: Catchup,
        unchosen: (SlotResult, DecisionReason)?,
        _ limits: inout Limits,
        _ limit: UInt32
    ) {
        let runnable = missed.indices.filter { missed[$0].runs != nil && !isExcluded(missed[$0]) }
        let oldest = due.now - due.plan.catchupWindow
        let inWindow = runnable.filter { missed[$0].instant >= oldest }
        func settle(_ group: SlotGroup, _ result: SlotResult, _ reason: DecisionReason, into: Slot? = nil) {
            if let slot = group.runs {
                if let unchosen {
                    self.settle(slot, unchosen.0, unchosen.1)
                } else if isExcluded(group) {
                    exclude(slot)
                } else {
                    self.settle(slot, result, reason, into: into)
                }
            }
            settleOthers(of: group, into: group.runs)
            due.cursor = group.instant
        }
        func settleRange(
            _ range: Range<Int>,
            _ result: SlotResult,
            _ reason: DecisionReason,
            into: Slot? = nil
        ) {
            for index in range {
                if missed[index].instant < oldest {
                    settle(missed[index], .missedWindow, .catchupWindow)
                } else {
                    settle(missed[index], result, reason, into: into)
                }
            }
        }
        switch (mode, inWindow.first, inWindow.last) {
        case (.last, _, let chosen?):
            settleRange(0..<chosen, .coalesced, .catchupChoseAnother, into: missed[chosen].runs)
            due.accepted = AcceptedSlot(instant: missed[chosen].instant, reason: .caughtUp)
        case (.first, let chosen?, _):
            settleRange(0..<chosen, .missedWindow, .catchupWindow)
            due.accepted = AcceptedSlot(
                instant: missed[chosen].instant,
                coalesceThrough: missed[missed.count - 1].instant,
                reason: .caughtUp
            )
        case (.all, _?, let newest?):
            let kept = inWindow.suffix(Int(due.plan.catchup.slotsMax))
            settleRange(0..<(kept.first ?? newest + 1), .missedCap, .catchupMax)
            if kept.isEmpty { return }
            due.catchingThrough = missed[newest].instant
        default:
            settleRange(0..<missed.count, .missed, .catchupNone)
        }
    }

    private mutating func leaveCatchup() {
        if let through = due.catchingThrough, due.cursor >= through { due.catchingThrough = nil }
    }

    // MARK: One slot (§4.3)

    /// Runs, queues or settles the slot; false when it has to wait, with the reason in `wait`.
    private mutating func attempt(
        _ slot: Slot,
        _ group: SlotGroup,
        _ limits: inout Limits,
        _ limit: UInt32
    ) -> Bool {
        let accepted = due.accepted.flatMap { $0.instant == slot.instant ? $0 : nil }
        let catching = due.catchingThrough.map { slot.instant <= $0 } ?? false
        if due.plan.runsMax > 0, due.slotRuns >= Int(due.plan.runsMax) {
            settle(slot, .refusedLimit, .maxRuns)
            return true
        }
        if catching, due.open + due.queued > 0 {
            wait = .runClose
            return false
        }
        if due.open + due.queued > 0, let decided = overlap(slot) { return decided }
        var waiting = accepted ?? AcceptedSlot(instant: slot.instant)
        waiting.reason = .afterLimit
        switch limits.take(limit, due.plan.limit, now: due.now, jumps: accepted?.reason == .afterLimit) {
        case .taken: break
        case .full:
            wait = .limit(waiting, until: nil)
            return false
        case .until(let time):
            wait = .limit(waiting, until: time)
            return false
        }
        open(slot, because: accepted?.reason ?? (catching ? .caughtUp : .due))
        coalescing = accepted?.coalesceThrough
        if catching { wait = .pace(due.now + due.plan.catchup.spacing) }
        return true
    }

    /// nil: the overlap rule lets it run.
    private mutating func overlap(_ slot: Slot) -> Bool? {
        let policy = due.plan.overlap
        switch policy.mode {
        case .skip:
            settle(slot, .overlapSkipped, .runOpen)
        case .queueOne:
            if due.queued == 0 { queue(slot) } else { settle(slot, .overlapCoalesced, .slotWaiting) }
        case .queueAll:
            if due.queued < Int(policy.queueMax) {
                queue(slot)
            } else {
                settle(slot, .queueDropped, .queueFull)
            }
        case .cancel:
            wait = .cancelOpen
            return false
        case .allow:
            if due.open < Int(policy.openMax) { return nil }
            settle(slot, .overlapSkipped, .tooManyOpen)
        }
        return true
    }

    private mutating func open(_ slot: Slot, because reason: DecisionReason) {
        flush()
        steps.append(
            .run(
                SlotDecided(
                    job: due.job,
                    revision: due.revision,
                    slot: slot,
                    reason: reason,
                    cursor: slot.instant,
                    next: .distantFuture
                )
            )
        )
        due.open += 1
        due.slotRuns += 1
    }

    private mutating func queue(_ slot: Slot) {
        flush()
        steps.append(
            .queue(
                SlotQueued(
                    job: due.job,
                    revision: due.revision,
                    slot: slot,
                    cursor: slot.instant,
                    next: .distantFuture
                )
            )
        )
        due.queued += 1
    }

    private mutating func coalesce(through: Timestamp, into slot: Slot) {
        coalescing = nil
        due.cursor = slot.instant
        while let group = nextGroup(), group.instant <= through {
            if let other = group.runs {
                if isExcluded(group) {
                    exclude(other)
                } else {
                    settle(other, .coalesced, .catchupChoseAnother, into: slot)
                }
            }
            settleOthers(of: group, into: group.runs)
            due.cursor = group.instant
        }
    }

    // MARK: Records

    private mutating func settle(
        _ slot: Slot,
        _ result: SlotResult,
        _ reason: DecisionReason,
        into: Slot? = nil,
        blackout: String? = nil
    ) {
        let alone = Stretches.Stretch(slot, result, reason, into: into, blackout: blackout)
        if let full = stretches.add(alone) { emit(full) }
    }

    private mutating func exclude(_ slot: Slot) {
        settle(slot, .excluded, .blackout, blackout: due.cover?.window(at: slot.instant)?.name)
    }

    private mutating func settleOthers(of group: SlotGroup, into slot: Slot?) {
        for other in group.settled { settle(other.slot, other.result, other.reason, into: slot) }
    }

    private mutating func flush() {
        for stretch in stretches.takeAll() { emit(stretch) }
    }

    private mutating func emit(_ stretch: Stretches.Stretch) {
        steps.append(
            .settle(
                SlotsDecided(
                    job: due.job,
                    revision: due.revision,
                    first: stretch.first,
                    last: stretch.last,
                    count: stretch.count,
                    result: stretch.result,
                    reason: stretch.reason,
                    into: stretch.into,
                    blackout: stretch.blackout,
                    cursor: stretch.last.instant,
                    next: .distantFuture
                )
            )
        )
    }

    /// Every record of the group carries where the group leads: the last one could be read alone.
    private mutating func finish() -> Decision {
        flush()
        let cursor = due.cursor
        let next = due.plan.next(after: cursor)
        for index in steps.indices { steps[index] = steps[index].leading(to: cursor, next) }
        return Decision(
            steps: steps,
            cursor: cursor,
            next: next,
            wait: wait,
            catchingThrough: due.catchingThrough
        )
    }
}
