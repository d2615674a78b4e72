internal import Domain

/// What the payload of an entry leaves out because its entry says it.
struct PayloadContext {
    var sequence: Sequence
    var time: Timestamp
    /// The job's number; 0 for none.
    var subject: UInt32

    var base: Timestamp { time.wholeSecond }
    var job: JobID { JobID(subject) }
    /// A run is written as the distance back to the record that opened it.
    func distance(to run: RunID) -> UInt64 { sequence.value &- run.value }
    func run(at distance: UInt64) -> RunID { RunID(sequence.value &- distance) }

    /// What need not be there: zero, which is not written, is none.
    func other(at distance: UInt64) -> RunID { distance == 0 ? .zero : run(at: distance) }
}

/// Writes a record's payload, field by field as `Journaling.docc/Format.md` numbers them.
func encodePayload(_ record: Record, _ context: PayloadContext, into w: inout FieldWriter) {
    let now = context.base
    switch record {
    case .folderFounded(let r): r.encode(into: &w)
    case .schedulerRegistered(let r): r.encode(into: &w)
    case .schedulerRemoved(let r): w.write(1, UInt64(r.number))
    case .zoneAdopted(let r): r.encode(into: &w)
    case .jobRegistered(let r): encode(r.scheduler, r.definition, r.cursor, r.next, from: now, into: &w)
    case .jobRevised(let r): encode(r.revision, r.definition, r.cursor, r.next, from: now, into: &w)
    case .jobPaused(let r): r.encode(from: now, into: &w)
    case .jobResumed(let r): w.write(1, time: r.next, from: now)
    case .jobRemoved, .jobFinished, .serverAttended: break
    case .slotDecided(let r):
        w.write(1, UInt64(r.revision &- 1))
        w.write(2, slot: r.slot, from: now)
        w.write(7, UInt64(r.reason.rawValue))
        w.write(8, time: r.cursor, from: r.slot.instant)
        w.write(10, time: r.next, from: r.slot.instant)
    case .slotsDecided(let r): encode(r, from: now, into: &w)
    case .slotQueued(let r): r.encode(from: now, into: &w)
    case .runOpened(let r): r.encode(from: now, into: &w)
    case .attemptFailed(let r):
        w.write(1, context.distance(to: r.run))
        w.write(2, time: r.retryAt, from: now)
        w.write(report: r.report)
    case .attemptIntended(let r): r.encode(context, into: &w)
    case .runClosed(let r): r.encode(context, into: &w)
    case .runAwaited(let r):
        w.write(1, context.distance(to: r.run))
        w.write(2, time: r.until, from: now)
        w.write(report: r.report)
    case .clockStepped(let r): r.encode(from: now, into: &w)
    case .jobFellBehind(let r): r.encode(into: &w)
    case .folderRestored(let r): r.encode(from: now, into: &w)
    case .alertOpened, .alertAcknowledged, .alertResolved, .messageIntended, .messageDelivered,
        .messageFailed, .messageDead, .messageResent, .messageDiscarded:
        encodeAlert(record, context, into: &w)
    case .checkRegistered, .checkRevised, .checkRemoved, .checkPaused, .checkResumed, .checkPinged,
        .checkLapsed, .checkUnwatched, .pingKeySet:
        encodeCheck(record, context, into: &w)
    case .channelConfigured, .channelRemoved, .channelMended, .messagesGrouped:
        encodeChannel(record, context, into: &w)
    case .blackoutSet, .blackoutRemoved: encodeBlackout(record, from: now, into: &w)
    case .account(let r): r.encode(context, into: &w)
    case .source(let r): r.encode(into: &w)
    case .reaction(let r): r.encode(from: now, into: &w)
    case .token(let r): r.encode(into: &w)
    }
}

extension SlotQueued {
    fileprivate func encode(from now: Timestamp, into w: inout FieldWriter) {
        w.write(1, UInt64(revision &- 1))
        w.write(2, slot: slot, from: now)
        w.write(8, time: cursor, from: slot.instant)
        w.write(10, time: next, from: slot.instant)
    }
}

extension FolderFounded {
    fileprivate func encode(into w: inout FieldWriter) {
        w.write(1, storeID)
        w.write(2, zoneVersion)
        w.write(3, UInt64(keyID))
    }
}

/// A registration has a scheduler where a revision has its number.
private func encode(
    _ number: UInt32,
    _ definition: [UInt8],
    _ cursor: Timestamp,
    _ next: Timestamp,
    from now: Timestamp,
    into w: inout FieldWriter
) {
    w.write(1, UInt64(number))
    w.write(2, definition)
    w.write(3, time: cursor, from: now)
    w.write(5, time: next, from: now)
}

extension ClockStepped {
    fileprivate func encode(from now: Timestamp, into w: inout FieldWriter) {
        w.write(1, time: from, from: now)
        w.write(3, time: to, from: now)
    }
}

extension FolderRestored {
    fileprivate func encode(from now: Timestamp, into w: inout FieldWriter) {
        w.write(1, sequence.value)
        w.write(2, time: time, from: now)
    }
}

extension RunOpened {
    fileprivate func encode(from now: Timestamp, into w: inout FieldWriter) {
        w.write(1, UInt64(revision &- 1))
        w.write(2, UInt64(trigger.rawValue))
        w.write(3, time: scheduledAt, from: now)
        if let slot {
            w.write(5, 1)
            w.write(6, slot: slot, from: scheduledAt)
        }
        if let cause { w.nest(20) { cause.encode(from: now, into: &$0) } }
    }
}

extension RunClosed {
    fileprivate func encode(_ context: PayloadContext, into w: inout FieldWriter) {
        w.write(1, context.distance(to: run))
        w.write(2, UInt64(result.rawValue))
        w.write(report: report)
        for step in steps { w.nest(40) { step.encode(context, into: &$0) } }
        w.write(41, UInt64(depth))
    }
}

extension AttemptIntended {
    fileprivate func encode(_ context: PayloadContext, into w: inout FieldWriter) {
        w.write(1, context.distance(to: run))
        w.write(2, UInt64(n))
    }
}

extension JobFellBehind {
    fileprivate func encode(into w: inout FieldWriter) {
        w.write(1, UInt64(skips))
        w.write(2, signed: p50.microseconds)
        w.write(3, signed: p95.microseconds)
        w.write(4, signed: period.microseconds)
    }
}

private func encode(_ r: SlotsDecided, from now: Timestamp, into w: inout FieldWriter) {
    w.write(1, UInt64(r.revision &- 1))
    w.write(2, slot: r.first, from: now)
    w.write(7, UInt64(r.reason.rawValue))
    w.write(8, time: r.cursor, from: r.last.instant)
    w.write(10, time: r.next, from: r.last.instant)
    w.write(12, UInt64(r.count &- 1))
    w.write(13, UInt64(r.result.rawValue))
    w.write(14, (r.last == r.first ? 0 : 1) | (r.into == nil ? 0 : 2))
    if r.last != r.first { w.write(20, slot: r.last, from: r.first.instant) }
    if let into = r.into { w.write(25, slot: into, from: r.last.instant) }
    w.write(30, r.blackout ?? "")
}

// Records that a snapshot holds too: there the base of their times is zero.

extension SchedulerRegistered {
    func encode(into w: inout FieldWriter) {
        w.write(1, UInt64(number))
        w.write(2, UInt64(account))
        w.write(3, name)
        w.write(4, username)
        w.write(5, salt)
        w.write(6, passwordHash)
    }

    init(fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.schedulerRegistered
        self.init(number: 0, account: 0, name: "", username: "", salt: [], passwordHash: [])
        while let (field, value) = try reader.next() {
            switch field {
            case 1: number = try value.number(field, kind)
            case 2: account = try value.number(field, kind)
            case 3: name = try value.text(field, kind)
            case 4: username = try value.text(field, kind)
            case 5: salt = try value.bytes(field, kind)
            case 6: passwordHash = try value.bytes(field, kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
    }
}

extension ZoneAdopted {
    func encode(into w: inout FieldWriter) {
        w.write(1, name)
        w.write(2, version)
        w.write(3, bytes)
    }

    init(fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.zoneAdopted
        self.init(name: "", version: "", bytes: [])
        while let (field, value) = try reader.next() {
            switch field {
            case 1: name = try value.text(field, kind)
            case 2: version = try value.text(field, kind)
            case 3: bytes = try value.bytes(field, kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
    }
}

extension JobPaused {
    func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, time: since, from: base)
        if let until {
            w.write(3, 1)
            w.write(4, time: until, from: since)
        }
        w.write(6, reason)
    }

    init(job: JobID, from base: Timestamp, fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.jobPaused
        var since = TimeField()
        var until = TimeField()
        var hasEnd = false
        var reason = ""
        while let (field, value) = try reader.next() {
            switch field {
            case 1, 2: try since.take(value, isFine: field == 2, field: field, of: kind)
            case 3: hasEnd = try value.number(field, kind) as UInt8 == 1
            case 4, 5: try until.take(value, isFine: field == 5, field: field, of: kind)
            case 6: reason = try value.text(field, kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
        let begin = since.resolved(from: base)
        self.init(job: job, since: begin, until: hasEnd ? until.resolved(from: begin) : nil, reason: reason)
    }
}
