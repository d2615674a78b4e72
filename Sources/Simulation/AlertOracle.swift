package import Domain
internal import Journaling

/// Works out from the ends of runs and slots which alerts there must be, and who must be told of them, and
/// holds the records against that: each alert opens when its job's failures in a row reach `alert_after`,
/// is told to every channel once, and is resolved once.
///
/// It shares nothing with `Alerting` and `AlertTable` but the records.
package struct AlertOracle: Sendable {
    private struct Watch: Sendable {
        var after: UInt32
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

    private struct Told: Sendable {
        /// Who there was to tell when it opened.
        var channels: Set<String>
        var kinds: [String: Set<MessageKind>] = [:]
        var isAcknowledged = false
        var isResolved = false
    }

    private var watches: [JobID: Watch] = [:]
    private var told: [AlertID: Told] = [:]
    /// Jobs and alerts that the last records left something owing for.
    private var owing: Set<JobID> = []
    private var untold: Set<AlertID> = []
    /// Where the present process may tell.
    private var channels = Set(SimulatedChannels.names)
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
        self.channels = channels
    }

    mutating func take(_ entry: Entry) throws {
        switch entry.record {
        case .jobRegistered(let record):
            watches[record.job] = Watch(after: try JobDefinition(packed: record.definition).alertAfter)
        case .jobRevised(let record):
            try owesNothing(record.job)
            let after = try JobDefinition(packed: record.definition).alertAfter
            watches[record.job]?.after = after
            if after == 0, watches[record.job]?.open != nil { owe(.resolve(.notWatched), record.job) }
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
        case .alertOpened(let record): try open(record, entry.sequence)
        case .alertAcknowledged(let record): try acknowledge(record)
        case .alertResolved(let record): try resolve(record)
        case .messageIntended(let record): try tell(record, entry.sequence)
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
            watches[job] = watch
            if watch.open != nil { owe(.resolve(.recovered), job) }
            return
        case .failed: break
        case .unknownHeld: cause = .unknown
        case .limitExpired: cause = .limitExpired
        case .missed, .missedWindow, .missedCap: cause = .missed
        default: return
        }
        // What nobody tried opens an alert as a failure does, and is not remembered as one.
        let inARow = watch.failures + times
        if cause != .missed { watch.failures = inARow }
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

    /// Alerts about checks are not this oracle's: no simulated life has one.
    private mutating func open(_ record: AlertOpened, _ id: AlertID) throws {
        guard let job = record.job else { return }
        guard let watch = watches[job], watch.open == nil, watch.owed == .open(record.cause) else {
            throw Violation.alert(
                job,
                "an alert opened (\(record.cause.word)) and nothing asked for it"
            )
        }
        settle(job)
        watches[job]?.open = id
        told[id] = Told(channels: channels)
        untold.insert(id)
        opened += 1
    }

    private mutating func acknowledge(_ record: AlertAcknowledged) throws {
        guard let job = record.job else { return }
        guard watches[job]?.open == record.alert, told[record.alert]?.isAcknowledged == false else {
            throw Violation.alert(job, "alert \(record.alert) was acknowledged twice, or is not open")
        }
        told[record.alert]?.isAcknowledged = true
        untold.insert(record.alert)
    }

    private mutating func resolve(_ record: AlertResolved) throws {
        guard let job = record.job else { return }
        guard watches[job]?.open == record.alert else {
            throw Violation.alert(job, "alert \(record.alert) was resolved twice, or is not open")
        }
        if record.end == .jobRemoved {
            try owesNothing(job)
            owe(.removal, job)
        } else {
            guard watches[job]?.owed == .resolve(record.end) else {
                throw Violation.alert(job, "its alert was resolved and nothing asked for it")
            }
            settle(job)
        }
        watches[job]?.open = nil
        told[record.alert]?.isResolved = true
        untold.insert(record.alert)
        resolved += 1
    }

    private mutating func tell(_ record: MessageIntended, _ id: MessageID) throws {
        if record.alert == .zero { return }
        guard let job = record.job, let known = told[record.alert], !known.isResolved else {
            throw Violation.message(id, "it tells of an alert that is over, or never was")
        }
        guard known.channels.contains(record.channel) else {
            throw Violation.message(id, "\(record.channel) was not there to be told of the opening")
        }
        let isNew = told[record.alert]?.kinds[record.channel, default: []].insert(record.kind).inserted
        guard isNew == true || record.kind == .remind else {
            throw Violation.alert(job, "\(record.channel) is told twice to \(record.kind.word)")
        }
    }

    // MARK: At the end of a batch

    /// Whatever is owed was given: batches are whole, so nothing may be left over at the end of one.
    mutating func check() throws {
        for job in owing { try owesNothing(job) }
        for id in untold {
            guard let told = told[id] else { continue }
            let expected = [
                (MessageKind.open, true), (.acknowledge, told.isAcknowledged), (.resolve, told.isResolved),
            ]
            for (kind, isOwed) in expected {
                let heard = Set(told.kinds.filter { $0.value.contains(kind) }.keys)
                guard heard == (isOwed ? told.channels : []) else {
                    throw Violation.message(id, "of the alert's \(kind.word) \(heard.sorted()) are told")
                }
            }
            if told.isResolved { self.told[id] = nil }
        }
        untold = []
    }

    /// The ledger's alerts are what the ends come to.
    func compare(_ table: AlertTable) throws {
        var open: [String: AlertID] = [:]
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
    }
}
