internal import Cron
internal import Domain
internal import Engine

/// A blackout as a request describes it: one of three forms of time, and whom it is for.
struct BlackoutForm {
    /// What a request may say.
    static let request = [
        "labels", "from", "to", "schedule", "zone", "lasting", "ics", "ics_url",
    ]
    /// What only answers say.
    static let answer = [
        "name", "url", "active", "next", "events_from", "events", "pending", "read_again_at", "fault",
        "notes",
    ]

    private static let lastingMax = Span.days(366)
    private static let forms = "give from and to, or schedule and lasting, or ics, or ics_url"

    var blackout: Blackout
    /// Where the calendar is; the engine seals it.
    var calendarURL: String?

    init(
        _ name: String,
        _ object: JSON,
        zone standard: String,
        zones: ZoneDatabase
    ) throws(CommandError) {
        var fields = Fields(object)
        fields.refuseUnknown(Self.request, answersOnly: Self.answer)
        if !CheckForm.isSlug(name) || name.utf8.count > Blackout.nameBytesMax {
            fields.fault("name", "\"\(name)\" is not a name", hint: "a-z 0-9 _ -, as in \"holidays\"")
        }
        blackout = Blackout(name: name, time: .calendar(CalendarSource(zone: standard, bytes: [])))
        Labels.read(&fields, into: &blackout.labels)
        var zone = standard
        fields.readZone(into: &zone, default: standard, among: zones)
        let given = ["from", "schedule", "ics", "ics_url"].filter { fields.value($0) != nil }
        switch given {
        case ["from"]: blackout.time = Self.once(&fields, (try? zones.zone(named: zone)) ?? .utc)
        case ["schedule"]: blackout.time = Self.recurring(&fields, zone)
        case ["ics"]:
            let text = fields.value("ics")?.string ?? ""
            if text.isEmpty { fields.fault("ics", "is not the text of a calendar file") }
            blackout.time = .calendar(CalendarSource(zone: zone, bytes: Array(text.utf8)))
        case ["ics_url"]:
            calendarURL = Self.address(fields.value("ics_url")?.string ?? "")
            blackout.time = .calendar(CalendarSource(zone: zone, bytes: []))
        case []: fields.fault("from", "is missing, and so is every other time", hint: Self.forms)
        default: fields.fault(given[1], "cannot be given beside \(given[0])", hint: Self.forms)
        }
        if given.count == 1 {
            for (field, owner) in [("to", "from"), ("lasting", "schedule")]
            where owner != given[0] && fields.value(field) != nil {
                fields.fault(field, "cannot be given beside \(given[0])", hint: Self.forms)
            }
        }
        if !fields.faults.isEmpty { throw .invalid(fields.faults) }
    }

    /// Where calendars are offered, they are offered as `webcal:`, which means https.
    private static func address(_ text: String) -> String {
        let scheme = "webcal://"
        return text.lowercased().hasPrefix(scheme) ? "https://\(text.dropFirst(scheme.count))" : text
    }

    private static func once(_ fields: inout Fields, _ zone: Zone) -> BlackoutTime {
        let from = moment("from", &fields, zone)
        let to = moment("to", &fields, zone)
        if fields.value("to") == nil { fields.fault("to", "is missing: when it is over") }
        return .once(from: from ?? .distantPast, to: to ?? .distantFuture)
    }

    /// An instant; a date alone is midnight, and like a time without an offset it is read in the zone.
    private static func moment(_ name: String, _ fields: inout Fields, _ zone: Zone) -> Timestamp? {
        guard let value = fields.value(name) else { return nil }
        let text = value.string ?? ""
        if let stamp = Timestamp(rfc3339: text) { return stamp }
        guard let local = LocalDateTime(text) ?? LocalDateTime("\(text)T00:00") else {
            let hint = "2026-03-08T07:00:00Z, or 2026-03-08 for midnight in zone"
            fields.fault(name, "is neither an RFC 3339 instant nor a date", hint: hint)
            return nil
        }
        switch zone.resolve(local) {
        case .one(let instant), .two(let instant, _), .gap(let instant, _):
            return Timestamp(seconds: instant.seconds)
        }
    }

    private static func recurring(_ fields: inout Fields, _ zone: String) -> BlackoutTime {
        var (schedule, lasting) = ("", Span.zero)
        fields.read("schedule", into: &schedule, bytesMax: 256)
        fields.read("lasting", into: &lasting, default: .zero, atLeast: .seconds(1))
        if fields.value("lasting") == nil {
            fields.fault("lasting", "is missing: how long it is, as in \"2h\"")
        }
        if lasting > lastingMax { fields.fault("lasting", "is more than \(lastingMax.text)") }
        return .recurring(schedule: schedule, zone: zone, lasting: lasting)
    }
}
