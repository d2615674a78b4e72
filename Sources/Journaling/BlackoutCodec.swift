internal import Domain

// Blackouts in records and snapshots, as `Journaling.docc/Format.md` numbers their fields.

/// Writes the payload of a record about a blackout; any other record writes nothing.
func encodeBlackout(_ record: Record, from base: Timestamp, into w: inout FieldWriter) {
    switch record {
    case .blackoutSet(let r): r.encode(from: base, into: &w)
    case .blackoutRemoved(let r): w.write(1, r.name)
    default: break
    }
}

func decodeBlackout(
    _ kind: RecordKind,
    from base: Timestamp,
    _ reader: inout FieldReader
) throws(FieldError) -> Record {
    kind == .blackoutRemoved
        ? .blackoutRemoved(try BlackoutRemoved(fields: &reader))
        : .blackoutSet(try Blackout(from: base, fields: &reader))
}

extension Blackout {
    func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, name)
        for label in labels { w.write(2, label) }
        switch time {
        case .once(let from, let to):
            w.write(3, time: from, from: base)
            w.write(5, time: to, from: base)
            w.write(12, 1)
        case .recurring(let schedule, let zone, let lasting):
            w.write(7, schedule)
            w.write(8, zone)
            w.write(9, signed: lasting.microseconds)
            w.write(12, 2)
        case .calendar(let source):
            w.write(8, source.zone)
            w.write(10, source.bytes)
            if let url = source.url { w.write(11, url) }
            w.write(12, 3)
        }
    }

    init(from base: Timestamp, fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.blackoutSet
        var (name, labels, form): (String, [String], UInt8) = ("", [], 0)
        var (from, to) = (TimeField(), TimeField())
        var (schedule, lasting) = ("", Span.zero)
        var source = CalendarSource(zone: "", bytes: [])
        while let (field, value) = try reader.next() {
            switch field {
            case 1: name = try value.text(field, kind)
            case 2: labels.append(try value.text(field, kind))
            case 3, 4: try from.take(value, isFine: field == 4, field: field, of: kind)
            case 5, 6: try to.take(value, isFine: field == 6, field: field, of: kind)
            case 7: schedule = try value.text(field, kind)
            case 8: source.zone = try value.text(field, kind)
            case 9: lasting = Span(microseconds: value.signed ?? 0)
            case 10: source.bytes = try value.bytes(field, kind)
            case 11: source.url = try Sealed(packed: value.slice ?? [])
            case 12: form = try value.number(field, kind)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
        let time: BlackoutTime
        switch form {
        case 1: time = .once(from: from.resolved(from: base), to: to.resolved(from: base))
        case 2: time = .recurring(schedule: schedule, zone: source.zone, lasting: lasting)
        case 3: time = .calendar(source)
        default: throw .invalid(field: 12, of: kind.name)
        }
        self.init(name: name, time: time, labels: labels)
    }

    /// As a dump shows it: of a calendar its length, of its address nothing.
    var members: [JSON.Member] {
        let common: [JSON.Member] = .present([
            ("name", .string(name)),
            ("labels", labels.isEmpty ? nil : .array(labels.map { .string($0) })),
        ])
        return switch time {
        case .once(let from, let to): common + .present([("from", .instant(from)), ("to", .instant(to))])
        case .recurring(let schedule, let zone, let lasting):
            common
                + .present([
                    ("schedule", .string(schedule)), ("zone", .string(zone)),
                    ("lasting", .string(lasting.text)),
                ])
        case .calendar(let source):
            common
                + .present([
                    ("zone", .string(source.zone)), ("bytes", .count(source.bytes.count)),
                    ("crc32c", .string(hexadecimal(checksum(source.bytes, 0..<source.bytes.count)))),
                    ("url", source.url == nil ? nil : .string("masked")),
                ])
        }
    }
}

extension BlackoutRemoved {
    init(fields reader: inout FieldReader) throws(FieldError) {
        self.init(name: "")
        while let (field, value) = try reader.next() {
            guard field == 1 else {
                throw .invalid(field: field, of: RecordKind.blackoutRemoved.name)
            }
            name = try value.text(field, .blackoutRemoved)
        }
    }
}
