internal import Domain

// The shapes of what is said about watched streams.
extension Schemas {
    static let streams: [JSON.Member] = [
        JSON.Member("StreamSourceRequest", object(sourceRequest)),
        JSON.Member("StreamSource", object([("url", text)] + sourceAnswer)),
    ]

    private static let sourceRequest: [Property] = [
        ("url", type("string", about: "wss://… or ws://…; without a path /v1/events; its query is masked")),
        ("username", text), ("token", type("string", about: "with username; never shown")),
        ("authorization", type("string", about: "a whole Authorization value instead; never shown")),
        ("bearer", type("string", about: "a bearer token instead; never shown")),
        ("auth_in", choice(["header", "query"])),
        ("alert_after", type("string", about: "how long an outage may last untold: 10s; or off")),
        ("silent_after", type("string", about: "how long it may say nothing: 1h; or off, as unless given")),
        ("notifications", type("boolean", about: "the account's notices are events, too")),
        ("paused", flag),
    ]

    private static let sourceAnswer: [Property] = [
        ("name", text), ("source", choice(["flags", "api"])), ("login", text),
        ("alert_after", type("string", about: "or off")),
        ("silent_after", type("string", about: "or off")), ("notifications", flag), ("paused", flag),
        (
            "state",
            choice([
                "connecting", "open", "authenticated", "waiting", "unauthorized", "paused", "unwatched",
            ])
        ),
        ("since", instant), ("reason", type("string", "null")), ("retry_at", instant),
        ("outages", number), ("lost_since", instant),
        ("events", type("integer", about: "since this server began to watch it")),
        ("last_event_at", instant), ("overflowed", type("integer", about: "events left out, ever")),
    ]
}
