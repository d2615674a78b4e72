/// What happens to a job beyond what the account's plan holds.
enum FreePlanLimit: String, SettingValue, CaseIterable {
    /// It runs, and the customer is told once.
    case soft
    /// It is refused (422).
    case hard

    static let placeholder = "POLICY"

    init(settingText text: String) throws(ValueFault) {
        guard let limit = FreePlanLimit(rawValue: text) else {
            throw ValueFault(takes: "soft or hard", not: text)
        }
        self = limit
    }

    var settingText: String { rawValue }
}

extension Setting {
    /// Customers of marketplaces.
    static let partnerRows: [Setting] = [
        Setting(
            "free-plan-limit",
            \.partner.freePlanLimit,
            .partner,
            "jobs beyond a plan's: soft tells the customer once, hard refuses them (422)"
        ),
        Setting(
            "partner-return-hosts",
            list: \.partner.returnHosts,
            .partner,
            "hosts that a customer may be led back to, beside the marketplace's own; repeatable",
            placeholder: "HOST",
            check: { (host) throws(ValueFault) in
                guard !host.isEmpty, host.allSatisfy({ $0.isLowercase || $0.isNumber || ".-".contains($0) })
                else { throw ValueFault(takes: "a host name in lower case", not: host) }
            }
        ),
        Setting(
            "partner-ask-plan",
            \.partner.asksForPlan,
            .partner,
            "a new customer is sent to choose a plan first (configuration_required)"
        ),
        Setting(
            "partner-list-users",
            \.partner.listsUsers,
            .partner,
            "offer marketplaces a list of the people who came (users_url); they then send e-mail addresses"
        ),
        Setting(
            "partner-id",
            optional: \.partner.id,
            .partner,
            "our id at a marketplace (engineyard-v1), instead of `partner credentials set`"
        ),
        Setting("partner-key", optional: \.partner.key, .partner, "the key that goes with --partner-id"),
        Setting(
            "register",
            optional: \.partner.registration,
            .partner,
            "register our service at this URL of a marketplace at the start, unless it is registered"
        ),
    ]
}
