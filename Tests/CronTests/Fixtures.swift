import Cron
import Testing

/// A written instant; a test that misspells one fails here.
func instant(_ text: String) throws -> Instant {
    try #require(Instant(rfc3339: text), "\(text) is not an instant")
}

func local(_ text: String) throws -> LocalDateTime {
    try #require(LocalDateTime(text), "\(text) is not a local time")
}

func recurrence(
    _ text: String,
    _ zone: String = "UTC",
    dst: DSTPolicy = .vixie,
    anchor: String = "1970-01-01T00:00:00Z",
    options: ScheduleOptions = .init()
) throws -> Recurrence {
    Recurrence(
        try Schedule(text, options: options),
        zone: try ZoneDatabase.embedded.zone(named: zone),
        dst: dst,
        anchor: try instant(anchor)
    )
}

/// The next instants at which a schedule runs.
func runs(_ recurrence: Recurrence, from: String, count: Int) throws -> [String] {
    var instants: [String] = []
    var after = try instant(from)
    while instants.count < count, let next = recurrence.nextRun(after: after) {
        instants.append(next.rfc3339)
        after = next
    }
    return instants
}

/// The instants of one local day at which a schedule runs, the day being that of the zone.
func runs(_ recurrence: Recurrence, onDay day: String) throws -> [Instant] {
    let midnight = try local(day + "T00:00")
    let tomorrow = LocalDateTime(seconds: midnight.seconds + 86_400)
    let from = recurrence.zone.resolve(midnight).earliest
    let to = recurrence.zone.resolve(tomorrow).earliest
    return recurrence.occurrences(after: Instant(seconds: from.seconds - 1), before: to)
        .filter { $0.disposition == .run }
        .map(\.instant)
}

extension Zone.Resolution {
    var earliest: Instant {
        switch self {
        case .one(let instant), .two(let instant, _), .gap(let instant, _): instant
        }
    }
}

/// What is said to somebody who writes this; empty if it is accepted.
func refusal(of text: String, _ dialect: Dialect? = nil) -> String {
    do {
        _ = try Schedule(text, options: ScheduleOptions(dialect: dialect))
        return ""
    } catch {
        return error.description
    }
}

/// What the lines inside a calendar cover, as `begin/end` in UTC.
func windows(
    _ lines: String,
    zone: String = "UTC",
    through: String = "2030-01-01T00:00:00Z"
) throws -> [String] {
    try windows(file: "BEGIN:VCALENDAR\nVERSION:2.0\n\(lines)\nEND:VCALENDAR\n", zone: zone, through: through)
}

/// What a calendar file covers.
func windows(
    file text: String,
    zone: String = "UTC",
    through: String = "2030-01-01T00:00:00Z"
) throws -> [String] {
    let zones = ZoneDatabase.embedded
    let file = try CalendarFile(Array(text.utf8), zone: try zones.zone(named: zone)) {
        try? zones.zone(named: $0)
    }
    return file.windows(through: try instant(through)).windows.map { "\($0.lowerBound)/\($0.upperBound)" }
}

/// The lines of one event.
func event(_ lines: String...) -> String {
    (["BEGIN:VEVENT", "UID:one"] + lines + ["END:VEVENT"]).joined(separator: "\n")
}

/// SplitMix64: small, and the same everywhere, so that a seed says all.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
