internal import Domain

// The shapes of what is said about marketplaces and their customers.
extension Schemas {
    private static let kinds = choice(MarketplaceKind.allCases.map(\.word))

    static let partner: [JSON.Member] = [
        JSON.Member(
            "Partner",
            object([
                (
                    "marketplaces",
                    list(
                        object([
                            ("marketplace", kinds), ("id", text), ("key", text),
                            ("service_url", type("string", "null")),
                            ("registration_url", type("string", "null")),
                        ])
                    )
                ), ("billing_job", type("string", "null")),
            ])
        ),
        JSON.Member(
            "PartnerCredentials",
            object(
                [
                    ("marketplace", kinds), ("id", text), ("key", text), ("salt", text),
                    ("client_secret", text), ("token_url", text),
                ],
                required: ["id", "key"]
            )
        ),
        JSON.Member(
            "PartnerRegistration",
            object([("registration_url", text)], required: ["registration_url"])
        ),
        // As the marketplace has it; it may say more.
        JSON.Member("PartnerService", object([("name", text), ("label", text), ("url", text)])),
        JSON.Member(
            "Account",
            object([
                ("id", text), ("url", text), ("marketplace", kinds), ("name", text), ("external_id", text),
                ("plan", choice(PlanName.allCases.map(\.word))), ("jobs", number), ("opened_at", instant),
                ("closed_at", instant), ("invoiced_cents", number), ("waits_for_plan", type("boolean")),
                ("schedulers", list(object([]))),
                ("users", list(object([]))),
            ])
        ),
        JSON.Member(
            "NewCredentials",
            object([
                ("id", text), ("username", text), ("password", text),
                ("marketplace", choice(["told", "waiting", "dead", "untold"])),
            ])
        ),
        JSON.Member(
            "Bill",
            object([
                ("account", text), ("from", instant), ("to", instant), ("total_amount_cents", number),
                ("calls", number), ("schedulers", number),
            ])
        ),
        JSON.Member(
            "Invoice",
            object([
                ("account", text), ("unique_id", text), ("from", instant), ("to", instant),
                ("total_amount_cents", number), ("line_item_description", text),
                ("state", choice(["delivered", "waiting", "dead"])), ("post", type("string", "null")),
            ])
        ),
        JSON.Member(
            "Post",
            object([
                ("id", text), ("purpose", choice(PostPurpose.allCases.map(\.word))),
                ("state", choice(["waiting", "dead"])), ("account", type("string", "null")), ("url", text),
                ("attempts", number), ("retry_at", instant), ("reason", text),
            ])
        ),
    ]
}
