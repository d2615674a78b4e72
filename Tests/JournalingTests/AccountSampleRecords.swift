import Domain
import Journaling

/// One record of every kind about accounts and marketplaces.
extension SampleRecord {
    private static let sealed = Sealed(keyID: 0xdead_beef, bytes: Array(0..<30))

    static let accountRecords: [AccountRecord] = [
        .credentialsSet(
            CredentialsSet(
                marketplace: .engineYardV1,
                id: "123edf",
                key: sealed,
                salt: sealed,
                billingJob: JobID(7)
            )
        ),
        .serviceRegistered(ServiceRegistered(marketplace: .engineYardV1, url: "http://ey.test/1")),
        .serviceDeregistered(ServiceDeregistered(marketplace: .herokuV3)),
        .accountOpened(
            AccountOpened(
                account: 2,
                marketplace: .engineYardV1,
                name: "some-account",
                externalID: "http://ey.test/a/85",
                messagesURL: "http://ey.test/a/85/messages",
                invoicesURL: "http://ey.test/a/85/invoices",
                plan: .freemium
            )
        ),
        .planChosen(PlanChosen(account: 2, plan: .awesome, calls: 1000)),
        .accountClosed(AccountClosed(account: 2)),
        .schedulerProvisioned(
            SchedulerProvisioned(
                account: 2,
                scheduler: 5,
                externalID: "http://ey.test/p/9",
                messagesURL: "http://ey.test/p/9/messages",
                password: sealed,
                app: "myapp",
                environment: "myenv"
            )
        ),
        .schedulerRotated(
            SchedulerRotated(
                account: 2,
                scheduler: 5,
                username: "U1",
                salt: [1, 2],
                passwordHash: [3, 4],
                password: sealed
            )
        ),
        .schedulerDecommissioned(SchedulerDecommissioned(account: 2, scheduler: 5)),
        .invoiceSealed(
            InvoiceSealed(
                account: 2,
                from: noon,
                to: noon + .days(31),
                cents: 27,
                calls: 5,
                text: "For service",
                uniqueID: "ab-2-20260101-20260201-1"
            )
        ),
        .postIntended(
            PostIntended(
                account: 2,
                scheduler: 5,
                marketplace: .engineYardV1,
                purpose: .variables,
                url: "http://ey.test/p/9",
                body: sealed,
                at: noon + .seconds(5),
                replaces: Sequence(91)
            )
        ),
        .postDelivered(PostDelivered(post: Sequence(91), status: 200)),
        .postFailed(PostFailed(post: Sequence(91), reason: "answered 503", retryAt: noon + .seconds(8))),
        .postDead(PostDead(post: Sequence(91), reason: "answered 404")),
        .linkUsed(LinkUsed(account: 2, digest: Array(0..<16), until: noon + .minutes(10))),
        .accountConfigured(AccountConfigured(account: 2)),
        .userNoted(
            UserNoted(
                account: 2,
                user: AccountUser(id: "57", name: "Person Name", email: "p@example.com", isOwner: true)
            )
        ),
        .userForgotten(UserForgotten(account: 2, id: "57")),
        .grantHeld(
            GrantHeld(
                account: 2,
                secret: sealed,
                isCode: true,
                refresh: sealed,
                until: noon + .minutes(5)
            )
        ),
    ]

    static let accounts = accountRecords.map {
        SampleRecord(Record.account($0).kind.name, .account($0))
    }
}
