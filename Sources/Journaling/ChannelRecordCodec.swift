internal import Domain

// Payloads of records about channels, as `Journaling.docc/Format.md` numbers them.

func encodeChannel(_ record: Record, _ context: PayloadContext, into w: inout FieldWriter) {
    switch record {
    case .channelConfigured(let r): r.encode(into: &w)
    case .channelRemoved(let r): w.write(1, r.name)
    case .channelMended(let r): w.write(1, r.name)
    case .messagesGrouped(let r):
        w.write(1, context.distance(to: r.leader))
        for member in r.members { w.write(2, context.distance(to: member)) }
    default: break
    }
}

func decodeChannel(
    _ kind: RecordKind,
    _ context: PayloadContext,
    _ reader: inout FieldReader
) throws(FieldError) -> Record {
    switch kind {
    case .channelConfigured: return .channelConfigured(try ChannelConfigured(fields: &reader))
    case .messagesGrouped:
        var record = MessagesGrouped(leader: context.run(at: 0), members: [])
        while let (field, value) = try reader.next() {
            switch field {
            case 1: record.leader = context.run(at: try value.number(field, kind))
            case 2:
                // Zero is what is not written.
                let distance: UInt64 = try value.number(field, kind)
                guard distance > 0 else { throw .invalid(field: field, of: kind.name) }
                record.members.append(context.run(at: distance))
            default: throw .invalid(field: field, of: kind.name)
            }
        }
        return .messagesGrouped(record)
    default:
        var name = ""
        while let (field, value) = try reader.next() {
            guard field == 1 else { throw .invalid(field: field, of: kind.name) }
            name = try value.text(field, kind)
        }
        return kind == .channelRemoved
            ? .channelRemoved(ChannelRemoved(name: name)) : .channelMended(ChannelMended(name: name))
    }
}

extension ChannelConfigured {
    func encode(into w: inout FieldWriter) {
        w.write(1, name)
        if let settings {
            w.write(2, UInt64(settings.keyID))
            w.write(3, settings.bytes)
        }
        w.write(4, isPaused ? 1 : 0)
        w.nest(5) { rules.encode(into: &$0) }
    }

    init(fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.channelConfigured
        self.init(name: "", settings: nil, rules: ChannelRules(), isPaused: false)
        var keyID: UInt32 = 0
        while let (field, value) = try reader.next() {
            switch field {
            case 1: name = try value.text(field, kind)
            case 2: keyID = try value.number(field, kind)
            case 3: settings = Sealed(keyID: keyID, bytes: try value.bytes(field, kind))
            case 4: isPaused = try value.number(field, kind) as UInt8 == 1
            case 5:
                var inner = FieldReader(value.slice ?? [])
                rules = try ChannelRules(fields: &inner)
            default: throw .invalid(field: field, of: kind.name)
            }
        }
    }
}

extension ChannelRules {
    fileprivate func encode(into w: inout FieldWriter) {
        let standard = ChannelRules()
        if level != standard.level { w.write(1, UInt64(level.rawValue)) }
        if severityMin != standard.severityMin { w.write(2, UInt64(severityMin.rawValue)) }
        w.write(3, signed: after.microseconds)
        w.write(4, signed: remindEvery.microseconds)
        w.write(5, signed: groupWithin.microseconds)
        guard let quiet else { return }
        w.nest(6) {
            $0.write(1, UInt64(quiet.from))
            $0.write(2, UInt64(quiet.to))
            $0.write(3, quiet.zone)
            $0.write(4, quiet.criticalPasses ? 1 : 0)
        }
    }

    fileprivate init(fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.channelConfigured
        self.init()
        while let (field, value) = try reader.next() {
            switch field {
            case 1: level = try value.word(field, kind)
            case 2: severityMin = try value.word(field, kind)
            case 3: after = Span(microseconds: try value.signed(field, kind))
            case 4: remindEvery = Span(microseconds: try value.signed(field, kind))
            case 5: groupWithin = Span(microseconds: try value.signed(field, kind))
            case 6:
                var inner = FieldReader(value.slice ?? [])
                quiet = try QuietHours(fields: &inner)
            default: throw .invalid(field: field, of: "rules")
            }
        }
    }
}

extension QuietHours {
    fileprivate init(fields reader: inout FieldReader) throws(FieldError) {
        let kind = RecordKind.channelConfigured
        self.init(from: 0, to: 0, zone: "", criticalPasses: false)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: from = try value.number(field, kind)
            case 2: to = try value.number(field, kind)
            case 3: zone = try value.text(field, kind)
            case 4: criticalPasses = try value.number(field, kind) as UInt8 == 1
            default: throw .invalid(field: field, of: "quiet hours")
            }
        }
    }
}

// As `RecordJSON` shows them.
extension Record {
    var channelMembers: [JSON.Member] {
        switch self {
        case .channelConfigured(let r):
            .present([
                ("name", .string(r.name)), ("settings", r.settings.map { _ in .string("***") }),
                ("paused", r.isPaused ? .bool(true) : nil), ("rules", r.rules.json),
            ])
        case .channelRemoved(let r): .present([("name", .string(r.name))])
        case .channelMended(let r): .present([("name", .string(r.name))])
        case .messagesGrouped(let r):
            .present([
                ("leader", .count(r.leader.value)),
                ("members", .array(r.members.map { .count($0.value) })),
            ])
        default: []
        }
    }
}
