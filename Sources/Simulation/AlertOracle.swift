package import Domain
internal import Journaling

/// Works out from the ends of runs and slots which alerts there must be, and who must be told of them, and
/// holds the records against that: each alert opens when its job's failures in a row reach `alert_after`,
/// and is resolved once. Checks' alerts are `CheckOracle`'s, and who is told of either is
/// `TellingOracle`'s.
///
/// It shares nothing with `Alerting` and `AlertTable` but the records.
package struct AlertOracle: Sendable {
    private struct Watch: Sendable {
        var after: UInt32
        var resolveAfter: UInt32
        var successes: UInt32 = 0
        var isWell = false
        var failures: UInt32 = 0
        var open: AlertID?
        var owed: Owed?
    }

    /// What the next records about a job have to bring.
    private enum Owed: Sendable, Equatable {
        case open(AlertCause)
        case resolve(AlertEnd)
        /// The alert was resolved because the job goes: then it goes.
        case removal
    }

    private var watches: [JobID: Watch] = [:]
    /// Jobs that the last records left something owing for.
    private var owing: Set<JobID> = []
    private var checks = CheckOracle()
    private var blackouts = BlackoutBook()
    private var checkOfAlert: [AlertID: CheckID] = [:]
    private var telling = TellingOracle()
    private var startedAt = Timestamp.distantPast
    private(set) var opened = 0
    private(set) var resolved = 0

    package init() {}

    /// Judges a history from its first record on, of processes that knew all channels.
    package static func judge(_ entries: [Entry]) throws {
        var oracle = AlertOracle()
        for entry in entries { try oracle.take(entry) }
        try oracle.check()
    }

    /// A process starts: slots that passed before that are nobody's failure.
    mutating func start(at now: Timestamp, channels: Set<String>) {
        startedAt = now
        telling.start(channels: channels)
    }

    mutating func take(_ entry: Entry) throws {
        telling.take(entry)
        blackouts.take(entry)
        try checks.take(entry, blackouts)
        switch entry.record {
        case .jobRegistered(let record):
            let definition = try JobDefinition(packed: record.definition)
            watches[record.job] = Watch(
                after: definition.alertAfter,
                resolveAfter: definition.resolveAfter
            )
        case .jobRevised(let record):
            try owesNothing(record.job)
            let definition = try JobDefinition(packed: record.definition)
            watches[record.job]?.after = definition.alertAfter
            watches[record.job]?.resolveAfter = definition.resolveAfter
            if definition.alertAfter == 0, watches[record.job]?.open != nil {
                owe(.resolve(.notWatched), record.job)
            }
        case .jobRemoved(let record):
            if watches[record.job]?.owed == .removal { settle(record.job) }
            try owesNothing(record.job)
            if watches[record.job]?.open != nil {
                throw Violation.alert(record.job, "the job went and its alert stayed open")
            }
            watches[record.job] = nil
        case .slotsDecided(let record):
            if Self.isMissed(record.result), record.last.instant <= startedAt { return }
            try judge(record.job, record.result, isGone: false, times: record.count)
        case .runClosed(let record):
            try judge(record.job, record.result, isGone: record.report.status == 410, times: 1)
        case .alertOpened(let record): try open(record, entry)
        case .alertAcknowledged(let record): try acknowledge(record)
        case .alertResolved(let record): try resolve(record)
        case .messageIntended(let record): try tell(record, entry)
        default: break
        }
    }

    // MARK: Ends

    private static func isMissed(_ result: SlotResult) -> Bool {
        [.missed, .missedWindow, .missedCap].contains(result)
    }

    private mutating func judge(_ job: JobID, _ result: SlotResult, isGone: Bool, times: UInt32) throws {
        try owesNothing(job)
        guard var watch = watches[job] else { return }
        var cause = AlertCause.failing
        switch result {
        case .ok:
            watch.failures = 0
            watch.isWell = true
            if watch.open != nil { watch.successes += 1 }
            watches[job] = watch
            if watch.open != nil, watch.successes >= watch.resolveAfter { owe(.resolve(.recovered), job) }
            return
        case .failed: break
        case .unknownHeld: cause = .unknown
        case .limitExpired: cause = .limitExpired
        case .missed, .missedWindow, .missedCap: cause = .missed
        default: return
        }
        watch.isWell = false
        // What nobody tried opens an alert as a failure does, and is not remembered as one.
        let inARow = watch.failures + times
        if cause != .missed {
            watch.failures = inARow
            watch.successes = 0
        }
        watches[job] = watch
        guard watch.open == nil, watch.after > 0, isGone || inARow >= watch.after else { return }
        owe(.open(isGone ? .gone : cause), job)
    }

    private mutating func owe(_ owed: Owed, _ job: JobID) {
        watches[job]?.owed = owed
        owing.insert(job)
    }

    private mutating func settle(_ job: JobID) {
        watches[job]?.owed = nil
        owing.remove(job)
    }

    private func owesNothing(_ job: JobID) throws {
        guard let owed = watches[job]?.owed else { return }
        throw Violation.alert(job, "its last end asks for \(owed), and no such record follows")
    }

    // MARK: Alerts

    private mutating func open(_ record: AlertOpened, _ entry: Entry) throws {
        let id = entry.sequence
        if let job = record.job {
            guard let watch = watches[job], watch.open == nil, watch.owed == .open(record.cause) else {
                throw Violation.alert(
                    job,
                    "an alert opened (\(record.cause.word)) and nothing asked for it"
                )
            }
            settle(job)
            watches[job]?.open = id
            watches[job]?.successes = 0
        } else if let check = CheckID(alertKey: record.key) {
            try checks.open(record, check, id)
            checkOfAlert[id] = check
        } else {
            try checks.openAbsence(record, id)
        }
        telling.open(id, record.severity, at: entry.time)
        opened += 1
    }

    private mutating func acknowledge(_ record: AlertAcknowledged) throws {
        let isOpen =
            record.job.map { watches[$0]?.open == record.alert }
            ?? checkOfAlert[record.alert].map { checks.isOpen(record.alert, of: $0) }
            ?? checks.isAbsence(record.alert)
        guard isOpen, telling.acknowledge(record.alert) else {
            throw Violation.message(record.alert, "the alert was acknowledged twice, or is not open")
        }
    }

    private mutating func resolve(_ record: AlertResolved) throws {
        if let job = record.job {
            try resolve(record, job)
        } else if let check = checkOfAlert.removeValue(forKey: record.alert) {
            try checks.resolve(record, check)
        } else if try !checks.resolveAbsence(record) {
            throw Violation.message(record.alert, "the alert was resolved and never opened")
        }
        telling.resolve(record.alert)
        resolved += 1
    }

    private mutating func resolve(_ record: AlertResolved, _ job: JobID) throws {
        guard watches[job]?.open == record.alert else {
            throw Violation.alert(job, "alert \(record.alert) was resolved twice, or is not open")
        }
        switch record.end {
        case .byHand: try owesNothing(job)
        case .jobRemoved:
            try owesNothing(job)
            owe(.removal, job)
        default:
            guard watches[job]?.owed == .resolve(record.end) else {
                throw Violation.alert(job, "its alert was resolved and nothing asked for it")
            }
            settle(job)
        }
        watches[job]?.open = nil
    }

    private func tell(_ record: MessageIntended, _ id: MessageID) throws {
        guard record.kind == .success else { return }
        if let job = record.job {
            guard let watch = watches[job], watch.isWell, watch.open == nil, watch.after > 0 else {
                throw Violation.message(id, "job \(job) is said to be well")
            }
        } else if let check = record.check, checks.open["check/\(check)"] != nil {
            throw Violation.message(id, "check \(check) is said to be well")
        }
        try telling.tellSuccess(record, id)
    }

    private mutating func tell(_ record: MessageIntended, _ entry: Entry) throws {
        let (id, now) = (entry.sequence, entry.time)
        if record.alert == .zero { return try tell(record, id) }
        try telling.tell(record, id, at: now)
    }

    // MARK: At the end of a batch

    /// Whatever is owed was given: batches are whole, so nothing may be left over at the end of one.
    mutating func check() throws {
        for job in owing { try owesNothing(job) }
        try checks.check()
        try telling.check()
    }

    /// Reminders and escalations have come, by now.
    func checkAttention(_ table: AlertTable, _ now: Timestamp, lateMax: Span) throws {
        try telling.checkAttention(table, now, lateMax: lateMax)
    }

    /// The ledger's alerts are what the ends come to.
    func compare(_ table: AlertTable) throws {
        var open = checks.open
        var failures: [JobID: UInt32] = [:]
        for (job, watch) in watches {
            if let id = watch.open { open["job/\(job)"] = id }
            if watch.failures > 0 { failures[job] = watch.failures }
        }
        guard open == table.open else {
            throw Violation.ledgerDiffers("open alerts are \(table.open), and the runs ask for \(open)")
        }
        guard failures == table.failures else {
            throw Violation.ledgerDiffers("failures in a row are \(table.failures), counted: \(failures)")
        }
        let successes = watches.filter { $0.value.open != nil && $0.value.successes > 0 }
            .mapValues(\.successes)
        guard successes == table.successes else {
            throw Violation.ledgerDiffers("successes are \(table.successes), counted: \(successes)")
        }
    }
}
