internal import Cron
internal import Domain

/// Works out from a check's definition, and from the pings that it heard, how it stands, and holds the
/// records against that: what is expected by when, when silence is judged and as what, and that its alert
/// opens with the end that asks for it and is resolved once.
///
/// It shares nothing with `Alerting` and `CheckTable` but the records.
struct CheckOracle: Sendable {
    /// What the next records about a check have to bring.
    private enum Owed: Sendable, Equatable {
        case open(AlertCause)
        case resolve
        /// The alert was resolved because of what follows.
        case pause
        case removal
    }

    private struct Watch: Sendable {
        var definition: CheckDefinition
        var standing = CheckStanding()
        var startedAt: Timestamp?
        var isPaused = false
        /// A blackout left out what was expected last.
        var isExcluded = false
        var open: AlertID?
        var owed: Owed?

        func next(after time: Timestamp) throws -> Timestamp {
            guard !definition.schedule.isEmpty else { return time + definition.period }
            let zone = try ZoneDatabase.embedded.zone(named: definition.zone)
            let instants = try definition.schedule.compactMap { text in
                let line = Recurrence(
                    try Schedule(text, options: ScheduleOptions()),
                    zone: zone,
                    anchor: Instant(seconds: 0)
                )
                return line.nextRun(after: Instant(seconds: time.seconds))?.seconds
            }
            return instants.min().map { Timestamp(seconds: $0) } ?? .distantFuture
        }

        func next(from time: Timestamp) throws -> Timestamp {
            try next(after: definition.schedule.isEmpty ? time : time - Span(microseconds: 1))
        }

        mutating func setDeadline() {
            let runtime = definition.maxRuntime == .zero ? definition.grace : definition.maxRuntime
            if let startedAt {
                standing.deadline = startedAt + runtime
            } else if standing.expected == .distantFuture {
                standing.deadline = .distantFuture
            } else {
                standing.deadline = standing.expected + definition.grace
            }
        }

        mutating func end(isGood: Bool) {
            standing.failures = isGood ? 0 : standing.failures + 1
            standing.successes = isGood ? standing.successes + 1 : 0
            if !isGood, standing.failures >= definition.failuresToOpen { standing.status = .down }
            if isGood, standing.status != .down || standing.successes >= definition.successesToResolve {
                standing.status = .up
            }
        }

        /// A bad end: an alert is due when the check is down and none is open, be it that somebody resolved
        /// it.
        mutating func ask(_ cause: AlertCause) {
            if standing.status == .down, open == nil { owed = .open(cause) }
        }
    }

    /// What an alert about our own absence is owed, and who is in doubt since.
    private enum Absence: Sendable, Equatable {
        case none
        case owesOpening
        case open(AlertID)
        case owesResolve(AlertID)
        /// More are in doubt than it knows: it is resolved, and another opens.
        case owesAnother(AlertID)
    }

    private var watches: [CheckID: Watch] = [:]
    private var absence = Absence.none
    private var inDoubt: Set<CheckID> = []
    private var owing: Set<CheckID> = []

    /// Alerts that should be open, by key.
    var open: [String: AlertID] {
        var open: [String: AlertID] = [:]
        for (check, watch) in watches { open["check/\(check)"] = watch.open }
        if case .open(let id) = absence { open[Self.absenceKey] = id }
        return open
    }

    private static let absenceKey = "server/unwatched"

    // MARK: Records

    mutating func take(_ entry: Entry, _ blackouts: BlackoutBook) throws {
        let now = entry.time
        switch entry.record {
        case .checkRegistered(let record):
            var watch = Watch(definition: try CheckDefinition(packed: record.definition))
            watch.standing.expected = try watch.next(after: now)
            watch.setDeadline()
            try keep(watch, record.check, record.standing)
        case .checkRevised(let record):
            var watch = try quiet(record.check)
            let old = watch.definition
            watch.definition = try CheckDefinition(packed: record.definition)
            let isAwaited = watch.standing.expected != .distantFuture
            if isAwaited, watch.definition.isRescheduled(from: old) {
                watch.standing.expected = try watch.next(after: now)
            } else if watch.isExcluded, !watch.isPaused {
                // Blackouts have changed: it need not wait for what was their end.
                let end = blackouts.wholeEnd(at: now, labels: old.tags) ?? now
                watch.standing.expected = min(watch.standing.expected, try watch.next(from: end))
            }
            watch.setDeadline()
            try keep(watch, record.check, record.standing)
        case .checkPaused(let record): try pause(record.check)
        case .checkResumed(let record):
            var watch = try quiet(record.check)
            watch.isPaused = false
            watch.standing = CheckStanding()
            watch.standing.expected = try watch.next(after: now)
            watch.setDeadline()
            try keep(watch, record.check, record.standing)
        case .checkRemoved(let record):
            if watches[record.check]?.owed == .removal { settle(record.check) }
            guard try quiet(record.check).open == nil else {
                throw Violation.check(record.check, "it went and its alert stayed open")
            }
            watches[record.check] = nil
            noteHeard(record.check)
        case .checkPinged(let record): try take(record, now)
        case .checkLapsed(let record): try take(record, now, blackouts)
        case .checkUnwatched(let record): try take(record, now)
        default: break
        }
    }

    private mutating func take(_ record: CheckUnwatched, _ now: Timestamp) throws {
        var watch = try quiet(record.check)
        let awaited = watch.startedAt ?? watch.standing.expected
        let judgedAt = watch.startedAt == nil ? awaited : watch.standing.deadline
        guard !watch.isPaused, judgedAt <= now, record.until == now else {
            throw Violation.check(record.check, "nothing was expected while nobody listened")
        }
        guard judgedAt > record.since else {
            watch.standing.deadline = now + watch.definition.grace
            guard record.expected == nil, record.deadline == watch.standing.deadline else {
                throw Violation.check(record.check, "it was late before, and gets its grace once more")
            }
            watches[record.check] = watch
            return
        }
        guard record.forgetsStarts == (watch.startedAt != nil) else {
            throw Violation.check(record.check, "its run may have ended in vain, or there was none")
        }
        watch.startedAt = nil
        if watch.standing.expected <= now { watch.standing.expected = try watch.next(after: now) }
        watch.setDeadline()
        guard record.expected == watch.standing.expected, record.deadline == watch.standing.deadline else {
            throw Violation.check(record.check, "it is not expected when it next should be")
        }
        let isLong = record.deadline == .distantFuture || record.deadline - now > .hours(1)
        guard record.isTold == isLong else { throw Violation.check(record.check, "who is told of a gap?") }
        watches[record.check] = watch
        guard record.isTold else { return }
        inDoubt.insert(record.check)
        switch absence {
        case .none: absence = .owesOpening
        case .open(let id): absence = .owesAnother(id)
        case .owesOpening, .owesResolve, .owesAnother: break
        }
    }

    /// Of all that an absence left in doubt something is known again: then its alert ends.
    private mutating func noteHeard(_ check: CheckID) {
        guard inDoubt.remove(check) != nil, inDoubt.isEmpty, case .open(let id) = absence else { return }
        absence = .owesResolve(id)
    }

    /// The check, of which nothing is owed.
    private func quiet(_ check: CheckID) throws -> Watch {
        guard let watch = watches[check] else { throw Violation.check(check, "it never was, or is gone") }
        if let owed = watch.owed {
            throw Violation.check(check, "its last end asks for \(owed), and no such record follows")
        }
        return watch
    }

    private mutating func keep(_ watch: Watch, _ check: CheckID, _ said: CheckStanding) throws {
        guard watch.standing == said else {
            throw Violation.check(check, "it is said to stand at \(said), not at \(watch.standing)")
        }
        watches[check] = watch
        if watch.owed != nil { owing.insert(check) }
    }

    private mutating func settle(_ check: CheckID) {
        watches[check]?.owed = nil
        owing.remove(check)
    }

    private mutating func pause(_ check: CheckID) throws {
        if watches[check]?.owed == .pause { settle(check) }
        var watch = try quiet(check)
        guard watch.open == nil, !watch.isPaused else {
            throw Violation.check(check, "it was paused twice, or its alert stayed open")
        }
        watch.isPaused = true
        watch.standing = CheckStanding()
        watch.startedAt = nil
        watch.isExcluded = false
        watches[check] = watch
        noteHeard(check)
    }

    /// Every ping but a log ends a pause; pings here name no runs, so there is one at a time.
    private mutating func take(_ record: CheckPinged, _ now: Timestamp) throws {
        var watch = try quiet(record.check)
        if record.ping.kind != .log {
            if watch.isPaused { watch.standing.expected = try watch.next(after: now) }
            watch.isPaused = false
            watch.isExcluded = false
            noteHeard(record.check)
        }
        switch record.ping.kind {
        case .log: break
        case .start:
            watch.startedAt = watch.startedAt ?? now
            watch.setDeadline()
        case .success, .fail:
            let isGood = record.ping.kind == .success
            watch.startedAt = nil
            watch.end(isGood: isGood)
            watch.standing.expected = try watch.next(after: now)
            watch.setDeadline()
            if !isGood { watch.ask(.failing) }
            if isGood, watch.standing.status != .down, watch.open != nil { watch.owed = .resolve }
        }
        try keep(watch, record.check, record.standing)
    }

    private mutating func take(_ record: CheckLapsed, _ now: Timestamp, _ blackouts: BlackoutBook) throws {
        var watch = try quiet(record.check)
        let isLate = watch.startedAt != nil
        let end = blackouts.wholeEnd(at: watch.standing.expected, labels: watch.definition.tags)
        watch.isExcluded = !isLate && end != nil
        // What lies in a blackout that is about to change is left out at once.
        let due = watch.isExcluded ? watch.standing.expected : watch.standing.deadline
        guard !watch.isPaused, due <= now else {
            throw Violation.check(record.check, "it was judged before its deadline")
        }
        noteHeard(record.check)
        if !isLate, let end {
            guard record.lapse == .excluded, record.since == watch.standing.expected else {
                throw Violation.check(record.check, "nothing was wanted of it in a blackout")
            }
            watch.standing.expected = try watch.next(from: end)
            watch.setDeadline()
            return try keep(watch, record.check, record.standing)
        }
        guard record.lapse == (isLate ? .timedOut : .missed),
            record.since == watch.startedAt ?? watch.standing.expected
        else { throw Violation.check(record.check, "it was judged for \(record.lapse) of \(record.since)") }
        watch.startedAt = nil
        watch.end(isGood: false)
        if watch.standing.status == .down {
            watch.standing.expected = .distantFuture
        } else if watch.standing.expected <= now {
            watch.standing.expected = try watch.next(after: now)
        }
        watch.setDeadline()
        watch.ask(isLate ? .timedOut : .missed)
        try keep(watch, record.check, record.standing)
    }

    // MARK: Alerts

    mutating func open(_ record: AlertOpened, _ check: CheckID, _ id: AlertID) throws {
        guard watches[check]?.owed == .open(record.cause), watches[check]?.open == nil else {
            throw Violation.check(check, "an alert opened (\(record.cause.word)) and nothing asked for it")
        }
        settle(check)
        watches[check]?.open = id
    }

    mutating func resolve(_ record: AlertResolved, _ check: CheckID) throws {
        guard let watch = watches[check], watch.open == record.alert else {
            throw Violation.check(check, "alert \(record.alert) was resolved twice, or is not open")
        }
        switch record.end {
        case .recovered:
            guard watch.owed == .resolve else {
                throw Violation.check(check, "its alert was resolved and nothing asked for it")
            }
            settle(check)
        case .byHand: _ = try quiet(check)
        case .checkPaused, .checkRemoved:
            _ = try quiet(check)
            watches[check]?.owed = record.end == .checkPaused ? .pause : .removal
            owing.insert(check)
        default: throw Violation.check(check, "its alert was resolved as a job's: \(record.end.word)")
        }
        watches[check]?.open = nil
    }

    mutating func openAbsence(_ record: AlertOpened, _ id: AlertID) throws {
        guard absence == .owesOpening, record.key == Self.absenceKey, record.cause == .unwatched else {
            throw Violation.message(id, "an alert of our own opened and nothing asked for it")
        }
        absence = .open(id)
    }

    /// False when it is no alert about our absence.
    mutating func resolveAbsence(_ record: AlertResolved) throws -> Bool {
        switch absence {
        case .owesResolve(record.alert): absence = .none
        case .owesAnother(record.alert): absence = .owesOpening
        case .open(record.alert) where record.end == .byHand: absence = .none
        case .none, .owesOpening, .open, .owesResolve, .owesAnother: return false
        }
        return true
    }

    func isAbsence(_ alert: AlertID) -> Bool { absence == .open(alert) }

    func isOpen(_ alert: AlertID, of check: CheckID) -> Bool { watches[check]?.open == alert }

    /// Batches are whole, so nothing may be left over at the end of one.
    func check() throws {
        for check in owing { _ = try quiet(check) }
        switch absence {
        case .none, .open: break
        case .owesOpening, .owesResolve, .owesAnother:
            throw Violation.message(.zero, "an absence was told of, or is over, and its alert says nothing")
        }
    }
}
