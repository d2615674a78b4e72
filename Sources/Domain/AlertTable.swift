/// Alerts, the messages about them that are not done with, and what is known of the channels.
///
/// Part of the ledger: only records change it. An alert stays until it is resolved, its last message is
/// delivered, and so many newer ones have come to that; then the journal alone tells of it.
package struct AlertTable: Sendable, Equatable {
    package private(set) var alerts: [AlertID: Alert] = [:]
    /// Those that are not resolved, by key.
    package private(set) var open: [String: AlertID] = [:]
    /// Messages waiting, under way or dead.
    package private(set) var messages: [MessageID: PendingMessage] = [:]
    package private(set) var channels: [String: ChannelState] = [:]
    /// What people have said of channels, by name.
    package private(set) var configured: [String: ChannelConfigured] = [:]
    /// Runs and slots in a row that failed, of jobs that have any. Missed ones are not among them: nobody
    /// tried.
    package private(set) var failures: [JobID: UInt32] = [:]
    /// Runs in a row that succeeded, of jobs whose alert is open.
    package private(set) var successes: [JobID: UInt32] = [:]
    /// Jobs whose own alert is open.
    private var openJobs: Set<JobID> = []
    /// In ascending order.
    package private(set) var dead: [MessageID] = []
    /// Alerts that nothing more will happen to, in ascending order.
    private var done: [AlertID] = []

    /// Dead messages that are kept; beyond it the oldest goes.
    package static let deadMax = 1000
    /// Resolved alerts that are kept for people to look at; beyond it the oldest goes.
    package static let doneMax = 256

    package init() {}

    /// What a snapshot holds; what is derivable is derived.
    package init(
        alerts: [AlertID: Alert],
        messages: [MessageID: PendingMessage],
        channels: [String: ChannelState],
        configured: [String: ChannelConfigured],
        failures: [JobID: UInt32],
        successes: [JobID: UInt32]
    ) {
        self.alerts = alerts
        self.messages = messages
        self.channels = channels
        self.configured = configured
        self.failures = failures
        self.successes = successes
        for (id, alert) in alerts.sorted(by: { $0.key < $1.key }) where alert.resolvedAt == nil {
            open[alert.key] = id
            if let job = alert.opened.ownJob { openJobs.insert(job) }
        }
        for (id, message) in messages {
            self.alerts[message.alert]?.messages += 1
            if message.isDead { dead.append(id) }
            if message.leader != .zero { self.messages[message.leader]?.members.append(id) }
        }
        dead.sort()
        for (id, message) in self.messages where !message.members.isEmpty {
            self.messages[id]?.members.sort()
        }
        done = self.alerts.filter { $0.value.resolvedAt != nil && $0.value.messages == 0 }.keys.sorted()
    }

    /// The key under which a message stands in line: its alert's or its step's, that of what has succeeded,
    /// or its own for a test.
    package func key(of message: MessageID) -> String {
        guard let known = messages[message] else { return "test/\(message)" }
        if known.kind == .success { return Self.successKey(known.job, known.check) }
        return known.letter?.line ?? alerts[known.alert]?.key ?? "test/\(message)"
    }

    /// One line for all successes of a job or a check, apart from that of its alerts.
    package static func successKey(_ job: JobID?, _ check: CheckID?) -> String {
        job.map { "success/job/\($0)" } ?? check.map { "success/check/\($0)" } ?? "success"
    }

    /// Whether everything is equal that decides anything. A snapshot of an older build has no failures in a
    /// row, no alerts that are over, and does not know when channels were told, nor what messages about no
    /// alert have learnt.
    package func isSameForChecks(as other: AlertTable) -> Bool {
        lasting == other.lasting && plainMessages == other.plainMessages && channels == other.channels
            && configured == other.configured
    }

    private var plainMessages: [MessageID: PendingMessage] {
        messages.mapValues { message in
            var plain = message
            plain.facts = [:]
            return plain
        }
    }

    private var lasting: [AlertID: Alert] {
        var lasting = alerts
        for id in done { lasting[id] = nil }
        for id in lasting.keys { lasting[id]?.toldAt = [:] }
        return lasting
    }

    // MARK: Changes

    mutating func apply(_ entry: Entry) throws(LedgerError) {
        let id = entry.sequence
        switch entry.record {
        case .alertOpened(let record):
            alerts[id] = Alert(opened: record, at: entry.time)
            open[record.key] = id
            if let job = record.ownJob { openJobs.insert(job) }
        case .alertAcknowledged(let record):
            guard alerts[record.alert] != nil else { throw .unknownAlert(record.alert, sequence: id) }
            alerts[record.alert]?.acknowledgedAt = entry.time
        case .alertResolved(let record):
            guard let alert = alerts[record.alert] else { throw .unknownAlert(record.alert, sequence: id) }
            alerts[record.alert]?.resolvedAt = entry.time
            alerts[record.alert]?.end = record.end
            if open[alert.key] == record.alert { open[alert.key] = nil }
            if let job = alert.opened.ownJob, openJobs.remove(job) != nil { successes[job] = nil }
            forgetIfDone(record.alert)
        case .messageIntended(let record):
            if record.alert != .zero, alerts[record.alert] == nil {
                throw .unknownAlert(record.alert, sequence: id)
            }
            messages[id] = PendingMessage(intended: record, at: entry.time)
            alerts[record.alert]?.messages += 1
            if alerts[record.alert]?.channels[record.channel] == nil {
                alerts[record.alert]?.channels[record.channel] = [:]
            }
            if record.kind == .open || record.kind == .remind {
                alerts[record.alert]?.toldAt[record.channel] = entry.time
            }
        case .channelConfigured(let record): configured[record.name] = record
        case .channelRemoved(let record):
            configured[record.name] = nil
            channels[record.name] = nil
        case .channelMended(let record): channels[record.name]?.brokenBecause = nil
        default: try applyToMessage(entry)
        }
    }

    private mutating func applyToMessage(_ entry: Entry) throws(LedgerError) {
        switch entry.record {
        case .messageDelivered(let record):
            let message = try known(record.message, entry)
            if !record.isNeedless {
                channels[message.channel, default: ChannelState()].brokenBecause = nil
            }
            for id in [record.message] + message.members {
                let member = try known(id, entry)
                learn(record.report, from: member, id)
                // Nothing was said, so nothing was overtaken; but nobody opens what is over.
                if !record.isNeedless || member.kind == .resolve { overtake(id) }
                remove(id)
            }
        case .messageFailed(let record):
            let message = try known(record.message, entry)
            learn(record.report, from: message, record.message)
            for id in [record.message] + message.members {
                messages[id]?.attempts = record.report.attempt
                messages[id]?.retryAt = record.retryAt
                messages[id]?.reason = record.reason
                if record.beginsPatience { messages[id]?.since = entry.time }
            }
        case .messageDead(let record):
            let message = try known(record.message, entry)
            learn(record.report, from: message, record.message)
            if record.isBroken {
                channels[message.channel, default: ChannelState()].brokenBecause = record.reason
            }
            // A group is one only while it is on its way.
            for id in [record.message] + message.members {
                messages[id]?.attempts = record.report.attempt
                messages[id]?.retryAt = nil
                messages[id]?.reason = record.reason
                messages[id]?.isDead = true
                messages[id]?.leader = .zero
                messages[id]?.members = []
                bury(id)
            }
        case .messageResent(let record):
            _ = try known(record.message, entry)
            dead.removeAll { $0 == record.message }
            messages[record.message]?.isDead = false
            messages[record.message]?.attempts = 0
            messages[record.message]?.since = entry.time
        case .messageDiscarded(let record):
            _ = try known(record.message, entry)
            remove(record.message)
        case .messagesGrouped(let record):
            _ = try known(record.leader, entry)
            for id in record.members {
                _ = try known(id, entry)
                messages[id]?.leader = record.leader
            }
            messages[record.leader]?.members = record.members
        default: break
        }
    }

    private func known(_ id: MessageID, _ entry: Entry) throws(LedgerError) -> PendingMessage {
        guard let message = messages[id] else { throw .unknownMessage(id, sequence: entry.sequence) }
        return message
    }

    /// What belongs to no alert is remembered with the message itself.
    private mutating func learn(_ report: MessageReport, from message: PendingMessage, _ id: MessageID) {
        if message.alert == .zero {
            messages[id]?.facts.merge(report.remember) { _, new in new }
        } else if !report.remember.isEmpty {
            alerts[message.alert]?.channels[message.channel, default: [:]].merge(report.remember) { _, new in
                new
            }
        }
        if !report.limits.isEmpty {
            channels[message.channel, default: ChannelState()].limits.merge(report.limits) { max($0, $1) }
        }
    }

    private mutating func bury(_ id: MessageID) {
        // Nobody wants good news that is a day old, and it would push out the bad.
        if messages[id]?.kind == .success { return remove(id) }
        dead.insert(id, at: dead.firstIndex { $0 > id } ?? dead.count)
        if dead.count > Self.deadMax, let oldest = dead.first { remove(oldest) }
    }

    /// What was delivered tells more than the dead messages before it: sent now, they would undo it.
    private mutating func overtake(_ id: MessageID) {
        guard !dead.isEmpty, let message = messages[id] else { return }
        let key = key(of: id)
        for older in dead.prefix(while: { $0 < id }) where self.key(of: older) == key {
            if messages[older]?.channel == message.channel { messages[older]?.isOvertaken = true }
        }
    }

    private mutating func remove(_ id: MessageID) {
        guard let message = messages.removeValue(forKey: id) else { return }
        if message.isDead { dead.removeAll { $0 == id } }
        alerts[message.alert]?.messages -= 1
        forgetIfDone(message.alert)
    }

    private mutating func forgetIfDone(_ id: AlertID) {
        guard let alert = alerts[id], alert.resolvedAt != nil, alert.messages == 0 else { return }
        done.insert(id, at: done.firstIndex { $0 > id } ?? done.count)
        if done.count > Self.doneMax { alerts[done.removeFirst()] = nil }
    }

    // MARK: Ends in a row

    mutating func count(_ result: SlotResult, times: UInt32, of job: JobID) {
        if result == .ok {
            if !failures.isEmpty { failures[job] = nil }
            if !openJobs.isEmpty, openJobs.contains(job) { successes[job, default: 0] += 1 }
        } else if result.isFailure {
            if !successes.isEmpty { successes[job] = nil }
            let (sum, overflow) = failures[job, default: 0].addingReportingOverflow(times)
            failures[job] = overflow ? .max : sum
        }
    }

    mutating func forget(_ job: JobID) {
        failures[job] = nil
        successes[job] = nil
    }
}

extension AlertOpened {
    /// The job whose ends this alert is about; nil for others, those of its runtime and pace among them.
    fileprivate var ownJob: JobID? { job.flatMap { key == "job/\($0)" ? $0 : nil } }
}

/// Something that a person should know of, from its opening to its last message.
package struct Alert: Sendable, Equatable {
    package let opened: AlertOpened
    package let openedAt: Timestamp
    package var acknowledgedAt: Timestamp?
    package var resolvedAt: Timestamp?
    package var end: AlertEnd?
    /// The channels that were told of it, and what is remembered of it at each.
    package var channels: [String: [String: String]] = [:]
    /// When each channel was last to be told that it is open.
    package var toldAt: [String: Timestamp] = [:]
    /// Messages about it that are waiting, under way or dead. Follows from them.
    package var messages: UInt32 = 0

    package var key: String { opened.key }
    package var job: JobID? { opened.job }

    package init(opened: AlertOpened, at openedAt: Timestamp) {
        self.opened = opened
        self.openedAt = openedAt
    }
}

/// A message that is not delivered yet, or never will be.
package struct PendingMessage: Sendable, Equatable {
    package let job: JobID?
    package let check: CheckID?
    package let alert: AlertID
    package let channel: String
    package let kind: MessageKind
    package let intendedAt: Timestamp
    /// What a step says; nil for a message about an alert.
    package let letter: StepLetter?
    /// What is remembered of it at its channel, when it is about no alert.
    package var facts: [String: String] = [:]
    /// Attempts that ended.
    package var attempts: UInt16 = 0
    /// Not before; nil for at once.
    package var retryAt: Timestamp?
    /// Why the last attempt failed.
    package var reason = ""
    package var isDead = false
    /// A later message about the same was delivered: this one must not follow it.
    package var isOvertaken = false
    /// When its patience began: when it was first tried, or sent anew.
    package var since: Timestamp
    /// It goes to a URL of its step's own, which needs no channel.
    package var isToURL: Bool { letter != nil && channel.contains("://") }
    /// The message that goes for this one too; zero for none.
    package var leader = MessageID.zero
    /// Those that go with this one. Follows from them.
    package var members: [MessageID] = []

    package init(intended: MessageIntended, at time: Timestamp) {
        job = intended.job
        check = intended.check
        alert = intended.alert
        channel = intended.channel
        kind = intended.kind
        letter = intended.letter
        intendedAt = time
        retryAt = intended.notBefore
        since = intended.notBefore ?? time
    }
}

/// What is known of a destination.
package struct ChannelState: Sendable, Equatable {
    /// Parts of it that take nothing more until then; the empty name is all of it.
    package var limits: [String: Timestamp] = [:]
    /// It takes nothing until somebody corrects it; nil when it works as far as is known.
    package var brokenBecause: String?

    package init() {}

    package var restsUntil: Timestamp? { limits[""] }
}

extension SlotResult {
    /// It was tried, and the work was not done.
    package var isFailure: Bool {
        switch self {
        case .failed, .unknownHeld, .limitExpired: true
        default: false
        }
    }

    /// Its time passed while nothing could be sent.
    package var isMissed: Bool {
        switch self {
        case .missed, .missedWindow, .missedCap: true
        default: false
        }
    }
}
