package import Domain
internal import Journaling

/// Holds what destinations were told against the records of the messages: each message goes out only while
/// its record says that it waits, in the order of its line, under one key of its own, and the pair of open
/// and resolve stays in step.
///
/// A line is a channel and an alert key. The state of a line is worked out here from the records alone.
package struct MessageWitness: Sendable {
    private struct Line: Hashable, Sendable {
        var channel: String
        /// The alert's, or the message's own number for a test.
        var key: String
    }

    private struct Message: Sendable {
        var line: Line
        var kind: MessageKind
        var alert: AlertID
        var attempts: UInt16 = 0
        var isDead = false
        /// A receiver saw it since it was intended, or sent anew.
        var isSeen = false
    }

    /// What a destination thinks of one line.
    private struct Belief: Sendable {
        /// The newest message that was delivered.
        var delivered = MessageID.zero
        /// The last that was seen, delivered or not.
        var seen = MessageID.zero
        var seenKind = MessageKind.test
        /// What the destination tells the line's alert by.
        var key: String?
    }

    private var alertKeys: [AlertID: String] = [:]
    /// Messages that may not leave before a time, and the latest that it has been since they were intended.
    private var held: [MessageID: (notBefore: Timestamp, latest: Timestamp)] = [:]
    private var open: Set<String> = []
    /// Alerts a channel was told of, by key: its newest.
    private var newest: [Line: AlertID] = [:]
    /// Not delivered.
    private var messages: [MessageID: Message] = [:]
    private var waiting: [Line: Set<MessageID>] = [:]
    private var beliefs: [Line: Belief] = [:]
    private var idempotencyKeys: [MessageID: String] = [:]
    private var messageOfKey: [String: MessageID] = [:]
    private var lineOfKey: [String: Line] = [:]
    /// Said to be delivered, before anybody saw it.
    private var unseen: MessageID?
    private(set) var delivered = 0
    private(set) var calls = 0
    /// Calls that told a destination what it had been told before.
    private(set) var repeated = 0

    package init() {}

    // MARK: Records

    package mutating func take(_ entry: Entry) throws {
        noteTime(of: entry)
        switch entry.record {
        case .alertOpened(let record):
            alertKeys[entry.sequence] = record.key
            open.insert(record.key)
        case .alertResolved(let record):
            if let key = alertKeys[record.alert] { open.remove(key) }
        case .messageIntended(let record):
            let key: String? =
                switch record.kind {
                case .test: "test/\(entry.sequence)"
                case .success: "success \(String(describing: record.job)) \(String(describing: record.check))"
                default: alertKeys[record.alert]
                }
            if let notBefore = record.notBefore { held[entry.sequence] = (notBefore, entry.time) }
            guard let key else { throw Violation.message(entry.sequence, "it is about no alert") }
            let line = Line(channel: record.channel, key: key)
            messages[entry.sequence] = Message(line: line, kind: record.kind, alert: record.alert)
            waiting[line, default: []].insert(entry.sequence)
            if record.kind == .open { newest[line] = record.alert }
        case .messageDelivered(let record): try end(record.message, record.report.attempt, isDelivered: true)
        case .messageFailed(let record):
            try count(record.message, record.report.attempt)
        case .messageDead(let record): try end(record.message, nil, isDelivered: false)
        case .messageResent(let record):
            guard let message = messages[record.message], message.isDead else {
                throw Violation.message(record.message, "it was sent anew without being dead")
            }
            messages[record.message]?.isDead = false
            messages[record.message]?.isSeen = false
            messages[record.message]?.attempts = 0
            waiting[message.line, default: []].insert(record.message)
        case .messageDiscarded(let record):
            guard messages.removeValue(forKey: record.message)?.isDead == true else {
                throw Violation.message(record.message, "it was discarded without being dead")
            }
        default: break
        }
    }

    private mutating func noteTime(of entry: Entry) {
        guard !held.isEmpty else { return }
        var time = entry.time
        if case .clockStepped(let step) = entry.record { time = max(time, step.from) }
        for (id, known) in held where known.latest < time { held[id]?.latest = time }
    }

    private mutating func count(_ id: MessageID, _ attempt: UInt16) throws {
        // A step of the clock that nobody noted is shorter than this.
        if let (notBefore, latest) = held.removeValue(forKey: id), latest + .minutes(2) < notBefore {
            throw Violation.message(id, "it left at \(latest.seconds), before \(notBefore.seconds)")
        }
        guard let message = messages[id], !message.isDead else {
            throw Violation.message(id, "an attempt of it ended although it was done with")
        }
        guard attempt == message.attempts + 1 else {
            throw Violation.message(id, "attempt \(attempt) ended after \(message.attempts) others")
        }
        messages[id]?.attempts = attempt
    }

    /// - Parameter attempt: nil for the end of a message that was given up, which may come without one.
    private mutating func end(_ id: MessageID, _ attempt: UInt16?, isDelivered: Bool) throws {
        if let attempt { try count(id, attempt) }
        guard let message = messages[id], !message.isDead else {
            throw Violation.message(id, "it came to a second end")
        }
        waiting[message.line]?.remove(id)
        if waiting[message.line]?.isEmpty == true { waiting[message.line] = nil }
        guard isDelivered else {
            messages[id]?.isDead = true
            return
        }
        if !message.isSeen { unseen = id }
        messages[id] = nil
        delivered += 1
        beliefs[message.line, default: Belief()].delivered = max(
            id,
            beliefs[message.line]?.delivered ?? .zero
        )
    }

    // MARK: Calls

    /// A destination saw a call.
    /// - Parameter entries: every durable record, the first has sequence 1.
    package mutating func check(_ call: ReceivedCall, to channel: String, _ entries: [Entry]) throws {
        let index = Int(clamping: call.intent.value) - 1
        guard entries.indices.contains(index), case .messageIntended(let intent) = entries[index].record,
            intent.channel == channel
        else { throw Violation.callWithoutIntent(call, "no durable record announces it to \(channel)") }
        guard let message = messages[call.intent], !message.isDead else {
            throw Violation.message(call.intent, "it was told although it is done with")
        }
        calls += 1
        try checkOrder(of: call.intent, message)
        guard let told = ToldMessage(channel: channel, body: call.body), told.kinds.contains(message.kind)
        else {
            throw Violation.message(call.intent, "what was told is not what was intended")
        }
        try checkKeys(of: call, told, message)
        if message.isSeen { repeated += 1 }
        messages[call.intent]?.isSeen = true
        beliefs[message.line, default: Belief()].seen = call.intent
        beliefs[message.line]?.seenKind = message.kind
    }

    private func checkOrder(of id: MessageID, _ message: Message) throws {
        for other in waiting[message.line] ?? [] {
            if other < id {
                throw Violation.message(id, "it was told before \(other) of the same alert came to its end")
            }
            if other > id, messages[other]?.isSeen == true {
                throw Violation.message(id, "it was told after \(other), which follows it")
            }
        }
        if let later = beliefs[message.line]?.delivered, later > id {
            throw Violation.message(id, "it was told after \(later) had been delivered, which follows it")
        }
    }

    private mutating func checkKeys(of call: ReceivedCall, _ told: ToldMessage, _ message: Message) throws {
        if let known = beliefs[message.line]?.key, known != told.key {
            throw Violation.keyMixed("\(message.line) is called \(known) and \(told.key)")
        }
        // Each channel has the keys to itself; tests may share the one that no alert has.
        let whole = "\(message.line.channel) \(told.key)"
        if message.kind != .test {
            if let known = lineOfKey[whole], known != message.line {
                throw Violation.keyMixed("\(known) and \(message.line) are both called \(told.key)")
            }
            lineOfKey[whole] = message.line
        }
        beliefs[message.line, default: Belief()].key = told.key
        guard !call.key.isEmpty else { return }
        if let known = idempotencyKeys[call.intent], known != call.key {
            throw Violation.keyMixed("two attempts of message \(call.intent) carry \(known) and \(call.key)")
        }
        if let known = messageOfKey[call.key], known != call.intent {
            throw Violation.keyMixed("messages \(known) and \(call.intent) share the key \(call.key)")
        }
        idempotencyKeys[call.intent] = call.key
        messageOfKey[call.key] = call.intent
    }

    /// No message is said to be delivered that its destination never saw.
    package func checkDeliveries() throws {
        guard let unseen else { return }
        throw Violation.message(unseen, "it is said to be delivered, and its destination never saw it")
    }

    // MARK: At rest

    /// Where everything was delivered, destinations believe what is true.
    func checkBeliefs() throws {
        let troubled = Set(messages.values.map(\.line))
        for (line, belief) in beliefs where !troubled.contains(line) && newest[line] != nil {
            guard belief.seen == belief.delivered else {
                throw Violation.message(
                    belief.seen,
                    "the last that \(line) was told was not the last delivered"
                )
            }
            if !open.contains(line.key), belief.seenKind != .resolve {
                throw Violation.message(
                    belief.seen,
                    "\(line) is resolved and was told \(belief.seenKind) last"
                )
            }
        }
    }
}
