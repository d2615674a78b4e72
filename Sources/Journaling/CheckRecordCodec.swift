internal import Domain

// Payloads of records about checks, as `Journaling.docc/Format.md` numbers them. A check's number is its
// field 1: the entry's subject is a job's.

/// Writes the payload of a record about a check; any other record writes nothing.
func encodeCheck(_ record: Record, _ context: PayloadContext, into w: inout FieldWriter) {
    let now = context.base
    if let check = record.check { w.write(1, UInt64(check.number)) }
    switch record {
    case .checkRegistered(let r):
        w.write(2, UInt64(r.scheduler))
        w.write(3, r.address)
        w.write(4, r.definition)
        w.write(r.standing, from: now)
    case .checkRevised(let r):
        w.write(4, r.definition)
        w.write(r.standing, from: now)
    case .checkResumed(let r): w.write(r.standing, from: now)
    case .checkPinged(let r): r.encode(context, into: &w)
    case .checkLapsed(let r):
        w.write(2, UInt64(r.lapse.rawValue))
        w.write(3, time: r.since, from: now)
        w.write(5, r.blackout)
        w.write(r.standing, from: now)
    case .checkUnwatched(let r):
        w.write(2, time: r.since, from: now)
        w.write(4, time: r.until, from: now)
        w.write(6, time: r.deadline, from: now)
        if let expected = r.expected { w.nest(8) { $0.write(1, time: expected, from: now) } }
        w.write(9, r.forgetsStarts ? 1 : 0)
        w.write(10, r.isTold ? 1 : 0)
    case .pingKeySet(let r):
        w.write(1, UInt64(r.scheduler))
        w.write(2, r.key)
    default: break
    }
}

extension CheckPinged {
    fileprivate func encode(_ context: PayloadContext, into w: inout FieldWriter) {
        w.write(2, UInt64(ping.kind.rawValue))
        w.write(3, ping.exitCode.map { UInt64($0) + 1 } ?? 0)
        if let run = ping.run { w.write(4, run.bytes) }
        w.write(5, ping.method)
        w.write(6, ping.source)
        if !ping.body.isEmpty { w.write(7, ping.body) }
        w.write(8, ping.bodyBytes)
        w.write(9, duration.map { UInt64(max(0, $0.microseconds)) + 1 } ?? 0)
        w.write(10, previous == .zero ? 0 : context.distance(to: previous))
        w.write(standing, from: context.base)
    }

    fileprivate init(_ context: PayloadContext, _ reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.checkPinged
        var standing = StandingFields()
        self.init(
            check: CheckID(0),
            ping: Ping(.log),
            duration: nil,
            standing: CheckStanding(),
            previous: .zero
        )
        while let (field, value) = try reader.next() {
            switch field {
            case 1: check = CheckID(try value.number(field, kind))
            case 2: ping.kind = try value.word(field, kind)
            case 3:
                let code: UInt16 = try value.number(field, kind)
                guard (1...256).contains(code) else { throw .invalid(field: field, of: kind.name) }
                ping.exitCode = UInt8(code - 1)
            case 4:
                guard let run = UniqueID(bytes: value.slice ?? []) else {
                    throw .invalid(field: field, of: kind.name)
                }
                ping.run = run
            case 5: ping.method = try value.text(field, kind)
            case 6: ping.source = try value.text(field, kind)
            case 7: ping.body = try value.bytes(field, kind)
            case 8: ping.bodyBytes = try value.number(field, kind)
            case 9:
                duration = Span(microseconds: Int64(clamping: try value.number(field, kind) as UInt64) &- 1)
            case 10: previous = context.other(at: try value.number(field, kind))
            default: try standing.take(field, value, kind)
            }
        }
        self.standing = standing.resolved(from: context.base)
    }
}

func decodeCheck(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ reader: inout FieldReader
) throws(FieldError) -> Record {
    switch kind {
    case .checkPinged: return .checkPinged(try CheckPinged(context, &reader))
    case .pingKeySet: return .pingKeySet(try PingKeySet(&reader))
    case .checkUnwatched: return .checkUnwatched(try CheckUnwatched(context, &reader))
    default: break
    }
    let form = try CheckFields(kind, &reader)
    let standing = form.standing.resolved(from: context.base)
    switch kind {
    case .checkRegistered:
        return .checkRegistered(
            CheckRegistered(
                check: form.check,
                scheduler: form.scheduler,
                address: form.address,
                definition: form.definition,
                standing: standing
            )
        )
    case .checkRevised:
        return .checkRevised(
            CheckRevised(check: form.check, definition: form.definition, standing: standing)
        )
    case .checkRemoved: return .checkRemoved(CheckRemoved(check: form.check))
    case .checkPaused: return .checkPaused(CheckPaused(check: form.check))
    case .checkResumed: return .checkResumed(CheckResumed(check: form.check, standing: standing))
    default:
        guard let lapse = form.lapse else { throw .invalid(field: 2, of: kind.name) }
        let since = form.since.resolved(from: context.base)
        return .checkLapsed(
            CheckLapsed(
                check: form.check,
                lapse: lapse,
                since: since,
                standing: standing,
                blackout: form.blackout
            )
        )
    }
}

/// The fields of the records that a check's life consists of; each kind has some of them.
private struct CheckFields {
    var check = CheckID(0)
    var scheduler: UInt32 = 0
    var address = Sealed(keyID: 0, bytes: [])
    var definition: [UInt8] = []
    var lapse: CheckLapse?
    var since = TimeField()
    var blackout = ""
    var standing = StandingFields()

    init(_ kind: RecordKind, _ reader: inout FieldReader) throws(FieldError) {
        while let (field, value) = try reader.next() {
            switch (field, kind) {
            case (1, _): check = CheckID(try value.number(field, kind))
            case (2, .checkRegistered): scheduler = try value.number(field, kind)
            case (3, .checkRegistered): address = try Sealed(packed: value.slice ?? [])
            case (4, .checkRegistered), (4, .checkRevised): definition = try value.bytes(field, kind)
            case (2, .checkLapsed): lapse = try value.word(field, kind)
            case (3, .checkLapsed), (4, .checkLapsed):
                try since.take(value, isFine: field == 4, field: field, of: kind)
            case (5, .checkLapsed): blackout = try value.text(field, kind)
            case (_, .checkRemoved), (_, .checkPaused): throw .invalid(field: field, of: kind.name)
            default: try standing.take(field, value, kind)
            }
        }
    }
}

extension CheckUnwatched {
    fileprivate init(_ context: PayloadContext, _ reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.checkUnwatched
        var check: UInt32 = 0
        var (since, until, deadline) = (TimeField(), TimeField(), TimeField())
        var expected: TimeField?
        var (forgetsStarts, isTold) = (false, false)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: check = try value.number(field, kind)
            case 8:
                var inner = FieldReader(value.slice ?? [])
                var time = TimeField()
                while let (part, value) = try inner.next() {
                    try time.take(value, isFine: part == 2, field: part, of: kind)
                }
                expected = time
            case 9: forgetsStarts = try value.number(field, kind) as UInt8 == 1
            case 10: isTold = try value.number(field, kind) as UInt8 == 1
            case 2, 3: try since.take(value, isFine: field == 3, field: field, of: kind)
            case 4, 5: try until.take(value, isFine: field == 5, field: field, of: kind)
            case 6, 7: try deadline.take(value, isFine: field == 7, field: field, of: kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
        self.init(
            check: CheckID(check),
            since: since.resolved(from: context.base),
            until: until.resolved(from: context.base),
            deadline: deadline.resolved(from: context.base),
            expected: expected?.resolved(from: context.base),
            forgetsStarts: forgetsStarts,
            isTold: isTold
        )
    }
}

extension PingKeySet {
    fileprivate init(_ reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.pingKeySet
        self.init(scheduler: 0, key: Sealed(keyID: 0, bytes: []))
        while let (field, value) = try reader.next() {
            switch field {
            case 1: scheduler = try value.number(field, kind)
            case 2: key = try Sealed(packed: value.slice ?? [])
            default: throw .invalid(field: field, of: kind.name)
            }
        }
    }
}

extension FieldWriter {
    /// Fields 20 to 26.
    mutating func write(_ standing: CheckStanding, from base: Timestamp) {
        write(20, UInt64(standing.status.rawValue))
        write(21, UInt64(standing.failures))
        write(22, UInt64(standing.successes))
        write(23, time: standing.expected, from: base)
        write(25, time: standing.deadline, from: base)
    }
}

/// A standing as read, before its base is known.
struct StandingFields {
    private var standing = CheckStanding()
    private var expected = TimeField()
    private var deadline = TimeField()

    mutating func take(_ field: UInt8, _ value: FieldValue, _ kind: RecordKind) throws(FieldError) {
        switch field {
        case 20: standing.status = try value.word(field, kind)
        case 21: standing.failures = try value.number(field, kind)
        case 22: standing.successes = try value.number(field, kind)
        case 23, 24: try expected.take(value, isFine: field == 24, field: field, of: kind)
        case 25, 26: try deadline.take(value, isFine: field == 26, field: field, of: kind)
        default: throw .invalid(field: field, of: kind.name)
        }
    }

    func resolved(from base: Timestamp) -> CheckStanding {
        var whole = standing
        whole.expected = expected.resolved(from: base)
        whole.deadline = deadline.resolved(from: base)
        return whole
    }
}
