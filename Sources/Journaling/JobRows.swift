internal import Domain

// A job's row in a snapshot. A million of them are read at every start, so this is written for speed: varints
// in a fixed order, no tags (`Journaling.docc/Format.md`; the snapshot's version covers a change).

private struct RowFlags: OptionSet {
    var rawValue: UInt8
    static let definition = RowFlags(rawValue: 1)
    static let lastResult = RowFlags(rawValue: 2)
    static let never = RowFlags(rawValue: 4)
    static let busy = RowFlags(rawValue: 8)
}

extension JobEntry {
    func writeRow(to out: inout [UInt8], base: Timestamp) {
        var flags = RowFlags(rawValue: state.rawValue << 4)
        if definition != nil { flags.insert(.definition) }
        if lastResult != nil { flags.insert(.lastResult) }
        if next == .distantFuture { flags.insert(.never) }
        if openRuns != 0 || queuedSlots != 0 || skipsInARow != 0 || openRun != .zero { flags.insert(.busy) }
        out.append(flags.rawValue)
        if let lastResult { out.append(lastResult.rawValue) }
        out.append(varint: UInt64(scheduler))
        out.append(varint: UInt64(revision))
        out.append(varint: sequence.value)
        out.append(zigzag: registeredAt.microseconds &- base.microseconds)
        out.append(zigzag: cursor.microseconds &- base.microseconds)
        if !flags.contains(.never) { out.append(zigzag: next.microseconds &- cursor.microseconds) }
        out.append(varint: newest.byte)
        out.append(varint: UInt64(slotRunsClosed))
        out.append(varint: UInt64(runsClosed))
        out.append(varint: UInt64(runsOK))
        if runsClosed > 0 {
            out.append(varint: UInt64(UInt32(bitPattern: durations.median)))
            out.append(varint: UInt64(UInt32(bitPattern: durations.high)))
        }
        if flags.contains(.busy) {
            out.append(varint: openRun.value)
            out.append(varint: UInt64(openRuns))
            out.append(varint: UInt64(queuedSlots))
            out.append(varint: UInt64(skipsInARow))
        }
        if let definition {
            out.append(varint: UInt64(definition.count))
            out.append(contentsOf: definition)
        }
    }

    init(
        row bytes: [UInt8],
        _ span: Swift.Span<UInt8>,
        _ cursor: inout ByteCursor,
        job: JobID,
        base: Timestamp
    ) throws(FieldError) {
        let flags = RowFlags(rawValue: try cursor.byte(span))
        guard let state = JobState(rawValue: flags.rawValue >> 4) else {
            throw .invalid(field: 0, of: "job row")
        }
        var result: SlotResult?
        if flags.contains(.lastResult) {
            result = SlotResult(rawValue: try cursor.byte(span))
            if result == nil { throw .invalid(field: 1, of: "job row") }
        }
        let scheduler = try cursor.number32(span)
        let revision = try cursor.number32(span)
        let sequence = Sequence(try cursor.varint(span))
        let registeredAt = Timestamp(microseconds: base.microseconds &+ (try cursor.zigzag(span)))
        let decided = Timestamp(microseconds: base.microseconds &+ (try cursor.zigzag(span)))
        let next =
            flags.contains(.never)
            ? Timestamp.distantFuture
            : Timestamp(microseconds: decided.microseconds &+ (try cursor.zigzag(span)))
        let newest = Position(try cursor.varint(span))
        let slotRunsClosed = try cursor.number32(span)
        let runsClosed = try cursor.number32(span)
        let runsOK = try cursor.number32(span)
        let durations = runsClosed > 0 ? try DurationQuantiles(span, &cursor) : DurationQuantiles()
        let busy = flags.contains(.busy) ? try BusyPart(span, &cursor) : BusyPart()
        let definition = flags.contains(.definition) ? try cursor.block(span) : nil
        self.init(
            registered: JobRegistered(
                job: job,
                scheduler: scheduler,
                definition: definition.map { Array(bytes[$0]) } ?? [],
                cursor: decided,
                next: next
            ),
            sequence: sequence,
            at: registeredAt
        )
        if definition == nil { self.definition = nil }
        self.state = state
        self.revision = revision
        self.newest = newest
        self.slotRunsClosed = slotRunsClosed
        self.runsClosed = runsClosed
        self.runsOK = runsOK
        self.durations = durations
        lastResult = result
        openRun = RunID(busy.run)
        openRuns = busy.open
        queuedSlots = busy.queued
        skipsInARow = busy.skips
    }
}

extension DurationQuantiles {
    fileprivate init(_ span: Swift.Span<UInt8>, _ cursor: inout ByteCursor) throws(FieldError) {
        self.init(
            median: Int32(bitPattern: try cursor.number32(span)),
            high: Int32(bitPattern: try cursor.number32(span))
        )
    }
}

/// What only a job with something going on has in its row.
private struct BusyPart {
    var run: UInt64 = 0
    var open: UInt16 = 0
    var queued: UInt16 = 0
    var skips: UInt8 = 0

    init() {}

    init(_ span: Swift.Span<UInt8>, _ cursor: inout ByteCursor) throws(FieldError) {
        run = try cursor.varint(span)
        guard let open = UInt16(exactly: try cursor.varint(span)),
            let queued = UInt16(exactly: try cursor.varint(span)),
            let skips = UInt8(exactly: try cursor.varint(span))
        else { throw .overlong }
        self.open = open
        self.queued = queued
        self.skips = skips
    }
}

extension ByteCursor {
    @inline(__always)
    fileprivate mutating func number32(_ bytes: Swift.Span<UInt8>) throws(FieldError) -> UInt32 {
        let value = try varint(bytes)
        guard value <= UInt32.max else { throw .overlong }
        return UInt32(value)
    }
}
