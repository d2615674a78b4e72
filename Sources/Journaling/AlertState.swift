internal import Domain

// What a snapshot holds of alerts, messages and channels: fields 9 to 12 and 40 of the ledger's state. Times
// count from zero.

private let zero = Timestamp(microseconds: 0)

extension FieldWriter {
    /// In ascending order of keys: equal tables have equal bytes.
    mutating func write(_ table: AlertTable) {
        for (job, count) in table.failures.sorted(by: { $0.key < $1.key }) {
            nest(9) {
                $0.write(1, UInt64(job.number))
                $0.write(2, UInt64(count))
            }
        }
        for (job, count) in table.successes.sorted(by: { $0.key < $1.key }) {
            nest(9) {
                $0.write(1, UInt64(job.number))
                $0.write(3, UInt64(count))
            }
        }
        for (id, alert) in table.alerts.sorted(by: { $0.key < $1.key }) {
            nest(10) {
                $0.write(1, id.value)
                alert.encode(into: &$0)
            }
        }
        for (id, message) in table.messages.sorted(by: { $0.key < $1.key }) {
            nest(11) {
                $0.write(1, id.value)
                message.encode(into: &$0)
            }
        }
        for (name, channel) in table.channels.sorted(by: { $0.key < $1.key }) {
            nest(12) {
                $0.write(1, name)
                $0.write(2, limits: channel.limits, from: zero)
                $0.write(3, channel.brokenBecause ?? "")
            }
        }
        for (_, channel) in table.configured.sorted(by: { $0.key < $1.key }) {
            nest(40) { channel.encode(into: &$0) }
        }
    }
}

/// The table on its way out of a snapshot.
struct AlertTableFields {
    private var alerts: [AlertID: Alert] = [:]
    private var messages: [MessageID: PendingMessage] = [:]
    private var channels: [String: ChannelState] = [:]
    private var configured: [String: ChannelConfigured] = [:]
    private var failures: [JobID: UInt32] = [:]
    private var successes: [JobID: UInt32] = [:]

    var table: AlertTable {
        AlertTable(
            alerts: alerts,
            messages: messages,
            channels: channels,
            configured: configured,
            failures: failures,
            successes: successes
        )
    }

    mutating func take(_ field: UInt8, _ slice: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(slice)
        switch field {
        case 9:
            var (job, failed, succeeded) = (UInt32(0), UInt32(0), UInt32(0))
            while let (part, value) = try reader.next() {
                switch part {
                case 1: job = try value.number(part, .runClosed)
                case 2: failed = try value.number(part, .runClosed)
                case 3: succeeded = try value.number(part, .runClosed)
                default: throw .invalid(field: part, of: "ends in a row")
                }
            }
            if failed > 0 { failures[JobID(job)] = failed }
            if succeeded > 0 { successes[JobID(job)] = succeeded }
        case 10:
            let (id, alert) = try Alert.read(&reader)
            alerts[id] = alert
        case 11:
            let (id, message) = try PendingMessage.read(&reader)
            messages[id] = message
        case 40:
            let channel = try ChannelConfigured(fields: &reader)
            configured[channel.name] = channel
        default:
            var name = ""
            var channel = ChannelState()
            while let (part, value) = try reader.next() {
                switch part {
                case 1: name = try value.text(part, .messageDead)
                case 2: try channel.limits.take(value, from: zero, part, .messageDead)
                case 3: channel.brokenBecause = try value.text(part, .messageDead)
                default: throw .invalid(field: part, of: "channel")
                }
            }
            channels[name] = channel
        }
    }
}

extension Alert {
    fileprivate func encode(into w: inout FieldWriter) {
        w.write(2, UInt64(opened.job?.number ?? 0))
        w.nest(3) { opened.encode(into: &$0) }
        w.write(4, time: openedAt, from: zero)
        if let acknowledgedAt {
            w.write(6, 1)
            w.write(7, time: acknowledgedAt, from: openedAt)
        }
        if let resolvedAt {
            w.write(9, 1)
            w.write(10, time: resolvedAt, from: openedAt)
        }
        w.write(12, UInt64(end?.rawValue ?? 0))
        for (name, facts) in channels.sorted(by: { $0.key < $1.key }) {
            w.nest(13) {
                $0.write(1, name)
                $0.write(2, facts: facts)
            }
        }
        for (name, time) in toldAt.sorted(by: { $0.key < $1.key }) {
            w.nest(14) {
                $0.write(1, name)
                $0.write(2, time: time, from: openedAt)
            }
        }
    }

    fileprivate static func read(_ reader: inout FieldReader) throws(FieldError) -> (AlertID, Alert) {
        let kind = RecordKind.alertOpened
        var (id, job) = (UInt64(0), UInt32(0))
        var opened: AlertOpened?
        var openedAt = TimeField()
        var acknowledged: TimeField?
        var resolved: TimeField?
        var end: AlertEnd?
        var channels: [String: [String: String]] = [:]
        var told: [FieldValue] = []
        while let (field, value) = try reader.next() {
            switch field {
            case 1: id = try value.number(field, kind)
            case 2: job = try value.number(field, kind)
            case 3:
                var inner = FieldReader(value.slice ?? [])
                opened = try AlertOpened(job: job == 0 ? nil : JobID(job), fields: &inner)
            case 4, 5: try openedAt.take(value, isFine: field == 5, field: field, of: kind)
            case 6: acknowledged = TimeField()
            case 7, 8: try acknowledged?.take(value, isFine: field == 8, field: field, of: kind)
            case 9: resolved = TimeField()
            case 10, 11: try resolved?.take(value, isFine: field == 11, field: field, of: kind)
            case 12: end = try value.word(field, kind)
            case 13:
                let (name, facts) = try readFacts(value, kind)
                channels[name] = facts
            case 14: told.append(value)
            default: throw .invalid(field: field, of: "alert")
            }
        }
        guard let opened else { throw .invalid(field: 3, of: "alert") }
        let begin = openedAt.resolved(from: zero)
        var alert = Alert(opened: opened, at: begin)
        alert.acknowledgedAt = acknowledged?.resolved(from: begin)
        alert.resolvedAt = resolved?.resolved(from: begin)
        alert.end = end
        alert.channels = channels
        // A build that did not keep it told everybody at once.
        for name in channels.keys { alert.toldAt[name] = begin }
        for value in told { try alert.toldAt.take(value, from: begin, 14, kind) }
        return (AlertID(id), alert)
    }

    private static func readFacts(
        _ value: FieldValue,
        _ kind: RecordKind
    ) throws(FieldError) -> (String, [String: String]) {
        var inner = FieldReader(value.slice ?? [])
        var name = ""
        var facts: [String: String] = [:]
        while let (part, value) = try inner.next() {
            switch part {
            case 1: name = try value.text(part, kind)
            case 2: try facts.take(value, part, kind)
            default: throw .invalid(field: part, of: "alert")
            }
        }
        return (name, facts)
    }
}

extension PendingMessage {
    fileprivate func encode(into w: inout FieldWriter) {
        w.write(2, UInt64(job?.number ?? 0))
        w.write(3, alert.value)
        w.write(4, channel)
        w.write(5, UInt64(kind.rawValue))
        w.write(6, time: intendedAt, from: zero)
        w.write(8, UInt64(attempts))
        if let retryAt {
            w.write(9, 1)
            w.write(10, time: retryAt, from: intendedAt)
        }
        w.write(12, reason)
        w.write(13, (isDead ? 1 : 0) | (isOvertaken ? 2 : 0))
        w.write(14, time: since, from: intendedAt)
        w.write(16, leader.value)
        if let letter { w.nest(17) { letter.encode(at: 0, into: &$0) } }
        w.write(18, UInt64(check?.number ?? 0))
        w.write(19, facts: facts)
    }

    fileprivate static func read(_ reader: inout FieldReader) throws(FieldError) -> (
        MessageID, PendingMessage
    ) {
        let kind = RecordKind.messageIntended
        var (id, job) = (UInt64(0), UInt32(0))
        var intended = MessageIntended(job: nil, alert: .zero, channel: "", kind: .test)
        var (intendedAt, since) = (TimeField(), TimeField())
        var retry: TimeField?
        var (attempts, reason, flags, leader) = (UInt16(0), "", UInt8(0), UInt64(0))
        var facts: [String: String] = [:]
        while let (field, value) = try reader.next() {
            switch field {
            case 1: id = try value.number(field, kind)
            case 2: job = try value.number(field, kind)
            case 3: intended.alert = AlertID(try value.number(field, kind))
            case 4: intended.channel = try value.text(field, kind)
            case 5: intended.kind = try value.word(field, kind)
            case 6, 7: try intendedAt.take(value, isFine: field == 7, field: field, of: kind)
            case 8: attempts = try value.number(field, kind)
            case 9: retry = TimeField()
            case 10, 11: try retry?.take(value, isFine: field == 11, field: field, of: kind)
            case 12: reason = try value.text(field, kind)
            case 13: flags = try value.number(field, kind)
            case 14, 15: try since.take(value, isFine: field == 15, field: field, of: kind)
            case 16: leader = try value.number(field, kind)
            case 17: intended.letter = try StepLetter.read(value, at: 0)
            case 18: intended.check = try value.check(field, kind)
            case 19: try facts.take(value, field, kind)
            default: throw .invalid(field: field, of: "message")
            }
        }
        let begin = intendedAt.resolved(from: zero)
        intended.job = job == 0 ? nil : JobID(job)
        var message = PendingMessage(intended: intended, at: begin)
        message.facts = facts
        message.attempts = attempts
        message.retryAt = retry?.resolved(from: begin)
        message.reason = reason
        message.isDead = flags & 1 == 1
        message.isOvertaken = flags & 2 == 2
        message.since = since.resolved(from: begin)
        message.leader = MessageID(leader)
        return (MessageID(id), message)
    }
}
