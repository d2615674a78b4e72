internal import Domain

/// Reads what `encodePayload` wrote, of this or any older build. Whatever the bytes are, it does not trap.
func decodePayload(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ bytes: ArraySlice<UInt8>
) throws(FieldError) -> Record {
    var reader = FieldReader(bytes)
    let now = context.base
    switch kind {
    case .folderFounded: return .folderFounded(try FolderFounded(fields: &reader))
    case .schedulerRegistered: return .schedulerRegistered(try SchedulerRegistered(fields: &reader))
    case .schedulerRemoved: return .schedulerRemoved(try SchedulerRemoved(fields: &reader))
    case .zoneAdopted: return .zoneAdopted(try ZoneAdopted(fields: &reader))
    case .jobRegistered, .jobRevised: return try decodeDefinition(kind, context, &reader)
    case .jobPaused: return .jobPaused(try JobPaused(job: context.job, from: now, fields: &reader))
    case .jobResumed: return .jobResumed(try decodeResumed(kind, context, &reader))
    case .jobRemoved, .jobFinished:
        try reader.expectEnd(kind)
        let job = context.job
        return kind == .jobRemoved ? .jobRemoved(JobRemoved(job: job)) : .jobFinished(JobFinished(job: job))
    case .serverAttended:
        try reader.expectEnd(kind)
        return .serverAttended
    case .slotDecided, .slotsDecided, .slotQueued:
        return try DecisionFields(kind, &reader).record(kind, context)
    case .runOpened: return .runOpened(try RunOpened(context, &reader))
    case .attemptFailed, .attemptIntended, .runClosed, .runAwaited:
        return try decodeAttempt(kind, context, &reader)
    case .alertOpened, .alertAcknowledged, .alertResolved, .messageIntended, .messageDelivered,
        .messageFailed, .messageDead, .messageResent, .messageDiscarded:
        return try decodeAlert(kind, context, &reader)
    case .checkRegistered, .checkRevised, .checkRemoved, .checkPaused, .checkResumed, .checkPinged,
        .checkLapsed, .checkUnwatched, .pingKeySet:
        return try decodeCheck(kind, context, &reader)
    case .channelConfigured, .channelRemoved, .channelMended, .messagesGrouped:
        return try decodeChannel(kind, context, &reader)
    case .blackoutSet, .blackoutRemoved: return try decodeBlackout(kind, from: now, &reader)
    case .credentialsSet, .serviceRegistered, .serviceDeregistered, .accountOpened, .planChosen,
        .accountClosed, .schedulerProvisioned, .schedulerRotated, .schedulerDecommissioned, .invoiceSealed,
        .postIntended, .postDelivered, .postFailed, .postDead, .linkUsed, .accountConfigured, .userNoted,
        .userForgotten, .grantHeld:
        return .account(try AccountRecord(kind, context, &reader))
    case .sourceSet, .sourceRemoved, .sourceOpened, .sourceLost, .sourceOverflowed:
        return .source(try SourceRecord(kind, &reader))
    case .outageNoted, .outageSpared, .triggerRefused:
        return .reaction(try ReactionRecord(kind, context, &reader))
    case .tokenAdded, .tokenRemoved: return .token(try TokenRecord(kind, &reader))
    case .folderRestored: return .folderRestored(try decodeRestored(kind, context, &reader))
    case .clockStepped: return .clockStepped(try decodeClockStep(kind, context, &reader))
    case .jobFellBehind: return .jobFellBehind(try decodeFallingBehind(kind, context, &reader))
    }
}

/// A registration has a scheduler where a revision has its number.
private func decodeDefinition(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ reader: inout FieldReader
) throws(FieldError) -> Record {
    let form = try DefinitionFields(kind, &reader)
    guard let number = UInt32(exactly: form.number) else { throw .invalid(field: 1, of: kind.name) }
    let (cursor, next) = (form.cursor.resolved(from: context.base), form.next.resolved(from: context.base))
    if kind == .jobRevised {
        return .jobRevised(
            JobRevised(
                job: context.job,
                revision: number,
                definition: form.definition,
                cursor: cursor,
                next: next
            )
        )
    }
    return .jobRegistered(
        JobRegistered(
            job: context.job,
            scheduler: number,
            definition: form.definition,
            cursor: cursor,
            next: next
        )
    )
}

private func decodeResumed(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ reader: inout FieldReader
) throws(FieldError) -> JobResumed {
    var next = TimeField()
    while let (field, value) = try reader.next() {
        guard field == 1 || field == 2 else { throw .invalid(field: field, of: kind.name) }
        try next.take(value, isFine: field == 2, field: field, of: kind)
    }
    return JobResumed(job: context.job, next: next.resolved(from: context.base))
}

private func decodeFallingBehind(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ reader: inout FieldReader
) throws(FieldError) -> JobFellBehind {
    var record = JobFellBehind(job: context.job, skips: 0, p50: .zero, p95: .zero, period: .zero)
    while let (field, value) = try reader.next() {
        switch field {
        case 1: record.skips = try value.number(field, kind)
        case 2: record.p50 = Span(microseconds: value.signed ?? 0)
        case 3: record.p95 = Span(microseconds: value.signed ?? 0)
        case 4: record.period = Span(microseconds: value.signed ?? 0)
        default: throw .invalid(field: field, of: kind.name)
        }
    }
    return record
}

private func decodeRestored(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ reader: inout FieldReader
) throws(FieldError) -> FolderRestored {
    var sequence = Sequence.zero
    var time = TimeField()
    while let (field, value) = try reader.next() {
        switch (field, value) {
        case (1, .number(let number)): sequence = Sequence(number)
        case (2, _), (3, _): try time.take(value, isFine: field == 3, field: field, of: kind)
        default: throw .invalid(field: field, of: kind.name)
        }
    }
    return FolderRestored(sequence: sequence, time: time.resolved(from: context.base))
}

private func decodeClockStep(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ reader: inout FieldReader
) throws(FieldError) -> ClockStepped {
    var from = TimeField()
    var to = TimeField()
    while let (field, value) = try reader.next() {
        switch field {
        case 1, 2: try from.take(value, isFine: field == 2, field: field, of: kind)
        case 3, 4: try to.take(value, isFine: field == 4, field: field, of: kind)
        default: throw .invalid(field: field, of: kind.name)
        }
    }
    return ClockStepped(from: from.resolved(from: context.base), to: to.resolved(from: context.base))
}

extension FieldReader {
    fileprivate mutating func expectEnd(_ kind: RecordKind) throws(FieldError) {
        if let (field, _) = try next() { throw .invalid(field: field, of: kind.name) }
    }
}

extension FolderFounded {
    fileprivate init(fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.folderFounded
        self.init(storeID: [], zoneVersion: "", keyID: 0)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: storeID = try value.bytes(field, kind)
            case 2: zoneVersion = try value.text(field, kind)
            case 3: keyID = try value.number(field, kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
    }
}

extension SchedulerRemoved {
    fileprivate init(fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.schedulerRemoved
        self.init(number: 0)
        while let (field, value) = try reader.next() {
            guard field == 1 else { throw .invalid(field: field, of: kind.name) }
            number = try value.number(field, kind)
        }
    }
}

/// `jobRegistered` and `jobRevised`.
private struct DefinitionFields {
    var number: UInt64 = 0
    var definition: [UInt8] = []
    var cursor = TimeField()
    var next = TimeField()

    init(_ kind: RecordKind, _ reader: inout FieldReader) throws(FieldError) {
        while let (field, value) = try reader.next() {
            switch field {
            case 1: number = try value.number(field, kind)
            case 2: definition = try value.bytes(field, kind)
            case 3, 4: try cursor.take(value, isFine: field == 4, field: field, of: kind)
            case 5, 6: try next.take(value, isFine: field == 6, field: field, of: kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
    }
}

/// `slotDecided`, `slotQueued` and `slotsDecided`.
private struct DecisionFields {
    var revision: UInt32 = 1
    var slot = SlotField()
    var reason = DecisionReason.due
    var cursor = TimeField()
    var next = TimeField()
    var count: UInt32 = 1
    var result: SlotResult?
    var follows: UInt8 = 0
    var last = SlotField()
    var into = SlotField()
    var blackout: String?

    init(_ kind: RecordKind, _ reader: inout FieldReader) throws(FieldError) {
        while let (field, value) = try reader.next() {
            switch (field, kind) {
            case (1, _): revision = try value.number(field, kind) as UInt32 &+ 1
            case (2...6, _): try slot.take(part: field - 2, value, field, kind)
            case (7, .slotDecided), (7, .slotsDecided): reason = try value.word(field, kind)
            case (8, _), (9, _): try cursor.take(value, isFine: field == 9, field: field, of: kind)
            case (10, _), (11, _): try next.take(value, isFine: field == 11, field: field, of: kind)
            case (12, .slotsDecided): count = try value.number(field, kind) as UInt32 &+ 1
            case (13, .slotsDecided): result = try value.word(field, kind) as SlotResult
            case (14, .slotsDecided): follows = try value.number(field, kind)
            case (20...24, .slotsDecided): try last.take(part: field - 20, value, field, kind)
            case (25...29, .slotsDecided): try into.take(part: field - 25, value, field, kind)
            case (30, .slotsDecided): blackout = try value.text(field, kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
    }

    func record(_ kind: RecordKind, _ context: PayloadContext) throws(FieldError) -> Record {
        let first = slot.resolved(from: context.base)
        let last = follows & 1 == 1 ? last.resolved(from: first.instant) : first
        let cursor = cursor.resolved(from: last.instant)
        let next = next.resolved(from: last.instant)
        if kind == .slotDecided {
            return .slotDecided(
                SlotDecided(
                    job: context.job,
                    revision: revision,
                    slot: first,
                    reason: reason,
                    cursor: cursor,
                    next: next
                )
            )
        }
        if kind == .slotQueued {
            return .slotQueued(
                SlotQueued(job: context.job, revision: revision, slot: first, cursor: cursor, next: next)
            )
        }
        guard let result else { throw .invalid(field: 13, of: kind.name) }
        return .slotsDecided(
            SlotsDecided(
                job: context.job,
                revision: revision,
                first: first,
                last: last,
                count: count,
                result: result,
                reason: reason,
                into: follows & 2 == 2 ? into.resolved(from: last.instant) : nil,
                blackout: blackout,
                cursor: cursor,
                next: next
            )
        )
    }
}

extension RunOpened {
    fileprivate init(_ context: PayloadContext, _ reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.runOpened
        var revision: UInt32 = 1
        var trigger = RunTrigger.slot
        var scheduledAt = TimeField()
        var hasSlot = false
        var slot = SlotField()
        var cause: RunCause?
        while let (field, value) = try reader.next() {
            switch field {
            case 1: revision = try value.number(field, kind) as UInt32 &+ 1
            case 2: trigger = try value.word(field, kind)
            case 3, 4: try scheduledAt.take(value, isFine: field == 4, field: field, of: kind)
            case 5: hasSlot = try value.number(field, kind) as UInt8 == 1
            case 6...10: try slot.take(part: field - 6, value, field, kind)
            case 20: cause = try RunCause.read(value, from: context.base)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
        let instant = scheduledAt.resolved(from: context.base)
        self.init(
            job: context.job,
            revision: revision,
            trigger: trigger,
            scheduledAt: instant,
            slot: hasSlot ? slot.resolved(from: instant) : nil,
            cause: cause
        )
    }
}

private func decodeAttempt(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ reader: inout FieldReader
) throws(FieldError) -> Record {
    var run: RunID = context.run(at: 0)
    var second: UInt16 = 0
    var retryAt = TimeField()
    var report = AttemptReport(n: 1)
    var steps: [StepReport] = []
    var depth: UInt8 = 0
    while let (field, value) = try reader.next() {
        switch (field, kind) {
        case (1, _): run = context.run(at: try value.number(field, kind))
        case (2, .attemptFailed), (3, .attemptFailed), (2, .runAwaited), (3, .runAwaited):
            try retryAt.take(value, isFine: field == 3, field: field, of: kind)
        case (2, _): second = try value.number(field, kind)
        case (20...31, .attemptFailed), (20...31, .runClosed), (20...31, .runAwaited):
            guard try report.take(field, value, kind) else { throw .invalid(field: field, of: kind.name) }
        case (40, .runClosed): steps.append(try StepReport(value, context))
        case (41, .runClosed): depth = try value.number(field, kind)
        default: throw .invalid(field: field, of: kind.name)
        }
    }
    switch kind {
    case .attemptFailed:
        let due = retryAt.resolved(from: context.base)
        return .attemptFailed(AttemptFailed(job: context.job, run: run, report: report, retryAt: due))
    case .runAwaited:
        let until = retryAt.resolved(from: context.base)
        return .runAwaited(RunAwaited(job: context.job, run: run, report: report, until: until))
    case .attemptIntended: return .attemptIntended(AttemptIntended(job: context.job, run: run, n: second))
    default:
        guard let code = UInt8(exactly: second), let result = SlotResult(rawValue: code) else {
            throw .invalid(field: 2, of: kind.name)
        }
        return .runClosed(
            RunClosed(
                job: context.job,
                run: run,
                result: result,
                report: report,
                steps: steps,
                depth: depth
            )
        )
    }
}
