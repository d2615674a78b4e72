internal import Domain

// What a snapshot holds of accounts and marketplaces: fields 50 to 58 of the ledger's state. Times count from
// zero, because here a record stands without its time.

private let zero = Timestamp(microseconds: 0)

extension FieldWriter {
    /// In ascending order of keys: equal tables have equal bytes.
    mutating func write(_ table: AccountTable) {
        guard !table.isEmpty else { return }
        for (_, marketplace) in table.marketplaces.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            nest(50) {
                $0.nest(1) { marketplace.credentials.encode(into: &$0) }
                $0.write(2, marketplace.serviceURL ?? "")
                $0.write(3, marketplace.registrationURL)
            }
        }
        for (_, account) in table.accounts.sorted(by: { $0.key < $1.key }) {
            nest(51) { account.encode(into: &$0) }
        }
        for (_, scheduler) in table.schedulers.sorted(by: { $0.key < $1.key }) {
            nest(52) {
                $0.nest(1) { scheduler.provisioned.encode(into: &$0) }
                $0.write(2, time: scheduler.decommissionedAt ?? .distantFuture, from: zero)
            }
        }
        for (id, post) in table.posts.sorted(by: { $0.key < $1.key }) {
            nest(53) {
                $0.write(1, id.value)
                post.encode(into: &$0)
            }
        }
        for invoice in table.invoices {
            nest(54) {
                $0.nest(1) { invoice.invoice.encode(from: zero, into: &$0) }
                $0.write(2, invoice.post?.value ?? 0)
            }
        }
        nest(55) {
            $0.write(1, UInt64(table.billingJob?.number ?? 0))
            $0.write(2, UInt64(table.accountsEver))
        }
        for (number, account) in table.accounts.sorted(by: { $0.key < $1.key }) {
            for user in account.users {
                nest(56) { UserNoted(account: number, user: user).encode(into: &$0) }
            }
            if let grant = account.grant { nest(57) { grant.encode(from: zero, into: &$0) } }
        }
        let links = table.usedLinks.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (digest, until) in links {
            nest(58) { LinkUsed(account: 0, digest: digest, until: until).encode(from: zero, into: &$0) }
        }
    }
}

/// The table on its way out of a snapshot.
struct AccountTableFields {
    private var marketplaces: [MarketplaceKind: Marketplace] = [:]
    private var accounts: [UInt32: Account] = [:]
    private var schedulers: [UInt32: AccountScheduler] = [:]
    private var posts: [PostID: PendingPost] = [:]
    private var invoices: [SealedInvoice] = []
    private var billingJob: JobID?
    private var accountsEver: UInt32 = 1
    private var usedLinks: [[UInt8]: Timestamp] = [:]

    func table(jobs: JobTable) -> AccountTable {
        AccountTable(
            marketplaces: marketplaces,
            accounts: accounts,
            schedulers: schedulers,
            posts: posts,
            invoices: invoices,
            billingJob: billingJob,
            accountsEver: accountsEver,
            usedLinks: usedLinks,
            jobs: jobs
        )
    }

    /// What has no key was never written: in a snapshot, that is damage.
    mutating func take(_ field: UInt8, _ slice: ArraySlice<UInt8>) throws(FieldError) {
        let what = "ledger state"
        var reader = FieldReader(slice)
        switch field {
        case 50:
            let fields = try NumberedFields(.credentialsSet, last: 3, &reader)
            var inner = FieldReader(try fields.bytes(1))
            let credentials = try CredentialsSet(fields: &inner)
            let url = try fields.text(2)
            marketplaces[credentials.marketplace] = Marketplace(
                credentials: credentials,
                serviceURL: url.isEmpty ? nil : url,
                registrationURL: try fields.text(3)
            )
        case 51:
            let account = try Account(fields: &reader)
            accounts[account.opened.account] = account
        case 52:
            let fields = try NumberedFields(.schedulerProvisioned, last: 3, &reader)
            var inner = FieldReader(try fields.bytes(1))
            let provisioned = try SchedulerProvisioned(fields: &inner)
            let end = try fields.time(2, from: zero)
            schedulers[provisioned.scheduler] = AccountScheduler(
                provisioned: provisioned,
                decommissionedAt: end == .distantFuture ? nil : end
            )
        case 53:
            let (id, post) = try PendingPost.read(&reader)
            guard id.value > 0 else { throw .invalid(field: field, of: what) }
            posts[id] = post
        case 54:
            let fields = try NumberedFields(.invoiceSealed, last: 2, &reader)
            var inner = FieldReader(try fields.bytes(1))
            let post: UInt64 = try fields.number(2)
            let invoice = try InvoiceSealed(from: zero, fields: &inner)
            guard invoice.account > 0 else { throw .invalid(field: field, of: what) }
            invoices.append(SealedInvoice(invoice: invoice, post: post == 0 ? nil : PostID(post)))
        case 56:
            let noted = try UserNoted(fields: &reader)
            guard noted.account > 0 else { throw .invalid(field: field, of: what) }
            accounts[noted.account]?.note(noted.user)
        case 57:
            let grant = try GrantHeld(from: zero, fields: &reader)
            guard grant.account > 0 else { throw .invalid(field: field, of: what) }
            accounts[grant.account]?.grant = grant
        case 58:
            let link = try LinkUsed(from: zero, fields: &reader)
            guard !link.digest.isEmpty else { throw .invalid(field: field, of: what) }
            usedLinks[link.digest] = link.until
        default:
            let fields = try NumberedFields(.credentialsSet, last: 2, &reader)
            let job: UInt32 = try fields.number(1)
            billingJob = job == 0 ? nil : JobID(job)
            accountsEver = try fields.number(2)
        }
    }
}

extension Account {
    fileprivate func encode(into w: inout FieldWriter) {
        w.nest(1) { opened.encode(into: &$0) }
        w.write(2, time: openedAt, from: zero)
        w.write(4, time: closedAt ?? .distantFuture, from: zero)
        w.write(6, isToldToUpgrade ? 1 : 0)
        w.write(7, UInt64(charges.plan.rawValue))
        w.write(8, time: charges.since, from: zero)
        w.write(10, charges.callsBefore)
        w.write(11, signed: charges.daySeconds)
        w.write(12, signed: charges.callCents)
        w.write(13, signed: charges.invoicedCents)
        w.write(14, time: charges.settledTo, from: zero)
        w.write(16, charges.settledCalls)
        w.write(17, UInt64(charges.invoices))
        w.write(18, waitsForPlan ? 1 : 0)
    }

    fileprivate init(fields reader: inout FieldReader) throws(FieldError) {
        let fields = try NumberedFields(.accountOpened, last: 18, &reader)
        var inner = FieldReader(try fields.bytes(1))
        let closedAt = try fields.time(4, from: zero)
        self.init(
            opened: try AccountOpened(fields: &inner),
            openedAt: try fields.time(2, from: zero),
            closedAt: closedAt == .distantFuture ? nil : closedAt,
            charges: Charges(
                plan: try fields.word(7),
                since: try fields.time(8, from: zero),
                callsBefore: try fields.number(10),
                daySeconds: try fields.signed(11),
                callCents: try fields.signed(12),
                invoicedCents: try fields.signed(13),
                settledTo: try fields.time(14, from: zero),
                settledCalls: try fields.number(16),
                invoices: try fields.number(17)
            ),
            isToldToUpgrade: try fields.number(6) as UInt8 == 1,
            waitsForPlan: try fields.number(18) as UInt8 == 1
        )
    }
}

extension PendingPost {
    fileprivate func encode(into w: inout FieldWriter) {
        w.nest(2) { intended.encode(from: zero, into: &$0) }
        w.write(3, time: intendedAt, from: zero)
        w.write(5, UInt64(attempts))
        w.write(6, time: at, from: zero)
        w.write(8, reason)
        w.write(9, isDead ? 1 : 0)
    }

    fileprivate static func read(_ reader: inout FieldReader) throws(FieldError) -> (PostID, PendingPost) {
        let fields = try NumberedFields(.postIntended, last: 9, &reader)
        var inner = FieldReader(try fields.bytes(2))
        var post = PendingPost(
            intended: try PostIntended(nil, fields: &inner),
            at: try fields.time(3, from: zero)
        )
        post.attempts = try fields.number(5)
        post.at = try fields.time(6, from: zero)
        post.reason = try fields.text(8)
        post.isDead = try fields.number(9) as UInt8 == 1
        return (PostID(try fields.number(1)), post)
    }
}
