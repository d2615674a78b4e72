internal import Domain

/// The members of events about accounts and marketplaces. They are the operator's: a customer hears of them
/// from the marketplace.
enum AccountFacts {
    static func of(_ record: AccountRecord) -> [JSON.Member] {
        var facts = own(record)
        if let account = record.account { facts.insert(JSON.Member("account", number(account)), at: 0) }
        return facts
    }

    private static func own(_ record: AccountRecord) -> [JSON.Member] {
        switch record {
        case .credentialsSet(let r):
            [JSON.Member("marketplace", .string(r.marketplace.word)), JSON.Member("id", .string(r.id))]
        case .serviceRegistered(let r):
            [JSON.Member("marketplace", .string(r.marketplace.word)), JSON.Member("url", .string(r.url))]
        case .serviceDeregistered(let r): [JSON.Member("marketplace", .string(r.marketplace.word))]
        case .accountOpened(let r):
            [
                JSON.Member("marketplace", .string(r.marketplace.word)),
                JSON.Member("name", .string(r.name)), JSON.Member("plan", .string(r.plan.word)),
            ]
        case .planChosen(let r): [JSON.Member("plan", .string(r.plan.word))]
        case .accountClosed: []
        case .schedulerProvisioned(let r): [JSON.Member("scheduler", number(r.scheduler))]
        case .schedulerRotated(let r):
            [JSON.Member("scheduler", number(r.scheduler)), JSON.Member("username", .string(r.username))]
        case .schedulerDecommissioned(let r): [JSON.Member("scheduler", number(r.scheduler))]
        case .invoiceSealed(let r):
            [
                JSON.Member("from", r.from.json), JSON.Member("to", r.to.json),
                JSON.Member("cents", .number(r.cents)), JSON.Member("unique_id", .string(r.uniqueID)),
            ]
        case .postIntended(let r): [JSON.Member("purpose", .string(r.purpose.word))]
        case .postDelivered(let r):
            [JSON.Member("post", number(r.post)), JSON.Member("status", .number(Int64(r.status)))]
        case .postFailed(let r):
            [
                JSON.Member("post", number(r.post)), JSON.Member("reason", .string(r.reason)),
                JSON.Member("retry_at", r.retryAt.json),
            ]
        case .postDead(let r):
            [JSON.Member("post", number(r.post)), JSON.Member("reason", .string(r.reason))]
        case .userNoted(let r): [JSON.Member("user", .string(r.user.id))]
        case .userForgotten(let r): [JSON.Member("user", .string(r.id))]
        case .linkUsed, .accountConfigured, .grantHeld: []
        }
    }

    private static func number(_ number: UInt32) -> JSON { .number(Int64(number)) }
    private static func number(_ post: PostID) -> JSON { .string("\(post)") }
}
