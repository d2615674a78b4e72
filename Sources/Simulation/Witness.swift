package import Domain
package import Journaling

/// Writes down everything that was ever durable, and holds it against what is there later.
///
/// It knows the engine only by what comes out of it: records read back from the journal, answers to commands,
/// and calls as their receivers saw them.
package struct Witness: Sendable {
    /// Every durable record so far, as the journal gave it back.
    package private(set) var entries: [Entry] = []
    private var positions: [Position] = []
    /// What the entries come to, applied one after the other from nothing.
    package private(set) var ledger = Ledger()
    private var calls = CallWitness()
    private var messages = MessageWitness()
    private var alerts = AlertOracle()
    private var silence = SilenceOracle()
    private var callsChecked = 0
    package private(set) var acknowledgements = 0

    package init() {}

    /// Reads what has become durable since the last look.
    package mutating func read(_ journal: Journal) throws {
        let newest = journal.durable
        guard newest > ledger.sequence else { return }
        var fresh: [(Entry, Position)] = []
        try journal.reader().scan(from: ledger.sequence.next) { entry, position in
            fresh.append((entry, position))
            return entry.sequence < newest ? .next : .stop
        }
        for (entry, position) in fresh { try take(entry, position) }
        guard ledger.sequence == newest else {
            throw Violation.recordLost(ledger.sequence.next, "it is said to be durable and cannot be read")
        }
        // What is durable is whole batches.
        try alerts.check()
        try messages.checkDeliveries()
    }

    /// Takes the next durable record.
    package mutating func take(_ entry: Entry, _ position: Position) throws {
        guard entry.sequence == ledger.sequence.next else {
            throw Violation.sequenceGap(expected: ledger.sequence.next, found: entry.sequence)
        }
        do {
            try ledger.apply(entry, at: position)
        } catch {
            throw Violation.ledgerDiffers("record \(entry.sequence) does not follow: \(error)")
        }
        entries.append(entry)
        positions.append(position)
        calls.note(entry)
        try messages.take(entry)
        try alerts.take(entry)
        try silence.take(entry)
    }

    /// A process is about to take up the work.
    package mutating func noteStart(at now: Timestamp, channels: Set<String>) {
        alerts.start(at: now, channels: channels)
    }

    /// A command was answered: its record must be there.
    package mutating func note(_ answer: Acknowledgement) throws {
        acknowledgements += 1
        guard answer.sequence <= ledger.sequence else { throw Violation.acknowledgementLost(answer) }
        let written = entries[Int(answer.since.value)..<Int(answer.sequence.value)]
        let isThere = written.contains { $0.record.name == answer.record && $0.record.job == answer.job }
        guard isThere else { throw Violation.acknowledgementLost(answer) }
    }

    /// Receivers saw these, after those that were noted before.
    package mutating func note(_ received: ArraySlice<ReceivedCall>) throws {
        for call in received {
            if let channel = SimulatedChannels.name(of: call.host) {
                try messages.check(call, to: channel, entries)
            } else {
                try calls.check(call, entries)
            }
        }
        callsChecked += received.count
    }

    /// Nobody was told now of what a blackout or quiet hours have kept since a moment.
    package func checkSilence(
        of received: ArraySlice<ReceivedCall>,
        since: Timestamp,
        now: Timestamp
    ) throws {
        for call in received where SimulatedChannels.name(of: call.host) != nil {
            if silence.isSilent(call.intent, from: since, through: now) {
                throw Violation.message(call.intent, "it left in a blackout or in quiet hours")
            }
        }
    }

    /// Something may have kept the message lately.
    func mayHaveBeenSilent(_ message: MessageID, since: Timestamp, now: Timestamp) -> Bool {
        silence.mayBeSilent(message, from: since, through: now)
    }

    /// Alerts are what the ends of runs and slots come to, and destinations believe what is true.
    package mutating func checkAlerts() throws {
        try alerts.check()
        try alerts.compare(ledger.alerts)
        try messages.checkBeliefs()
    }

    /// Reminders and escalations have come, by now.
    func checkAttention(_ now: Timestamp, lateMax: Span) throws {
        try alerts.checkAttention(ledger.alerts, now, lateMax: lateMax)
    }

    package var alertsOpened: Int { alerts.opened }
    package var alertsResolved: Int { alerts.resolved }
    package var messagesDelivered: Int { messages.delivered }
    /// Calls to destinations that had seen the same message before.
    package var messagesRepeated: Int { messages.repeated }

    /// How many calls were noted.
    package var callsNoted: Int { callsChecked }

    /// A folder was opened again: everything that was durable is there, in its place, and the ledger (from a
    /// snapshot and the tail) is what all records come to. What was not acknowledged may have survived too.
    package mutating func compare(_ recovered: Recovered) throws {
        let durable = recovered.journal.durable
        // Retention may have removed the oldest segments: from there on all is there.
        let oldest = recovered.journal.reader().oldest ?? Sequence(1)
        var next = oldest
        var fresh: [(Entry, Position)] = []
        var differing: Violation?
        try recovered.journal.reader().scan(from: oldest) { entry, position in
            let index = Int(next.value) - 1
            if index >= entries.count {
                fresh.append((entry, position))
            } else if entries[index] != entry || positions[index] != position {
                differing = .recordLost(next, "\(entry) is in its place")
                return .stop
            }
            next = next.next
            return entry.sequence < durable ? .next : .stop
        }
        if let differing { throw differing }
        guard next.value > UInt64(entries.count) else {
            throw Violation.recordLost(next, "the journal ends before it")
        }
        for (entry, position) in fresh { try take(entry, position) }
        try compare(recovered.ledger)
    }

    /// The ledger is what its records come to.
    package func compare(_ other: Ledger) throws {
        if let difference = other.difference(from: ledger) { throw Violation.ledgerDiffers(difference) }
    }
}
