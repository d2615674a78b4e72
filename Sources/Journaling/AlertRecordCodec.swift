internal import Domain

// Payloads of records about alerts and messages, as `Journaling.docc/Format.md` numbers them. An alert or a
// message is written as the distance back to the record that it is named by.

extension AlertOpened {
    func encode(into w: inout FieldWriter) {
        w.write(1, key)
        w.write(2, UInt64(severity.rawValue))
        w.write(3, UInt64(cause.rawValue))
        w.write(4, title)
        for line in details { w.write(5, Array(line.utf8)) }
        w.write(6, jobName)
    }

    init(job: JobID?, fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.alertOpened
        self.init(job: job, key: "", severity: .error, cause: .failing, title: "", details: [], jobName: "")
        while let (field, value) = try reader.next() {
            switch field {
            case 1: key = try value.text(field, kind)
            case 2: severity = try value.word(field, kind)
            case 3: cause = try value.word(field, kind)
            case 4: title = try value.text(field, kind)
            case 5: details.append(try value.text(field, kind))
            case 6: jobName = try value.text(field, kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
    }
}

extension MessageIntended {
    fileprivate init(
        job: JobID?,
        _ context: PayloadContext,
        _ reader: inout FieldReader
    ) throws(FieldError) {
        let record = RecordKind.messageIntended
        self.init(job: job, alert: .zero, channel: "", kind: .test)
        var notBefore: TimeField?
        while let (field, value) = try reader.next() {
            switch field {
            case 1: alert = context.other(at: try value.number(field, record))
            case 2: channel = try value.text(field, record)
            case 3: kind = try value.word(field, record)
            case 4: notBefore = TimeField()
            case 5, 6: try notBefore?.take(value, isFine: field == 6, field: field, of: record)
            case 7: letter = try StepLetter.read(value, at: context.sequence.value)
            case 8: check = try value.check(field, record)
            default: throw .invalid(field: field, of: record.name)
            }
        }
        self.notBefore = notBefore?.resolved(from: context.base)
    }
}

/// Writes the payload of a record about an alert or a message; any other record writes nothing.
func encodeAlert(_ record: Record, _ context: PayloadContext, into w: inout FieldWriter) {
    switch record {
    case .alertOpened(let r): r.encode(into: &w)
    case .alertAcknowledged(let r): w.write(1, context.distance(to: r.alert))
    case .alertResolved(let r):
        w.write(1, context.distance(to: r.alert))
        w.write(2, UInt64(r.end.rawValue))
    case .messageIntended(let r):
        w.write(1, r.alert == .zero ? 0 : context.distance(to: r.alert))
        w.write(2, r.channel)
        w.write(3, UInt64(r.kind.rawValue))
        if let notBefore = r.notBefore {
            w.write(4, 1)
            w.write(5, time: notBefore, from: context.base)
        }
        if let letter = r.letter { w.nest(7) { letter.encode(at: context.sequence.value, into: &$0) } }
        w.write(8, UInt64(r.check?.number ?? 0))
    case .messageDelivered(let r):
        w.write(1, context.distance(to: r.message))
        w.write(r.report, from: context.base)
        w.write(5, r.isNeedless ? 1 : 0)
    case .messageFailed(let r):
        w.write(1, context.distance(to: r.message))
        w.write(r.report, from: context.base)
        w.write(5, r.reason)
        w.write(6, time: r.retryAt, from: context.base)
        w.write(8, r.beginsPatience ? 1 : 0)
    case .messageDead(let r):
        w.write(1, context.distance(to: r.message))
        w.write(r.report, from: context.base)
        w.write(5, r.reason)
        w.write(8, r.isBroken ? 1 : 0)
    case .messageResent(let r): w.write(1, context.distance(to: r.message))
    case .messageDiscarded(let r): w.write(1, context.distance(to: r.message))
    default: break
    }
}

func decodeAlert(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ reader: inout FieldReader
) throws(FieldError) -> Record {
    let job = context.subject == 0 ? nil : context.job
    switch kind {
    case .alertOpened: return .alertOpened(try AlertOpened(job: job, fields: &reader))
    case .messageIntended: return .messageIntended(try MessageIntended(job: job, context, &reader))
    default: break
    }
    let form = try AlertFields(kind, context, &reader)
    let named = context.run(at: form.distance)
    switch kind {
    case .alertAcknowledged: return .alertAcknowledged(AlertAcknowledged(job: job, alert: named))
    case .alertResolved:
        guard let end = form.end else { throw .invalid(field: 2, of: kind.name) }
        return .alertResolved(AlertResolved(job: job, alert: named, end: end))
    case .messageDelivered:
        return .messageDelivered(
            MessageDelivered(job: job, message: named, report: form.report, isNeedless: form.isNeedless)
        )
    case .messageFailed:
        return .messageFailed(
            MessageFailed(
                job: job,
                message: named,
                report: form.report,
                reason: form.reason,
                retryAt: form.retryAt.resolved(from: context.base),
                beginsPatience: form.flag
            )
        )
    case .messageDead:
        return .messageDead(
            MessageDead(
                job: job,
                message: named,
                report: form.report,
                reason: form.reason,
                isBroken: form.flag
            )
        )
    case .messageDiscarded: return .messageDiscarded(MessageDiscarded(job: job, message: named))
    default: return .messageResent(MessageResent(job: job, message: named))
    }
}

/// The fields that records about a known alert or message share; each kind has some of them.
private struct AlertFields {
    var distance: UInt64 = 0
    var end: AlertEnd?
    var report = MessageReport(attempt: 0)
    var reason = ""
    var retryAt = TimeField()
    /// The channel is broken, or patience begins.
    var flag = false
    var isNeedless = false

    init(_ kind: RecordKind, _ context: PayloadContext, _ reader: inout FieldReader) throws(FieldError) {
        let last: UInt8 =
            switch kind {
            case .alertResolved: 2
            case .messageDelivered: 5
            case .messageFailed, .messageDead: 8
            default: 1
            }
        while let (field, value) = try reader.next() {
            guard field <= last else { throw .invalid(field: field, of: kind.name) }
            switch field {
            case 1: distance = try value.number(field, kind)
            case 2 where kind == .alertResolved: end = try value.word(field, kind)
            case 2...4: try report.take(field, value, from: context.base, kind)
            case 5 where kind == .messageDelivered: isNeedless = try value.number(field, kind) as UInt8 == 1
            case 5: reason = try value.text(field, kind)
            case 6, 7: try retryAt.take(value, isFine: field == 7, field: field, of: kind)
            case 8: flag = try value.number(field, kind) as UInt8 == 1
            default: throw .invalid(field: field, of: kind.name)
            }
        }
    }
}

extension MessageReport {
    fileprivate mutating func take(
        _ field: UInt8,
        _ value: FieldValue,
        from base: Timestamp,
        _ kind: RecordKind
    ) throws(FieldError) {
        switch field {
        case 2: attempt = try value.number(field, kind)
        case 3: try remember.take(value, field, kind)
        default: try limits.take(value, from: base, field, kind)
        }
    }
}

extension FieldWriter {
    fileprivate mutating func write(_ report: MessageReport, from base: Timestamp) {
        write(2, UInt64(report.attempt))
        write(3, facts: report.remember)
        write(4, limits: report.limits, from: base)
    }

    /// In ascending order: equal values have equal bytes.
    mutating func write(_ field: UInt8, facts: [String: String]) {
        for (name, fact) in facts.sorted(by: { $0.key < $1.key }) {
            nest(field) {
                $0.write(1, name)
                $0.write(2, fact)
            }
        }
    }

    mutating func write(_ field: UInt8, limits: [String: Timestamp], from base: Timestamp) {
        for (part, time) in limits.sorted(by: { $0.key < $1.key }) {
            nest(field) {
                $0.write(1, part)
                $0.write(2, time: time, from: base)
            }
        }
    }
}

extension [String: String] {
    mutating func take(_ value: FieldValue, _ field: UInt8, _ kind: RecordKind) throws(FieldError) {
        guard let slice = value.slice else { throw .invalid(field: field, of: kind.name) }
        var inner = FieldReader(slice)
        var (name, fact) = ("", "")
        while let (part, value) = try inner.next() {
            switch part {
            case 1: name = try value.text(part, kind)
            case 2: fact = try value.text(part, kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
        self[name] = fact
    }
}

extension [String: Timestamp] {
    mutating func take(
        _ value: FieldValue,
        from base: Timestamp,
        _ field: UInt8,
        _ kind: RecordKind
    ) throws(FieldError) {
        guard let slice = value.slice else { throw .invalid(field: field, of: kind.name) }
        var inner = FieldReader(slice)
        var name = ""
        var time = TimeField()
        while let (part, value) = try inner.next() {
            switch part {
            case 1: name = try value.text(part, kind)
            case 2, 3: try time.take(value, isFine: part == 3, field: part, of: kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
        self[name] = time.resolved(from: base)
    }
}

extension FieldValue {
    /// A check that need not be there: zero, which is not written, is none.
    func check(_ field: UInt8, _ kind: RecordKind) throws(FieldError) -> CheckID? {
        let number: UInt32 = try number(field, kind)
        return number == 0 ? nil : CheckID(number)
    }
}
