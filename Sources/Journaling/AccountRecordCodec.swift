internal import Domain

// Payloads of records about accounts and marketplaces, as `Journaling.docc/Format.md` numbers them. A post is
// written as the distance back to the record that it is named by.

extension AccountRecord {
    var kind: RecordKind {
        switch self {
        case .credentialsSet: .credentialsSet
        case .serviceRegistered: .serviceRegistered
        case .serviceDeregistered: .serviceDeregistered
        case .accountOpened: .accountOpened
        case .planChosen: .planChosen
        case .accountClosed: .accountClosed
        case .schedulerProvisioned: .schedulerProvisioned
        case .schedulerRotated: .schedulerRotated
        case .schedulerDecommissioned: .schedulerDecommissioned
        case .invoiceSealed: .invoiceSealed
        case .postIntended: .postIntended
        case .postDelivered: .postDelivered
        case .postFailed: .postFailed
        case .postDead: .postDead
        case .linkUsed: .linkUsed
        case .accountConfigured: .accountConfigured
        case .userNoted: .userNoted
        case .userForgotten: .userForgotten
        case .grantHeld: .grantHeld
        }
    }

    func encode(_ context: PayloadContext, into w: inout FieldWriter) {
        switch self {
        case .credentialsSet(let r): r.encode(into: &w)
        case .serviceRegistered(let r):
            w.write(1, UInt64(r.marketplace.rawValue))
            w.write(2, r.url)
            w.write(3, r.registrationURL)
        case .serviceDeregistered(let r): w.write(1, UInt64(r.marketplace.rawValue))
        case .accountOpened(let r): r.encode(into: &w)
        case .planChosen(let r):
            w.write(1, UInt64(r.account))
            w.write(2, UInt64(r.plan.rawValue))
            w.write(3, r.calls)
        case .accountClosed(let r): w.write(1, UInt64(r.account))
        case .schedulerProvisioned(let r): r.encode(into: &w)
        case .schedulerRotated(let r):
            w.write(1, UInt64(r.account))
            w.write(2, UInt64(r.scheduler))
            w.write(3, r.username)
            w.write(4, r.salt)
            w.write(5, r.passwordHash)
            w.write(6, r.password)
        case .schedulerDecommissioned(let r):
            w.write(1, UInt64(r.account))
            w.write(2, UInt64(r.scheduler))
        case .invoiceSealed(let r): r.encode(from: context.base, into: &w)
        case .postIntended(let r):
            r.encode(from: context.base, into: &w)
            if let old = r.replaces { w.write(9, context.distance(to: old)) }
        case .postDelivered(let r):
            w.write(1, context.distance(to: r.post))
            w.write(2, UInt64(r.status))
        case .postFailed(let r):
            w.write(1, context.distance(to: r.post))
            w.write(2, r.reason)
            w.write(3, time: r.retryAt, from: context.base)
        case .postDead(let r):
            w.write(1, context.distance(to: r.post))
            w.write(2, r.reason)
        case .linkUsed(let r): r.encode(from: context.base, into: &w)
        case .accountConfigured(let r): w.write(1, UInt64(r.account))
        case .userNoted(let r): r.encode(into: &w)
        case .userForgotten(let r):
            w.write(1, UInt64(r.account))
            w.write(2, r.id)
        case .grantHeld(let r): r.encode(from: context.base, into: &w)
        }
    }

    init(_ kind: RecordKind, _ context: PayloadContext, _ reader: inout FieldReader) throws(FieldError) {
        switch kind {
        case .credentialsSet: self = .credentialsSet(try CredentialsSet(fields: &reader))
        case .accountOpened: self = .accountOpened(try AccountOpened(fields: &reader))
        case .schedulerProvisioned: self = .schedulerProvisioned(try SchedulerProvisioned(fields: &reader))
        case .invoiceSealed: self = .invoiceSealed(try InvoiceSealed(from: context.base, fields: &reader))
        case .postIntended: self = .postIntended(try PostIntended(context, fields: &reader))
        case .linkUsed: self = .linkUsed(try LinkUsed(from: context.base, fields: &reader))
        case .userNoted: self = .userNoted(try UserNoted(fields: &reader))
        case .grantHeld: self = .grantHeld(try GrantHeld(from: context.base, fields: &reader))
        default: self = try Self.small(kind, context, &reader)
        }
    }

    /// Those that no snapshot holds.
    private static func small(
        _ kind: RecordKind,
        _ context: PayloadContext,
        _ reader: inout FieldReader
    ) throws(FieldError) -> AccountRecord {
        let last: UInt8 =
            switch kind {
            case .serviceDeregistered, .accountClosed, .accountConfigured: 1
            case .planChosen, .serviceRegistered: 3
            case .postFailed: 4
            case .schedulerRotated: 6
            default: 2
            }
        let fields = try NumberedFields(kind, last: last, &reader)
        switch kind {
        case .serviceRegistered:
            return .serviceRegistered(
                ServiceRegistered(
                    marketplace: try fields.word(1),
                    url: try fields.text(2),
                    registrationURL: try fields.text(3)
                )
            )
        case .serviceDeregistered:
            return .serviceDeregistered(ServiceDeregistered(marketplace: try fields.word(1)))
        case .planChosen:
            return .planChosen(
                PlanChosen(
                    account: try fields.number(1),
                    plan: try fields.word(2),
                    calls: try fields.number(3)
                )
            )
        case .accountClosed: return .accountClosed(AccountClosed(account: try fields.number(1)))
        case .schedulerRotated:
            return .schedulerRotated(
                SchedulerRotated(
                    account: try fields.number(1),
                    scheduler: try fields.number(2),
                    username: try fields.text(3),
                    salt: try fields.bytes(4),
                    passwordHash: try fields.bytes(5),
                    password: try fields.sealed(6)
                )
            )
        case .schedulerDecommissioned:
            return .schedulerDecommissioned(
                SchedulerDecommissioned(account: try fields.number(1), scheduler: try fields.number(2))
            )
        case .accountConfigured:
            return .accountConfigured(AccountConfigured(account: try fields.number(1)))
        case .userForgotten:
            return .userForgotten(UserForgotten(account: try fields.number(1), id: try fields.text(2)))
        default: return try post(kind, context, fields)
        }
    }

    private static func post(
        _ kind: RecordKind,
        _ context: PayloadContext,
        _ fields: NumberedFields
    ) throws(FieldError) -> AccountRecord {
        let post = context.run(at: try fields.number(1))
        switch kind {
        case .postDelivered:
            return .postDelivered(PostDelivered(post: post, status: try fields.number(2)))
        case .postFailed:
            return .postFailed(
                PostFailed(
                    post: post,
                    reason: try fields.text(2),
                    retryAt: try fields.time(3, from: context.base)
                )
            )
        default: return .postDead(PostDead(post: post, reason: try fields.text(2)))
        }
    }
}

/// A payload whose fields occur once each, in any order; what is absent is its default.
struct NumberedFields {
    private let kind: RecordKind
    private var values: [UInt8: FieldValue] = [:]

    /// - Parameter last: fields beyond it are a newer build's.
    init(_ kind: RecordKind, last: UInt8, _ reader: inout FieldReader) throws(FieldError) {
        self.kind = kind
        while let (field, value) = try reader.next() {
            guard field > 0, field <= last else { throw .invalid(field: field, of: kind.name) }
            values[field] = value
        }
    }

    func has(_ field: UInt8) -> Bool { values[field] != nil }

    func number<N: FixedWidthInteger & UnsignedInteger>(_ field: UInt8) throws(FieldError) -> N {
        guard let value = values[field] else { return 0 }
        return try value.number(field, kind)
    }

    func signed(_ field: UInt8) throws(FieldError) -> Int64 {
        guard let value = values[field] else { return 0 }
        return try value.signed(field, kind)
    }

    func text(_ field: UInt8) throws(FieldError) -> String {
        guard let value = values[field] else { return "" }
        return try value.text(field, kind)
    }

    func bytes(_ field: UInt8) throws(FieldError) -> [UInt8] {
        guard let value = values[field] else { return [] }
        return try value.bytes(field, kind)
    }

    func word<E: RawRepresentable>(_ field: UInt8) throws(FieldError) -> E where E.RawValue == UInt8 {
        guard let value = values[field] else { throw .invalid(field: field, of: kind.name) }
        return try value.word(field, kind)
    }

    func sealed(_ field: UInt8) throws(FieldError) -> Sealed {
        guard let slice = values[field]?.slice else { throw .invalid(field: field, of: kind.name) }
        return try Sealed(packed: slice)
    }

    /// A time at `field`, or, finer than a second, at the next.
    func time(_ field: UInt8, from base: Timestamp) throws(FieldError) -> Timestamp {
        var time = TimeField()
        for (part, isFine) in [(field, false), (field + 1, true)] {
            guard let value = values[part] else { continue }
            try time.take(value, isFine: isFine, field: part, of: kind)
        }
        return time.resolved(from: base)
    }
}

// Records that a snapshot holds too: there the base of their times is zero.

extension CredentialsSet {
    func encode(into w: inout FieldWriter) {
        w.write(1, UInt64(marketplace.rawValue))
        w.write(2, id)
        w.write(3, key)
        if let salt { w.write(4, salt) }
        w.write(5, UInt64(billingJob?.number ?? 0))
        if let clientSecret { w.write(6, clientSecret) }
        w.write(7, tokenURL)
    }

    init(fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.credentialsSet, last: 7, &reader)
        let job: UInt32 = try fields.number(5)
        self.init(
            marketplace: try fields.word(1),
            id: try fields.text(2),
            key: try fields.sealed(3),
            salt: fields.has(4) ? try fields.sealed(4) : nil,
            billingJob: job == 0 ? nil : JobID(job)
        )
        clientSecret = fields.has(6) ? try fields.sealed(6) : nil
        tokenURL = try fields.text(7)
    }
}

extension AccountOpened {
    func encode(into w: inout FieldWriter) {
        w.write(1, UInt64(account))
        w.write(2, UInt64(marketplace.rawValue))
        w.write(3, name)
        w.write(4, externalID)
        w.write(5, messagesURL)
        w.write(6, invoicesURL)
        w.write(7, UInt64(plan.rawValue))
        w.write(8, asksForPlan ? 1 : 0)
    }

    init(fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.accountOpened, last: 8, &reader)
        self.init(
            account: try fields.number(1),
            marketplace: try fields.word(2),
            name: try fields.text(3),
            externalID: try fields.text(4),
            messagesURL: try fields.text(5),
            invoicesURL: try fields.text(6),
            plan: try fields.word(7)
        )
        asksForPlan = try fields.number(8) as UInt8 == 1
    }
}

extension SchedulerProvisioned {
    func encode(into w: inout FieldWriter) {
        w.write(1, UInt64(account))
        w.write(2, UInt64(scheduler))
        w.write(3, externalID)
        w.write(4, messagesURL)
        w.write(5, password)
        w.write(6, app)
        w.write(7, environment)
    }

    init(fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.schedulerProvisioned, last: 7, &reader)
        self.init(
            account: try fields.number(1),
            scheduler: try fields.number(2),
            externalID: try fields.text(3),
            messagesURL: try fields.text(4),
            password: try fields.sealed(5),
            app: try fields.text(6),
            environment: try fields.text(7)
        )
    }
}

extension InvoiceSealed {
    func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, UInt64(account))
        w.write(2, time: from, from: base)
        w.write(4, time: to, from: base)
        w.write(6, signed: cents)
        w.write(7, calls)
        w.write(8, text)
        w.write(9, uniqueID)
    }

    init(from base: Timestamp, fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.invoiceSealed, last: 9, &reader)
        self.init(
            account: try fields.number(1),
            from: try fields.time(2, from: base),
            to: try fields.time(4, from: base),
            cents: try fields.signed(6),
            calls: try fields.number(7),
            text: try fields.text(8),
            uniqueID: try fields.text(9)
        )
    }
}

extension PostIntended {
    func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, UInt64(account))
        w.write(2, UInt64(scheduler))
        w.write(3, UInt64(marketplace.rawValue))
        w.write(4, UInt64(purpose.rawValue))
        w.write(5, url)
        if let body { w.write(6, body) }
        w.write(7, time: at, from: base)
    }

    /// - Parameter context: nil in a snapshot, where what was replaced is long gone.
    init(_ context: PayloadContext?, fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.postIntended, last: context == nil ? 8 : 9, &reader)
        let base = context?.base ?? Timestamp(microseconds: 0)
        let old: UInt64 = try fields.number(9)
        self.init(
            account: try fields.number(1),
            scheduler: try fields.number(2),
            marketplace: try fields.word(3),
            purpose: try fields.word(4),
            url: try fields.text(5),
            body: fields.has(6) ? try fields.sealed(6) : nil,
            at: try fields.time(7, from: base),
            replaces: context.flatMap { old == 0 ? nil : $0.run(at: old) }
        )
    }
}
