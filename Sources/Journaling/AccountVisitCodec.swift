internal import Domain

// Records about the people of accounts that a snapshot holds too: there the base of their times is zero.

extension LinkUsed {
    func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, UInt64(account))
        w.write(2, digest)
        w.write(3, time: until, from: base)
    }

    init(from base: Timestamp, fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.linkUsed, last: 4, &reader)
        self.init(
            account: try fields.number(1),
            digest: try fields.bytes(2),
            until: try fields.time(3, from: base)
        )
    }
}

extension UserNoted {
    func encode(into w: inout FieldWriter) {
        w.write(1, UInt64(account))
        w.write(2, user.id)
        w.write(3, user.name)
        w.write(4, user.email)
        w.write(5, user.isOwner ? 1 : 0)
    }

    init(fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.userNoted, last: 5, &reader)
        self.init(
            account: try fields.number(1),
            user: AccountUser(
                id: try fields.text(2),
                name: try fields.text(3),
                email: try fields.text(4),
                isOwner: try fields.number(5) as UInt8 == 1
            )
        )
    }
}

extension GrantHeld {
    func encode(from base: Timestamp, into w: inout FieldWriter) {
        w.write(1, UInt64(account))
        w.write(2, secret)
        w.write(3, isCode ? 1 : 0)
        if let refresh { w.write(4, refresh) }
        w.write(5, time: until, from: base)
    }

    init(from base: Timestamp, fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.grantHeld, last: 6, &reader)
        self.init(
            account: try fields.number(1),
            secret: try fields.sealed(2),
            isCode: try fields.number(3) as UInt8 == 1,
            refresh: fields.has(4) ? try fields.sealed(4) : nil,
            until: try fields.time(5, from: base)
        )
    }
}
