internal import Cron
internal import Domain

// Times, slots and reports as fields: relative to an instant that the reader knows already, because most of
// them are that instant or a few seconds from it.

extension Timestamp {
    /// The base of a record's times: its entry's time without the fraction of a second, for most slots fall
    /// on one.
    var wholeSecond: Timestamp {
        let rest = microseconds % 1_000_000
        return Timestamp(microseconds: microseconds &- (rest < 0 ? rest + 1_000_000 : rest))
    }
}

extension FieldWriter {
    mutating func write(_ field: UInt8, time: Timestamp, from base: Timestamp) {
        if time == base { return }
        if time == .distantFuture { return write(field, [UInt8]()) }
        // Wraps where the two are further apart than a number can say; reading wraps back.
        let difference = time.microseconds &- base.microseconds
        let (seconds, rest) = difference.quotientAndRemainder(dividingBy: 1_000_000)
        if rest == 0 { write(field, signed: seconds) } else { write(field + 1, signed: difference) }
    }

    mutating func write(_ field: UInt8, slot: Slot, from base: Timestamp) {
        write(field, UInt64(slot.line))
        write(field + 1, time: slot.instant, from: base)
        write(field + 3, signed: slot.local.seconds &- slot.instant.seconds)
        write(field + 4, UInt64(slot.fold))
    }

    mutating func write(report: AttemptReport) {
        write(20, UInt64(report.n &- 1))
        write(21, UInt64(report.status))
        if let failure = report.failure {
            write(22, UInt64(failure.kind.rawValue))
            write(23, failure.message)
        }
        write(24, report.address)
        write(25, UInt64(report.timings.name))
        write(26, UInt64(report.timings.connect))
        write(27, UInt64(report.timings.tls))
        write(28, UInt64(report.timings.firstByte))
        write(29, UInt64(report.timings.total))
        if !report.body.isEmpty { write(30, report.body) }
        write(31, report.isTruncated ? 1 : 0)
    }
}

/// A time as read, before its base is known.
struct TimeField {
    private enum Form {
        case base
        case after(microseconds: Int64)
        case never
    }
    private var form = Form.base

    /// Takes the value of field `n` (`isFine` false) or `n + 1`.
    mutating func take(_ value: FieldValue, isFine: Bool, field: UInt8, of kind: RecordKind)
        throws(FieldError)
    {
        if isFine {
            form = .after(microseconds: try value.signed(field, kind))
        } else if let bytes = value.slice {
            guard bytes.isEmpty else { throw .invalid(field: field, of: kind.name) }
            form = .never
        } else {
            form = .after(microseconds: try value.signed(field, kind) &* 1_000_000)
        }
    }

    func resolved(from base: Timestamp) -> Timestamp {
        switch form {
        case .base: base
        case .after(let microseconds): Timestamp(microseconds: base.microseconds &+ microseconds)
        case .never: .distantFuture
        }
    }
}

/// A slot as read, before its base is known.
struct SlotField {
    private var line: UInt8 = 0
    private var instant = TimeField()
    private var offset: Int64 = 0
    private var fold: UInt8 = 0

    /// Takes field `first + part`.
    mutating func take(part: UInt8, _ value: FieldValue, _ field: UInt8, _ kind: RecordKind)
        throws(FieldError)
    {
        switch part {
        case 0: line = try value.number(field, kind)
        case 1, 2: try instant.take(value, isFine: part == 2, field: field, of: kind)
        case 3: offset = try value.signed(field, kind)
        default: fold = try value.number(field, kind)
        }
    }

    func resolved(from base: Timestamp) -> Slot {
        let instant = instant.resolved(from: base)
        return Slot(
            line: line,
            instant: instant,
            local: LocalDateTime(seconds: instant.seconds &+ offset),
            fold: fold
        )
    }
}

extension AttemptReport {
    /// Takes a field of 20 to 31; false when it is none.
    mutating func take(_ field: UInt8, _ value: FieldValue, _ kind: RecordKind) throws(FieldError) -> Bool {
        switch field {
        case 20: n = try value.number(field, kind) as UInt16 &+ 1
        case 21: status = try value.number(field, kind)
        case 22:
            guard let word = FailureKind(rawValue: try value.number(field, kind)) else {
                throw .invalid(field: field, of: kind.name)
            }
            failure = Failure(word, "")
        case 23: failure?.message = try value.text(field, kind)
        case 24: address = try value.text(field, kind)
        case 25: timings.name = try value.number(field, kind)
        case 26: timings.connect = try value.number(field, kind)
        case 27: timings.tls = try value.number(field, kind)
        case 28: timings.firstByte = try value.number(field, kind)
        case 29: timings.total = try value.number(field, kind)
        case 30: body = try value.bytes(field, kind)
        case 31: isTruncated = try value.number(field, kind) as UInt8 == 1
        default: return false
        }
        return true
    }
}

/// Field values of a certain type, or the error that names the field.
extension FieldValue {
    @inline(__always)
    func number<N: FixedWidthInteger & UnsignedInteger>(
        _ field: UInt8,
        _ kind: RecordKind
    ) throws(FieldError) -> N {
        guard let number, let exact = N(exactly: number) else { throw .invalid(field: field, of: kind.name) }
        return exact
    }

    func signed(_ field: UInt8, _ kind: RecordKind) throws(FieldError) -> Int64 {
        guard let signed else { throw .invalid(field: field, of: kind.name) }
        return signed
    }

    func bytes(_ field: UInt8, _ kind: RecordKind) throws(FieldError) -> [UInt8] {
        guard let slice else { throw .invalid(field: field, of: kind.name) }
        return Array(slice)
    }

    func text(_ field: UInt8, _ kind: RecordKind) throws(FieldError) -> String {
        guard let text else { throw .invalid(field: field, of: kind.name) }
        return text
    }

    func word<E: RawRepresentable>(_ field: UInt8, _ kind: RecordKind) throws(FieldError) -> E
    where E.RawValue == UInt8 {
        guard let word = E(rawValue: try number(field, kind)) else {
            throw .invalid(field: field, of: kind.name)
        }
        return word
    }
}
