/// The events of a calendar file (iCalendar, RFC 5545) as stretches of time: holidays, maintenance windows.
///
/// What is read: `VEVENT` with `DTSTART`, `DTEND` or `DURATION`, `RRULE` of a day and longer, `RDATE`,
/// `EXDATE` and `RECURRENCE-ID` of one occurrence. Cancelled events are left out, and so are those that are
/// `TRANSPARENT` (the time is free) unless they last whole days: calendars of holidays say it of each day.
/// For `TZID` see `CalendarZones`.
public struct CalendarFile: Sendable, Hashable {
    public static let bytesMax = 1_048_576
    public static let eventsMax = 10_000
    /// Recurring events; each is followed day by day, from 1900 on.
    public static let rulesMax = 1_000
    private static let rulesFrom = Civil.days(year: 1900, month: 1, day: 1)

    private var events: [CalendarEvent] = []
    /// An event with a `RECURRENCE-ID` takes the place of one occurrence of the event with its `UID`, also
    /// when it is cancelled or free itself.
    private var replaced: [String: [CalendarTime]] = [:]

    /// - Parameters:
    ///   - zone: where whole days and times without a zone lie.
    ///   - named: the zone with an IANA name; nil when there is none.
    public init(_ bytes: [UInt8], zone: Zone, named: (String) -> Zone?) throws(CalendarError) {
        guard bytes.count <= Self.bytesMax else {
            throw CalendarError("has \(bytes.count) bytes; at most \(Self.bytesMax) are read")
        }
        events = try CalendarReader.events(of: try CalendarLine.lines(of: bytes), home: zone, named: named)
        guard events.count <= Self.eventsMax else {
            throw CalendarError("has \(events.count) events; at most \(Self.eventsMax) are read")
        }
        let rules = events.count { $0.rule != nil }
        guard rules <= Self.rulesMax else {
            throw CalendarError("has \(rules) recurring events; at most \(Self.rulesMax) are read")
        }
        for event in events where event.rule != nil {
            guard let start = event.start, Civil.day(ofSecond: start.local) >= Self.rulesFrom else {
                throw CalendarError(line: event.line, "begins a recurring event before 1900")
            }
        }
        for event in events {
            if let time = event.standsFor { replaced[event.uid, default: []].append(time) }
        }
    }

    public var eventCount: Int { events.count }

    /// What the events cover up to an instant.
    public func windows(through last: Instant) -> TimeWindows {
        TimeWindows(
            events.flatMap { event in
                let others = event.standsFor == nil ? replaced[event.uid, default: []] : []
                return event.windows(through: last, without: others)
            }
        )
    }
}
