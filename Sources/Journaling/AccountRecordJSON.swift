internal import Domain
internal import Effects

// Records about accounts and marketplaces, as `RecordJSON` shows them. Keys, passwords and what is posted are
// masked.
extension AccountRecord {
    var members: [JSON.Member] {
        let own: [JSON.Member] =
            switch self {
            case .credentialsSet(let r):
                .present([
                    ("marketplace", .string(r.marketplace.word)), ("id", .string(r.id)),
                    ("key", r.key.masked), ("salt", r.salt?.masked),
                    ("billing_job", r.billingJob.map { .count($0.number) }),
                    ("client_secret", r.clientSecret?.masked),
                    ("token_url", r.tokenURL.isEmpty ? nil : .string(r.tokenURL)),
                ])
            case .serviceRegistered(let r):
                .present([
                    ("marketplace", .string(r.marketplace.word)), ("url", .string(r.url)),
                    ("registration_url", r.registrationURL.isEmpty ? nil : .string(r.registrationURL)),
                ])
            case .serviceDeregistered(let r): .present([("marketplace", .string(r.marketplace.word))])
            case .accountOpened(let r):
                .present([
                    ("marketplace", .string(r.marketplace.word)), ("name", .string(r.name)),
                    ("external_id", .string(r.externalID)), ("plan", .string(r.plan.word)),
                    ("asks_for_plan", r.asksForPlan ? .bool(true) : nil),
                ])
            case .planChosen(let r): .present([("plan", .string(r.plan.word)), ("calls", .count(r.calls))])
            case .accountClosed: []
            case .schedulerProvisioned(let r):
                .present([
                    ("scheduler", .count(r.scheduler)), ("external_id", .string(r.externalID)),
                    ("password", .string("masked")), ("app", .string(r.app)),
                    ("environment", .string(r.environment)),
                ])
            case .schedulerRotated(let r):
                .present([
                    ("scheduler", .count(r.scheduler)), ("username", .string(r.username)),
                    ("password", .string("masked")),
                ])
            case .schedulerDecommissioned(let r): .present([("scheduler", .count(r.scheduler))])
            case .invoiceSealed(let r):
                .present([
                    ("from", .instant(r.from)), ("to", .instant(r.to)), ("cents", .count(r.cents)),
                    ("calls", .count(r.calls)), ("text", .string(r.text)),
                    ("unique_id", .string(r.uniqueID)),
                ])
            case .postIntended, .postDelivered, .postFailed, .postDead: postMembers
            case .linkUsed(let r):
                .present([("digest", .string(hexadecimal(r.digest))), ("until", .instant(r.until))])
            case .accountConfigured: []
            // Names and addresses of people are nobody's business who reads a dump.
            case .userNoted(let r):
                .present([
                    ("user", .string(r.user.id)), ("name", .string("masked")),
                    ("email", .string("masked")), ("level", .string(r.user.level)),
                ])
            case .userForgotten(let r): .present([("user", .string(r.id))])
            case .grantHeld(let r):
                .present([
                    ("secret", r.secret.masked), ("is_code", .bool(r.isCode)),
                    ("refresh", r.refresh?.masked), ("until", .instant(r.until)),
                ])
            }
        return .present([("owner", account.map { .count($0) })]) + own
    }

    private var postMembers: [JSON.Member] {
        switch self {
        case .postIntended(let r):
            .present([
                ("scheduler", r.scheduler == 0 ? nil : .count(r.scheduler)),
                ("marketplace", .string(r.marketplace.word)), ("purpose", .string(r.purpose.word)),
                ("url", .string(r.url)), ("body", r.body?.masked), ("at", .instant(r.at)),
                ("replaces", r.replaces.map { .count($0.value) }),
            ])
        case .postDelivered(let r): .present([("post", .count(r.post.value)), ("status", .count(r.status))])
        case .postFailed(let r):
            .present([
                ("post", .count(r.post.value)), ("reason", .string(r.reason)),
                ("retry_at", .instant(r.retryAt)),
            ])
        case .postDead(let r): .present([("post", .count(r.post.value)), ("reason", .string(r.reason))])
        default: []
        }
    }
}
