internal import Domain

// Streams that are watched, in records and snapshots, as `Journaling.docc/Format.md` numbers their fields.

extension SourceRecord {
    var kind: RecordKind {
        switch self {
        case .set: .sourceSet
        case .removed: .sourceRemoved
        case .opened: .sourceOpened
        case .lost: .sourceLost
        case .overflowed: .sourceOverflowed
        }
    }

    func encode(into w: inout FieldWriter) {
        switch self {
        case .set(let r): r.encode(into: &w)
        case .removed(let r): w.write(1, r.name)
        case .opened(let r):
            w.write(1, r.name)
            w.write(2, r.outage)
        case .lost(let r):
            w.write(1, r.name)
            w.write(2, r.outage)
            w.write(3, r.reason)
            w.write(4, r.isRefused ? 1 : 0)
        case .overflowed(let r):
            w.write(1, r.name)
            w.write(2, r.events)
        }
    }

    init(_ kind: RecordKind, _ reader: inout FieldReader) throws(FieldError) {
        if kind == .sourceSet {
            self = .set(try SourceSet(fields: &reader))
            return
        }
        let last: UInt8 = kind == .sourceLost ? 4 : kind == .sourceRemoved ? 1 : 2
        let fields = try NumberedFields(kind, last: last, &reader)
        let name = try fields.text(1)
        switch kind {
        case .sourceRemoved: self = .removed(SourceRemoved(name: name))
        case .sourceOpened: self = .opened(SourceOpened(name: name, outage: try fields.number(2)))
        case .sourceOverflowed: self = .overflowed(SourceOverflowed(name: name, events: try fields.number(2)))
        default:
            self = .lost(
                SourceLost(
                    name: name,
                    outage: try fields.number(2),
                    reason: try fields.text(3),
                    isRefused: fields.has(4)
                )
            )
        }
    }

    /// As a dump shows it.
    var members: [JSON.Member] {
        switch self {
        case .set(let r):
            .present([
                ("name", .string(r.name)), ("settings", .string("masked")), ("address", .string(r.address)),
                ("alert_after", r.alertAfter.map { .string($0.text) } ?? .null),
                ("silent_after", r.silentAfter.map { .string($0.text) }),
                ("notifications", r.takesNotifications ? .bool(true) : nil),
                ("paused", r.isPaused ? .bool(true) : nil),
                ("from_flags", r.isFromFlags ? .bool(true) : nil),
            ])
        case .removed(let r): .present([("name", .string(r.name))])
        case .opened(let r): .present([("name", .string(r.name)), ("outage", .count(r.outage))])
        case .lost(let r):
            .present([
                ("name", .string(r.name)), ("outage", .count(r.outage)), ("reason", .string(r.reason)),
                ("refused", r.isRefused ? .bool(true) : nil),
            ])
        case .overflowed(let r): .present([("name", .string(r.name)), ("events", .count(r.events))])
        }
    }
}

extension SourceSet {
    fileprivate func encode(into w: inout FieldWriter) {
        w.write(1, name)
        w.write(2, settings)
        w.write(3, address)
        w.write(4, alertAfter.map { UInt64(max(0, $0.microseconds)) + 1 } ?? 0)
        w.write(5, takesNotifications ? 1 : 0)
        w.write(6, isPaused ? 1 : 0)
        w.write(7, isFromFlags ? 1 : 0)
        w.write(8, silentAfter.map { UInt64(max(0, $0.microseconds)) + 1 } ?? 0)
    }

    fileprivate init(fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.sourceSet, last: 8, &reader)
        func span(_ field: UInt8) throws(FieldError) -> Span? {
            let value: UInt64 = try fields.number(field)
            return value == 0 ? nil : Span(microseconds: Int64(clamping: value - 1))
        }
        self.init(
            name: try fields.text(1),
            settings: try fields.sealed(2),
            address: try fields.text(3),
            alertAfter: try span(4),
            silentAfter: try span(8),
            takesNotifications: fields.has(5),
            isPaused: fields.has(6),
            isFromFlags: fields.has(7)
        )
    }
}

/// What times in a snapshot count from.
private let zero = Timestamp(microseconds: 0)

extension WatchedSource {
    func encode(into w: inout FieldWriter) {
        w.nest(1) { set.encode(into: &$0) }
        w.write(2, outages)
        w.write(3, time: lostSince ?? .distantFuture, from: zero)
        w.write(5, isOpen ? 1 : 0)
        w.write(6, isRefused ? 1 : 0)
        w.write(7, reason)
        w.write(8, time: since, from: zero)
        w.write(10, overflowed)
    }

    init(fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.sourceSet, last: 10, &reader)
        var inner = FieldReader(try fields.bytes(1))
        self.init(try SourceSet(fields: &inner), since: try fields.time(8, from: zero))
        outages = try fields.number(2)
        let lost = try fields.time(3, from: zero)
        lostSince = lost == .distantFuture ? nil : lost
        isOpen = fields.has(5)
        isRefused = fields.has(6)
        reason = try fields.text(7)
        overflowed = try fields.number(10)
    }
}
