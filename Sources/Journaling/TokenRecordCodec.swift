internal import Domain

// Tokens, in records and snapshots, as `Journaling.docc/Format.md` numbers their fields.

extension TokenRecord {
    var kind: RecordKind {
        switch self {
        case .added: .tokenAdded
        case .removed: .tokenRemoved
        }
    }

    func encode(into w: inout FieldWriter) {
        switch self {
        case .added(let r): r.encode(into: &w)
        case .removed(let r):
            w.write(1, r.name)
            w.write(2, UInt64(r.role.rawValue))
        }
    }

    init(_ kind: RecordKind, _ reader: inout FieldReader) throws(FieldError) {
        if kind == .tokenAdded {
            self = .added(try AccessToken(fields: &reader))
            return
        }
        let fields = try NumberedFields(kind, last: 2, &reader)
        self = .removed(TokenRemoved(name: try fields.text(1), role: try fields.word(2)))
    }

    /// As a dump shows it: without the digest, which is nobody's business.
    var members: [JSON.Member] {
        switch self {
        case .added(let r):
            .present([
                ("name", .string(r.name)), ("role", .string(r.role.word)),
                ("starts", r.job.map { .count($0.number) }), ("digest", .string("masked")),
            ])
        case .removed(let r): .present([("name", .string(r.name)), ("role", .string(r.role.word))])
        }
    }
}

extension AccessToken {
    fileprivate func encode(into w: inout FieldWriter) {
        w.write(1, name)
        w.write(2, UInt64(role.rawValue))
        w.write(3, UInt64(job?.number ?? 0))
        w.write(4, digest)
    }

    fileprivate init(fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.tokenAdded, last: 4, &reader)
        let job: UInt32 = try fields.number(3)
        self.init(
            name: try fields.text(1),
            role: try fields.word(2),
            job: job == 0 ? nil : JobID(job),
            digest: try fields.bytes(4)
        )
    }
}

/// What times in a snapshot count from.
private let zero = Timestamp(microseconds: 0)

extension KnownToken {
    func encode(into w: inout FieldWriter) {
        w.nest(1) { token.encode(into: &$0) }
        w.write(2, time: since, from: zero)
    }

    init(fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.tokenAdded, last: 3, &reader)
        var inner = FieldReader(try fields.bytes(1))
        self.init(try AccessToken(fields: &inner), since: try fields.time(2, from: zero))
    }
}
