internal import Domain

// What streams start, in records and snapshots, as `Journaling.docc/Format.md` numbers the fields.

extension ReactionRecord {
    func encode(from base: Timestamp, into w: inout FieldWriter) {
        switch self {
        case .outageNoted(let r): r.encode(from: base, into: &w)
        case .outageSpared(let r):
            w.write(1, r.source)
            w.write(2, r.outage)
        case .triggerRefused(let r):
            w.write(1, r.source)
            w.write(2, UInt64(r.reason.rawValue))
            w.write(3, r.before)
        }
    }

    init(_ kind: RecordKind, _ context: PayloadContext, _ reader: inout FieldReader) throws(FieldError) {
        switch kind {
        case .outageNoted:
            self = .outageNoted(try OutageNoted(job: context.job, from: context.base, fields: &reader))
        case .outageSpared:
            var record = OutageSpared(job: context.job, source: "", outage: 0)
            while let (field, value) = try reader.next() {
                switch field {
                case 1: record.source = try value.text(field, kind)
                case 2: record.outage = try value.number(field, kind)
                default: throw .invalid(field: field, of: kind.name)
                }
            }
            self = .outageSpared(record)
        default:
            var record = TriggerRefused(job: context.job, source: "", reason: .rate, before: 0)
            while let (field, value) = try reader.next() {
                switch field {
                case 1: record.source = try value.text(field, kind)
                case 2: record.reason = try value.word(field, kind)
                case 3: record.before = try value.number(field, kind)
                default: throw .invalid(field: field, of: kind.name)
                }
            }
            self = .triggerRefused(record)
        }
    }

    var kind: RecordKind {
        switch self {
        case .outageNoted: .outageNoted
        case .outageSpared: .outageSpared
        case .triggerRefused: .triggerRefused
        }
    }

    /// As a dump shows it.
    var members: [JSON.Member] {
        switch self {
        case .outageNoted(let r):
            .present([
                ("stream", .string(r.source)), ("outage", .count(r.outage)),
                ("detail", .string(r.detail)), ("at", .instant(r.at)), ("due", .instant(r.due)),
            ])
        case .outageSpared(let r):
            .present([("stream", .string(r.source)), ("outage", .count(r.outage))])
        case .triggerRefused(let r):
            .present([
                ("stream", .string(r.source)), ("reason", .string(r.reason.word)),
                ("before", .count(r.before)),
            ])
        }
    }
}

extension OutageNoted {
    fileprivate func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, source)
        w.write(2, outage)
        w.write(3, detail)
        w.write(4, time: at, from: base)
        w.write(6, time: due, from: at)
    }

    fileprivate init(
        job: JobID,
        from base: Timestamp,
        fields reader: inout FieldReader
    ) throws(FieldError) {
        let kind = RecordKind.outageNoted
        var (begin, end) = (TimeField(), TimeField())
        self.init(job: job, source: "", outage: 0, detail: "", at: base, due: base)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: source = try value.text(field, kind)
            case 2: outage = try value.number(field, kind)
            case 3: detail = try value.text(field, kind)
            case 4, 5: try begin.take(value, isFine: field == 5, field: field, of: kind)
            case 6, 7: try end.take(value, isFine: field == 7, field: field, of: kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
        at = begin.resolved(from: base)
        due = end.resolved(from: at)
    }
}

extension RunCause {
    func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, happening.source)
        w.write(2, happening.kind.code)
        w.write(3, time: happening.at, from: base)
        if !happening.message.isEmpty { w.write(5, happening.message) }
        w.write(6, happening.detail)
        w.write(7, happening.outage)
        w.write(8, UInt64(depth))
    }

    static func read(_ value: FieldValue, from base: Timestamp) throws(FieldError) -> RunCause {
        let kind = RecordKind.runOpened
        var happening = SourceHappening(source: "", kind: .message, at: base, outage: 0)
        var at = TimeField()
        var depth: UInt8 = 0
        var reader = FieldReader(value.slice ?? [])
        while let (field, value) = try reader.next() {
            switch field {
            case 1: happening.source = try value.text(field, kind)
            case 2:
                guard let known = SourceHappening.Kind(code: try value.number(field, kind)) else {
                    throw .invalid(field: field, of: "run cause")
                }
                happening.kind = known
            case 3, 4: try at.take(value, isFine: field == 4, field: field, of: kind)
            case 5: happening.message = try value.bytes(field, kind)
            case 6: happening.detail = try value.text(field, kind)
            case 7: happening.outage = try value.number(field, kind)
            case 8: depth = try value.number(field, kind)
            default: throw .invalid(field: field, of: "run cause")
            }
        }
        happening.at = at.resolved(from: base)
        return RunCause(happening, depth: depth)
    }
}

extension StepReport {
    func encode(_ context: PayloadContext, into w: inout FieldWriter) {
        w.write(1, UInt64(index))
        w.write(2, UInt64(kind.rawValue))
        w.write(3, isDone ? 1 : 0)
        w.write(4, note)
        if message != .zero { w.write(5, context.distance(to: message)) }
    }

    init(_ value: FieldValue, _ context: PayloadContext) throws(FieldError) {
        let record = RecordKind.runClosed
        self.init(index: 0, kind: .note, isDone: false, note: "")
        var reader = FieldReader(value.slice ?? [])
        while let (field, value) = try reader.next() {
            switch field {
            case 1: index = try value.number(field, record)
            case 2: kind = try value.word(field, record)
            case 3: isDone = try value.number(field, record) as UInt8 == 1
            case 4: note = try value.text(field, record)
            case 5: message = context.other(at: try value.number(field, record))
            default: throw .invalid(field: field, of: "step report")
            }
        }
    }
}

extension StepLetter {
    /// - Parameter sequence: of the message; zero in a snapshot.
    func encode(at sequence: UInt64, into w: inout FieldWriter) {
        w.write(1, sequence &- run.value)
        w.write(2, UInt64(step))
        w.write(3, line)
        w.write(4, content)
    }

    static func read(_ value: FieldValue, at sequence: UInt64) throws(FieldError) -> StepLetter {
        let kind = RecordKind.messageIntended
        var (run, step, line) = (UInt64(0), UInt8(0), "")
        var content: Sealed?
        var reader = FieldReader(value.slice ?? [])
        while let (field, value) = try reader.next() {
            switch field {
            case 1: run = try value.number(field, kind)
            case 2: step = try value.number(field, kind)
            case 3: line = try value.text(field, kind)
            case 4: content = try Sealed(packed: value.slice ?? [])
            default: throw .invalid(field: field, of: "letter")
            }
        }
        guard let content else { throw .invalid(field: 4, of: "letter") }
        return StepLetter(run: RunID(sequence &- run), step: step, line: line, content: content)
    }
}

// What a snapshot holds of it: fields 95 (causes of open runs) and 96 (outages) of the ledger's state.

private let zero = Timestamp(microseconds: 0)

extension FieldWriter {
    /// In ascending order of keys: equal tables have equal bytes.
    mutating func write(_ table: ReactionTable) {
        for (run, cause) in table.causes.sorted(by: { $0.key < $1.key }) {
            nest(95) {
                $0.write(1, run.value)
                $0.nest(2) { cause.encode(from: zero, into: &$0) }
            }
        }
        for (job, sources) in table.outages.sorted(by: { $0.key < $1.key }) {
            for (name, state) in sources.sorted(by: { $0.key < $1.key }) {
                nest(96) {
                    $0.write(1, UInt64(job.number))
                    $0.write(2, name)
                    if let noted = state.noted { $0.nest(3) { noted.encode(from: zero, into: &$0) } }
                    $0.write(4, state.told.map { $0 &+ 1 } ?? 0)
                    $0.write(5, (state.isOutstanding ? 1 : 0) | (state.hasOpened ? 2 : 0))
                }
            }
        }
    }
}

/// The table on its way out of a snapshot.
struct ReactionTableFields {
    private var causes: [RunID: RunCause] = [:]
    private var outages: [JobID: [String: OutageState]] = [:]

    var table: ReactionTable { ReactionTable(causes: causes, outages: outages) }

    mutating func take(_ field: UInt8, _ slice: ArraySlice<UInt8>) throws(FieldError) {
        let kind = RecordKind.outageNoted
        var (number, name, state) = (UInt64(0), "", OutageState())
        var cause: RunCause?
        var reader = FieldReader(slice)
        while let (part, value) = try reader.next() {
            switch (field, part) {
            case (_, 1): number = try value.number(part, kind)
            case (95, 2): cause = try RunCause.read(value, from: zero)
            case (96, 2): name = try value.text(part, kind)
            case (96, 3):
                var inner = FieldReader(value.slice ?? [])
                let job = JobID(UInt32(truncatingIfNeeded: number))
                state.noted = try OutageNoted(job: job, from: zero, fields: &inner)
            case (96, 4): state.told = try value.number(part, kind) as UInt64 &- 1
            case (96, 5):
                let flags: UInt8 = try value.number(part, kind)
                state.isOutstanding = flags & 1 == 1
                state.hasOpened = flags & 2 == 2
            default: throw .invalid(field: part, of: "ledger state")
            }
        }
        guard number > 0 else { throw .invalid(field: 1, of: "ledger state") }
        if let cause {
            causes[RunID(number)] = cause
        } else {
            outages[JobID(UInt32(truncatingIfNeeded: number)), default: [:]][name] = state
        }
    }
}
