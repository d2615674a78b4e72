internal import Domain

// The shapes of what is said about blackouts.
extension Schemas {
    static let blackouts: [JSON.Member] = [
        JSON.Member("BlackoutRequest", object(blackoutRequest)),
        JSON.Member("Blackout", object(blackoutRequest.filter { !$0.0.hasPrefix("ics") } + blackoutAnswer)),
    ]

    private static let moment = type(
        "string",
        about: "an instant, or a date or local time, read in zone: 2026-03-08"
    )

    private static let blackoutRequest: [Property] = [
        ("labels", list(text)), ("from", moment), ("to", moment),
        ("schedule", type("string", about: "when one begins; with lasting")), ("zone", text),
        ("lasting", type("string", "integer", about: "90s, 5m, 24h, 365d, or whole seconds")),
        ("ics", type("string", about: "the text of a calendar file, RFC 5545")),
        ("ics_url", type("string", about: "where the calendar is read every six hours; never shown")),
    ]

    private static let blackoutAnswer: [Property] = [
        ("name", text), ("url", text), ("active", flag),
        ("next", type("object", "null", about: "from, to: the present or the coming stretch")),
        ("events_from", type("string", about: "the host of the calendar, or \"a file\"")),
        ("events", type("integer", about: "of a calendar, as it was read last")),
        ("pending", type("boolean", about: "the calendar is being read for the first time")),
        ("read_again_at", instant),
        ("fault", type("string", "null", about: "why the calendar could not be read")),
        ("notes", list(type("string", about: "of one just set: it is over, or nobody is under it"))),
    ]
}
