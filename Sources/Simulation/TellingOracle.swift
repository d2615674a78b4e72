internal import Domain

/// Works out from the rules of channels who must be told what of an alert, and holds the records of messages
/// against that: each opening once to those it concerns, escalations after their delay, reminders at their
/// distance, an acknowledgement to those who want it, one resolve to all that heard. When nothing may leave
/// is `SilenceOracle`'s.
///
/// It shares nothing with `AlertAgenda` but the records.
struct TellingOracle: Sendable {
    private struct Told: Sendable {
        let severity: AlertSeverity
        let openedAt: Timestamp
        /// Who has to be told at once, and of the acknowledgement.
        var owedOpening: Set<String>
        var owedAcknowledgement: Set<String> = []
        var kinds: [String: Set<MessageKind>] = [:]
        /// When each was last told that it is open.
        var toldAt: [String: Timestamp] = [:]
        /// When a message to each last came to its end.
        var endedAt: [String: Timestamp] = [:]
        var isAcknowledged = false
        var isResolved = false

        /// Who knows that it is open.
        var heard: Set<String> { Set(toldAt.keys) }
    }

    private var told: [AlertID: Told] = [:]
    private var untold: Set<AlertID> = []
    private var places: [MessageID: (alert: AlertID, channel: String)] = [:]
    private var configured: [String: ChannelConfigured] = [:]
    /// Where the present process may tell.
    private var channels = Set(SimulatedChannels.names)

    mutating func start(channels: Set<String>) { self.channels = channels }

    mutating func take(_ entry: Entry) {
        switch entry.record {
        case .channelConfigured(let record): configured[record.name] = record
        case .messageDelivered(let record): noteEnd(of: record.message, at: entry.time)
        case .messageDead(let record): noteEnd(of: record.message, at: entry.time)
        default: break
        }
    }

    /// A dead one may come to another end, when it is sent again.
    private mutating func noteEnd(of message: MessageID, at now: Timestamp) {
        guard let place = places[message] else { return }
        told[place.alert]?.endedAt[place.channel] = now
    }

    /// Of a channel that the process does not know nothing is known.
    private func rules(_ name: String) -> ChannelRules {
        channels.contains(name) ? configured[name]?.rules ?? ChannelRules() : ChannelRules()
    }

    private func concerns(_ name: String, _ severity: AlertSeverity) -> Bool {
        channels.contains(name) && configured[name]?.isPaused != true && rules(name).level != .off
            && severity >= rules(name).severityMin
    }

    // MARK: Alerts

    mutating func open(_ id: AlertID, _ severity: AlertSeverity, at now: Timestamp) {
        let owed = channels.filter { concerns($0, severity) && rules($0).after == .zero }
        told[id] = Told(severity: severity, openedAt: now, owedOpening: owed)
        untold.insert(id)
    }

    /// False when it was acknowledged before, or is over.
    mutating func acknowledge(_ id: AlertID) -> Bool {
        guard let known = told[id], !known.isAcknowledged, !known.isResolved else { return false }
        let wanted = known.heard.filter { rules($0).level != .failures && rules($0).level != .off }
        told[id]?.isAcknowledged = true
        told[id]?.owedAcknowledgement = wanted
        untold.insert(id)
        return true
    }

    mutating func resolve(_ id: AlertID) {
        told[id]?.isResolved = true
        untold.insert(id)
    }

    // MARK: Messages

    mutating func tell(_ record: MessageIntended, _ id: MessageID, at now: Timestamp) throws {
        guard let known = told[record.alert], !known.isResolved else {
            throw Violation.message(id, "it tells of an alert that is over, or never was")
        }
        let name = record.channel
        switch record.kind {
        case .open:
            let isDue = concerns(name, known.severity) && now >= known.openedAt + rules(name).after
            let isLate = !known.isAcknowledged && rules(name).after > .zero
            guard known.toldAt[name] == nil, isDue, isLate || known.owedOpening.contains(name) else {
                throw Violation.message(id, "\(name) is told of an opening that it is not to hear now")
            }
        case .remind:
            let every = rules(name).remindEvery
            guard let last = known.toldAt[name], every > .zero, now >= last + every,
                concerns(name, known.severity), !known.isAcknowledged
            else { throw Violation.message(id, "\(name) is reminded and did not want to be") }
        case .acknowledge, .resolve:
            guard known.heard.contains(name) else {
                throw Violation.message(id, "\(name) was not there to be told of the opening")
            }
        case .test, .step, .success: throw Violation.message(id, "it is about an alert")
        }
        places[id] = (record.alert, name)
        let isNew = told[record.alert]?.kinds[name, default: []].insert(record.kind).inserted
        guard isNew == true || record.kind == .remind else {
            throw Violation.message(id, "\(name) is told twice to \(record.kind.word)")
        }
        if record.kind == .open || record.kind == .remind { told[record.alert]?.toldAt[name] = now }
        // These channels group nothing.
        guard record.notBefore == nil else {
            throw Violation.message(id, "it leaves not before \(String(describing: record.notBefore))")
        }
    }

    /// A success is told to those that hear everything.
    func tellSuccess(_ record: MessageIntended, _ id: MessageID) throws {
        let rules = rules(record.channel)
        guard channels.contains(record.channel), rules.level == .everything, rules.severityMin == .info,
            record.channel == "hook", record.notBefore == nil
        else { throw Violation.message(id, "\(record.channel) is not to hear of successes") }
    }

    // MARK: At the end of a batch, and at rest

    mutating func check() throws {
        for id in untold {
            guard let known = told[id] else { continue }
            func heard(_ kind: MessageKind) -> Set<String> {
                Set(known.kinds.filter { $0.value.contains(kind) }.keys)
            }
            guard heard(.open).isSuperset(of: known.owedOpening),
                heard(.acknowledge) == known.owedAcknowledgement,
                heard(.resolve) == (known.isResolved ? known.heard : [])
            else {
                throw Violation.message(id, "of the alert \(known.kinds) are told, of \(known)")
            }
            if known.isResolved { told[id] = nil }
        }
        untold = []
    }

    /// What time alone brings has come.
    func checkAttention(_ table: AlertTable, _ now: Timestamp, lateMax: Span) throws {
        for (id, known) in told where !known.isResolved && !known.isAcknowledged {
            for name in channels where concerns(name, known.severity) {
                let rules = rules(name)
                var due = Timestamp.distantFuture
                if let last = known.toldAt[name] {
                    // One that would only join another comes at the next time.
                    let since = max(last, known.endedAt[name] ?? last)
                    if rules.remindEvery > .zero { due = since + rules.remindEvery + rules.remindEvery }
                } else if rules.after > .zero {
                    due = known.openedAt + rules.after
                }
                guard due != .distantFuture, due + lateMax < now else { continue }
                let isWaiting = table.messages.values.contains {
                    $0.alert == id && $0.channel == name && !$0.isDead
                }
                if !isWaiting {
                    throw Violation.stuck("\(name) was to hear of alert \(id) at \(due.seconds)")
                }
            }
        }
    }
}
