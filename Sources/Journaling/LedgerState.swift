internal import Domain

/// What a snapshot holds of the ledger besides its jobs: few things, so they are fields.
struct LedgerState {
    var storeID: [UInt8] = []
    var keyID: UInt32 = 0
    var schedulersEver: UInt32 = 0
    var schedulers: [UInt32: SchedulerRegistered] = [:]
    var zones: [String: ZoneAdopted] = [:]
    var pauses: [JobID: JobPaused] = [:]
    var queued: [JobID: [Slot]] = [:]
    var openRuns: [RunID: OpenRun] = [:]
    private(set) var blackouts: [String: Blackout] = [:]
    private(set) var awaited: [RunID: RunAwaited] = [:]
    private(set) var sources: [String: WatchedSource] = [:]
    private(set) var tokens: [String: KnownToken] = [:]
    private var alertFields = AlertTableFields()
    var alerts: AlertTable { alertFields.table }
    private var checkFields = CheckTableFields()
    var checks: CheckTable { checkFields.table }
    private var accountFields = AccountTableFields()
    private var reactionFields = ReactionTableFields()
    var reactions: ReactionTable { reactionFields.table }
    func accounts(jobs: JobTable) -> AccountTable { accountFields.table(jobs: jobs) }

    /// In ascending order of keys: equal ledgers have equal bytes.
    static func pack(_ ledger: Ledger) -> [UInt8] {
        var w = FieldWriter()
        w.write(1, ledger.storeID)
        w.write(2, UInt64(ledger.keyID))
        w.write(3, UInt64(ledger.schedulersEver))
        for (_, scheduler) in ledger.schedulers.sorted(by: { $0.key < $1.key }) {
            w.nest(4) { scheduler.encode(into: &$0) }
        }
        for (_, zone) in ledger.zones.sorted(by: { $0.key < $1.key }) { w.nest(5) { zone.encode(into: &$0) } }
        for (job, pause) in ledger.pauses.sorted(by: { $0.key < $1.key }) {
            w.nest(6) {
                $0.varint(UInt64(job.number))
                pause.encode(from: zero, into: &$0)
            }
        }
        for (job, slots) in ledger.queued.sorted(by: { $0.key < $1.key }) {
            w.nest(7) {
                $0.varint(UInt64(job.number))
                for slot in slots { $0.nest(1) { $0.write(1, slot: slot, from: zero) } }
            }
        }
        for (id, run) in ledger.openRuns.sorted(by: { $0.key < $1.key }) {
            w.nest(8) {
                $0.varint(id.value)
                run.encode(into: &$0)
            }
        }
        w.write(ledger.alerts)
        w.write(ledger.checks)
        for (_, awaited) in ledger.awaited.sorted(by: { $0.key < $1.key }) {
            w.nest(23) { awaited.encode(into: &$0) }
        }
        for (_, blackout) in ledger.blackouts.sorted(by: { $0.key < $1.key }) {
            w.nest(80) { blackout.encode(from: zero, into: &$0) }
        }
        w.write(ledger.accounts)
        for (_, source) in ledger.sources.sorted(by: { $0.key < $1.key }) {
            w.nest(90) { source.encode(into: &$0) }
        }
        w.write(ledger.reactions)
        for (_, token) in ledger.tokens.sorted(by: { $0.key < $1.key }) {
            w.nest(100) { token.encode(into: &$0) }
        }
        return w.bytes
    }

    init(_ bytes: [UInt8]) throws(FieldError) {
        var reader = FieldReader(bytes)
        let what = "ledger state"
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let slice)): storeID = Array(slice)
            case (2, .number(let number)): keyID = UInt32(truncatingIfNeeded: number)
            case (3, .number(let number)): schedulersEver = UInt32(truncatingIfNeeded: number)
            case (4, .bytes(let slice)):
                var inner = FieldReader(slice)
                let scheduler = try SchedulerRegistered(fields: &inner)
                schedulers[scheduler.number] = scheduler
            case (5, .bytes(let slice)):
                var inner = FieldReader(slice)
                let zone = try ZoneAdopted(fields: &inner)
                zones[zone.name] = zone
            case (6, .bytes(let slice)):
                var (key, inner) = try Self.keyed(slice)
                let job = JobID(UInt32(truncatingIfNeeded: key))
                pauses[job] = try JobPaused(job: job, from: zero, fields: &inner)
            case (7, .bytes(let slice)):
                var (key, inner) = try Self.keyed(slice)
                queued[JobID(UInt32(truncatingIfNeeded: key))] = try Self.slots(&inner)
            case (8, .bytes(let slice)):
                var (key, inner) = try Self.keyed(slice)
                openRuns[RunID(key)] = try OpenRun(fields: &inner)
            case (9...12, .bytes(let slice)), (40, .bytes(let slice)): try alertFields.take(field, slice)
            case (23, .bytes(let slice)):
                var inner = FieldReader(slice)
                let record = try RunAwaited(fields: &inner)
                awaited[record.run] = record
            case (80, .bytes(let slice)):
                var inner = FieldReader(slice)
                let blackout = try Blackout(from: zero, fields: &inner)
                blackouts[blackout.name] = blackout
            case (90, .bytes(let slice)):
                var inner = FieldReader(slice)
                let source = try WatchedSource(fields: &inner)
                guard !source.set.name.isEmpty else { throw .invalid(field: field, of: what) }
                sources[source.set.name] = source
            case (20, .number(let number)): checkFields.checksEver = UInt32(truncatingIfNeeded: number)
            case (21, .bytes(let slice)), (22, .bytes(let slice)): try checkFields.take(field, slice)
            case (50...58, .bytes(let slice)): try accountFields.take(field, slice)
            case (95...96, .bytes(let slice)): try reactionFields.take(field, slice)
            case (100, .bytes(let slice)):
                var inner = FieldReader(slice)
                let known = try KnownToken(fields: &inner)
                tokens[known.token.name] = known
            default: throw .invalid(field: field, of: what)
            }
        }
    }

    /// A key and the fields after it.
    private static func keyed(_ slice: ArraySlice<UInt8>) throws(FieldError) -> (UInt64, FieldReader) {
        let bytes = Array(slice)
        var cursor = ByteCursor(0..<bytes.count)
        let key = try cursor.varint(bytes.span)
        return (key, FieldReader(bytes[cursor.index...]))
    }

    private static func slots(_ reader: inout FieldReader) throws(FieldError) -> [Slot] {
        var slots: [Slot] = []
        while let (field, value) = try reader.next() {
            guard field == 1, let slice = value.slice else { throw .invalid(field: field, of: "queue") }
            var inner = FieldReader(slice)
            var slot = SlotField()
            while let (part, value) = try inner.next() {
                guard (1...5).contains(part) else { throw .invalid(field: part, of: "queue") }
                try slot.take(part: part - 1, value, part, .slotQueued)
            }
            slots.append(slot.resolved(from: zero))
        }
        return slots
    }
}

extension RunAwaited {
    fileprivate func encode(into w: inout FieldWriter) {
        w.write(1, run.value)
        w.write(2, UInt64(job.number))
        w.write(3, time: until, from: zero)
        w.write(report: report)
    }

    fileprivate init(fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.runAwaited
        var due = TimeField()
        self.init(job: JobID(0), run: .zero, report: AttemptReport(n: 1), until: .distantFuture)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: run = RunID(try value.number(field, kind))
            case 2: job = JobID(try value.number(field, kind))
            case 3, 4: try due.take(value, isFine: field == 4, field: field, of: kind)
            default:
                guard try report.take(field, value, kind) else {
                    throw .invalid(field: field, of: "awaited run")
                }
            }
        }
        until = due.resolved(from: zero)
    }
}

/// What times in a snapshot count from.
private let zero = Timestamp(microseconds: 0)

extension OpenRun {
    fileprivate func encode(into w: inout FieldWriter) {
        w.write(1, UInt64(job.number))
        w.write(2, UInt64(revision))
        w.write(3, UInt64(trigger.rawValue))
        w.write(4, time: scheduledAt, from: zero)
        w.write(6, time: openedAt, from: scheduledAt)
        w.write(8, UInt64(attempt))
        if let retryAt {
            w.write(9, 1)
            w.write(10, time: retryAt, from: openedAt)
        }
        if let slot {
            w.write(12, 1)
            w.write(13, slot: slot, from: scheduledAt)
        }
    }

    fileprivate init(fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.runOpened
        var job: UInt32 = 0
        var revision: UInt32 = 0
        var trigger = RunTrigger.slot
        var scheduled = TimeField()
        var opened = TimeField()
        var attempt: UInt16 = 0
        var retry: TimeField?
        var slot: SlotField?
        while let (field, value) = try reader.next() {
            switch field {
            case 1: job = try value.number(field, kind)
            case 2: revision = try value.number(field, kind)
            case 3: trigger = try value.word(field, kind)
            case 4, 5: try scheduled.take(value, isFine: field == 5, field: field, of: kind)
            case 6, 7: try opened.take(value, isFine: field == 7, field: field, of: kind)
            case 8: attempt = try value.number(field, kind)
            case 9: retry = TimeField()
            case 10, 11: try retry?.take(value, isFine: field == 11, field: field, of: kind)
            case 12: slot = SlotField()
            case 13...17: try slot?.take(part: field - 13, value, field, kind)
            default: throw .invalid(field: field, of: "open run")
            }
        }
        let scheduledAt = scheduled.resolved(from: zero)
        self.init(
            job: JobID(job),
            revision: revision,
            trigger: trigger,
            slot: slot?.resolved(from: scheduledAt),
            scheduledAt: scheduledAt,
            openedAt: opened.resolved(from: scheduledAt)
        )
        self.attempt = attempt
        retryAt = retry?.resolved(from: openedAt)
    }
}
