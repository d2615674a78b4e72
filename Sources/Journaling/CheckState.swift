internal import Domain

// What a snapshot holds of checks: fields 20 to 22 of the ledger's state. Times count from zero.

private let zero = Timestamp(microseconds: 0)

extension FieldWriter {
    /// In ascending order of keys: equal tables have equal bytes.
    mutating func write(_ table: CheckTable) {
        write(20, UInt64(table.checksEver))
        for (scheduler, key) in table.pingKeys.sorted(by: { $0.key < $1.key }) {
            nest(21) {
                $0.write(1, UInt64(scheduler))
                $0.write(2, key)
            }
        }
        for (id, check) in table.entries.sorted(by: { $0.key < $1.key }) {
            nest(22) { check.encode(id, into: &$0) }
        }
    }
}

/// The table on its way out of a snapshot.
struct CheckTableFields {
    var checksEver: UInt32 = 0
    private var pingKeys: [UInt32: Sealed] = [:]
    private var entries: [CheckID: CheckEntry] = [:]

    var table: CheckTable { CheckTable(entries: entries, checksEver: checksEver, pingKeys: pingKeys) }

    mutating func take(_ field: UInt8, _ slice: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(slice)
        guard field == 21 else {
            let (id, entry) = try CheckEntry.read(&reader)
            entries[id] = entry
            return
        }
        var scheduler: UInt32 = 0
        var key = Sealed(keyID: 0, bytes: [])
        while let (part, value) = try reader.next() {
            switch part {
            case 1: scheduler = try value.number(part, .pingKeySet)
            case 2: key = try Sealed(packed: value.slice ?? [])
            default: throw .invalid(field: part, of: "ping key")
            }
        }
        pingKeys[scheduler] = key
    }
}

extension CheckEntry {
    fileprivate func encode(_ id: CheckID, into w: inout FieldWriter) {
        w.write(1, UInt64(id.number))
        w.write(2, UInt64(scheduler))
        w.write(3, time: registeredAt, from: zero)
        w.write(5, address)
        w.write(6, definition)
        w.write(7, sequence.value)
        w.write(8, isPaused ? 1 : 0)
        if let lastPing { w.nest(9) { $0.write(1, time: lastPing, from: registeredAt) } }
        w.write(10, lastDuration.map { UInt64(max(0, $0.microseconds)) + 1 } ?? 0)
        w.write(11, pings)
        for start in starts {
            w.nest(12) {
                if let run = start.run { $0.write(1, run.bytes) }
                $0.write(2, time: start.since, from: registeredAt)
                $0.write(4, time: start.at, from: start.since)
            }
        }
        for trace in recent { w.nest(13) { trace.encode(from: registeredAt, into: &$0) } }
        if let unwatched {
            w.nest(14) {
                $0.write(1, time: unwatched.since, from: registeredAt)
                $0.write(3, time: unwatched.until, from: registeredAt)
                $0.write(5, unwatched.isTold ? 1 : 0)
            }
        }
        w.write(16, excludedBy)
        if let habit { w.nest(15) { habit.encode(from: registeredAt, into: &$0) } }
        w.write(standing, from: registeredAt)
    }

    fileprivate static func read(_ reader: inout FieldReader) throws(FieldError) -> (CheckID, CheckEntry) {
        let kind = RecordKind.checkRegistered
        var (number, scheduler, sequence) = (UInt32(0), UInt32(0), UInt64(0))
        var registered = TimeField()
        var address = Sealed(keyID: 0, bytes: [])
        var definition: [UInt8] = []
        var rest: [(UInt8, FieldValue)] = []
        while let (field, value) = try reader.next() {
            switch field {
            case 1: number = try value.number(field, kind)
            case 2: scheduler = try value.number(field, kind)
            case 3, 4: try registered.take(value, isFine: field == 4, field: field, of: kind)
            case 5: address = try Sealed(packed: value.slice ?? [])
            case 6: definition = try value.bytes(field, kind)
            case 7: sequence = try value.number(field, kind)
            default: rest.append((field, value))
            }
        }
        var entry = CheckEntry(
            scheduler: scheduler,
            registeredAt: registered.resolved(from: zero),
            address: address,
            definition: definition,
            sequence: Sequence(sequence)
        )
        var standing = StandingFields()
        for (field, value) in rest { try entry.take(field, value, &standing) }
        entry.standing = standing.resolved(from: entry.registeredAt)
        return (CheckID(number), entry)
    }

    private mutating func take(
        _ field: UInt8,
        _ value: FieldValue,
        _ standing: inout StandingFields
    ) throws(FieldError) {
        let kind = RecordKind.checkRegistered
        switch field {
        case 8: isPaused = try value.number(field, kind) as UInt8 == 1
        case 9: lastPing = try times(value, from: registeredAt).first
        case 10:
            let plusOne: UInt64 = try value.number(field, kind)
            lastDuration = plusOne == 0 ? nil : Span(microseconds: Int64(clamping: plusOne) - 1)
        case 11: pings = try value.number(field, kind)
        case 12:
            var inner = FieldReader(value.slice ?? [])
            var run: UniqueID?
            var (since, at) = (TimeField(), TimeField())
            while let (part, value) = try inner.next() {
                switch part {
                case 1: run = UniqueID(bytes: value.slice ?? [])
                case 2, 3: try since.take(value, isFine: part == 3, field: part, of: kind)
                case 4, 5: try at.take(value, isFine: part == 5, field: part, of: kind)
                default: throw .invalid(field: part, of: "check")
                }
            }
            let begin = since.resolved(from: registeredAt)
            starts.append(OpenStart(run: run, since: begin, at: at.resolved(from: begin)))
        case 13:
            var inner = FieldReader(value.slice ?? [])
            recent.append(try PingTrace(from: registeredAt, fields: &inner))
        case 14:
            let (since, until, isTold) = try times(value, from: registeredAt)
            unwatched = Unwatched(since: since, until: until, isTold: isTold)
        case 16: excludedBy = try value.text(field, kind)
        case 15:
            var inner = FieldReader(value.slice ?? [])
            habit = try CheckHabit(from: registeredAt, fields: &inner)
        default: try standing.take(field, value, kind)
        }
    }

    /// Times at 1 and at 3 of what is nested, and a mark at 5.
    private func times(
        _ value: FieldValue,
        from base: Timestamp
    ) throws(FieldError) -> (first: Timestamp, second: Timestamp, isMarked: Bool) {
        var inner = FieldReader(value.slice ?? [])
        var (first, second) = (TimeField(), TimeField())
        var isMarked = false
        while let (part, value) = try inner.next() {
            switch part {
            case 1, 2: try first.take(value, isFine: part == 2, field: part, of: .checkRegistered)
            case 3, 4: try second.take(value, isFine: part == 4, field: part, of: .checkRegistered)
            case 5: isMarked = try value.number(part, .checkRegistered) as UInt8 == 1
            default: throw .invalid(field: part, of: "check")
            }
        }
        return (first.resolved(from: base), second.resolved(from: base), isMarked)
    }
}

extension CheckHabit {
    fileprivate func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, signed: Int64(intervals.median))
        w.write(2, signed: Int64(intervals.high))
        w.write(3, UInt64(intervalsSeen))
        w.write(4, UInt64(shortInARow))
        w.write(5, signed: Int64(durations.median))
        w.write(6, signed: Int64(durations.high))
        w.write(7, UInt64(durationsSeen))
        if let lastSuccess { w.nest(8) { $0.write(1, time: lastSuccess, from: base) } }
    }

    fileprivate init(from base: Timestamp, fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.checkRegistered
        self.init()
        while let (field, value) = try reader.next() {
            switch field {
            case 1: intervals.median = Int32(clamping: value.signed ?? 0)
            case 2: intervals.high = Int32(clamping: value.signed ?? 0)
            case 3: intervalsSeen = try value.number(field, kind)
            case 4: shortInARow = try value.number(field, kind)
            case 5: durations.median = Int32(clamping: value.signed ?? 0)
            case 6: durations.high = Int32(clamping: value.signed ?? 0)
            case 7: durationsSeen = try value.number(field, kind)
            case 8:
                var inner = FieldReader(value.slice ?? [])
                var time = TimeField()
                while let (part, value) = try inner.next() {
                    try time.take(value, isFine: part == 2, field: part, of: kind)
                }
                lastSuccess = time.resolved(from: base)
            default: throw .invalid(field: field, of: "check's habit")
            }
        }
    }
}

extension PingTrace {
    fileprivate func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, sequence.value)
        w.write(2, time: at, from: base)
        w.write(4, UInt64(kind.rawValue))
        w.write(5, exitCode.map { UInt64($0) + 1 } ?? 0)
        if let run { w.write(6, run.bytes) }
        w.write(7, duration.map { UInt64(max(0, $0.microseconds)) + 1 } ?? 0)
        w.write(8, bodyBytes)
        w.write(9, source)
        w.write(10, method)
    }

    fileprivate init(from base: Timestamp, fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.checkPinged
        var ping = Ping(.log)
        var (sequence, at) = (UInt64(0), TimeField())
        var duration: Span?
        while let (field, value) = try reader.next() {
            switch field {
            case 1: sequence = try value.number(field, kind)
            case 2, 3: try at.take(value, isFine: field == 3, field: field, of: kind)
            case 4: ping.kind = try value.word(field, kind)
            case 5: ping.exitCode = UInt8(clamping: (try value.number(field, kind) as UInt16) &- 1)
            case 6: ping.run = UniqueID(bytes: value.slice ?? [])
            case 7:
                duration = Span(microseconds: Int64(clamping: try value.number(field, kind) as UInt64) &- 1)
            case 8: ping.bodyBytes = try value.number(field, kind)
            case 9: ping.source = try value.text(field, kind)
            case 10: ping.method = try value.text(field, kind)
            default: throw .invalid(field: field, of: "ping")
            }
        }
        let record = CheckPinged(
            check: CheckID(0),
            ping: ping,
            duration: duration,
            standing: CheckStanding(),
            previous: .zero
        )
        self.init(record, Sequence(sequence), at: at.resolved(from: base))
    }
}
