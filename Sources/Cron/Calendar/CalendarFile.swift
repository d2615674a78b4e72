/// The events of a calendar file (iCalendar, RFC 5545) as stretches of time: holidays, maintenance windows.
///
/// What is read: `VEVENT` with `DTSTART`, `DTEND` or `DURATION`, `RRULE` of a day and longer, `RDATE`,
/// `EXDATE` and `RECURRENCE-ID`; cancelled events are left out. `TZID` must be a name of the IANA database.
public struct CalendarFile: Sendable, Hashable {
    public static let bytesMax = 1_048_576
    public static let eventsMax = 10_000
    /// Recurring events; each is followed day by day, from 1900 on.
    public static let rulesMax = 1_000
    private static let rulesFrom = Civil.days(year: 1900, month: 1, day: 1)

    private struct Event: Sendable, Hashable {
        var line: Int
        var uid = ""
        var start: CalendarTime?
        var end: CalendarTime?
        var endZone: Zone?
        var duration: Int64?
        var zone: Zone
        var rule: CalendarRule?
        var more: [CalendarTime] = []
        var except: Set<Int64> = []
        /// The beginning of the occurrence that this event stands in for.
        var standsFor: CalendarTime?
        var isCancelled = false
    }

    private var events: [Event] = []

    /// - Parameters:
    ///   - zone: where whole days and times without a zone lie.
    ///   - named: the zone with an IANA name; nil when there is none.
    public init(_ bytes: [UInt8], zone: Zone, named: (String) -> Zone?) throws(CalendarError) {
        guard bytes.count <= Self.bytesMax else {
            throw CalendarError("has \(bytes.count) bytes; at most \(Self.bytesMax) are read")
        }
        var reader = Reader(zone: zone)
        for line in try CalendarLine.lines(of: bytes) { try reader.take(line, named) }
        events = try reader.finish()
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
        putStandInsInPlace()
    }

    public var eventCount: Int { events.count }

    /// What the events cover up to an instant.
    public func windows(through last: Instant) -> TimeWindows {
        var windows: [Range<Instant>] = []
        for event in events where !event.isCancelled { windows += Self.windows(of: event, through: last) }
        return TimeWindows(windows)
    }

    private static func windows(of event: Event, through last: Instant) -> [Range<Instant>] {
        guard let start = event.start else { return [] }
        let zone = start.isUTC ? .utc : event.zone
        var starts = [start.local]
        if let rule = event.rule {
            let first = Civil.day(ofSecond: start.local)
            let time = start.local - first * Civil.secondsPerDay
            // A day more, because the clock of a zone may be ahead.
            let through = Civil.day(ofSecond: last.seconds) + 1
            starts = rule.days(from: first, through: through).map { $0 * Civil.secondsPerDay + time }
            if let until = rule.until {
                let bound =
                    until.isUTC ? zone.local(at: Instant(seconds: until.local)).local.seconds : until.local
                starts.removeAll { $0 > bound }
            }
        }
        starts += event.more.map(\.local)
        return starts.filter { !event.except.contains($0) }.compactMap { local in
            let begins = instant(local, zone)
            let ends = end(of: event, start, beginningAt: local, begins, zone)
            return begins < ends && begins <= last ? begins..<ends : nil
        }
    }

    private static func end(
        of event: Event,
        _ start: CalendarTime,
        beginningAt local: Int64,
        _ begins: Instant,
        _ zone: Zone
    ) -> Instant {
        if start.isDate {
            // Days have the length that the zone gives them.
            let days = event.end.map { $0.local - start.local } ?? event.duration ?? Civil.secondsPerDay
            return instant(local + days, zone)
        }
        if let duration = event.duration { return Instant(seconds: begins.seconds + duration) }
        guard let end = event.end else { return begins }
        let last = instant(end.local, end.isUTC ? .utc : event.endZone ?? event.zone)
        return Instant(seconds: begins.seconds + last.seconds - instant(start.local, zone).seconds)
    }

    private static func instant(_ local: Int64, _ zone: Zone) -> Instant {
        switch zone.resolve(LocalDateTime(seconds: local)) {
        case .one(let instant), .two(let instant, _), .gap(let instant, _): instant
        }
    }

    /// An event with a `RECURRENCE-ID` takes the place of one occurrence of the event with its `UID`.
    private mutating func putStandInsInPlace() {
        var replaced: [String: Set<Int64>] = [:]
        for event in events {
            if let time = event.standsFor { replaced[event.uid, default: []].insert(time.local) }
        }
        for index in events.indices where events[index].standsFor == nil {
            if let times = replaced[events[index].uid] { events[index].except.formUnion(times) }
        }
    }

    /// Collects the properties of one event after the other.
    private struct Reader {
        let zone: Zone
        private var events: [Event] = []
        private var event: Event?
        /// Components that are open, the outermost first.
        private var open: [String] = []

        init(zone: Zone) { self.zone = zone }

        mutating func take(_ line: CalendarLine, _ named: (String) -> Zone?) throws(CalendarError) {
            switch line.name {
            case "BEGIN":
                guard !open.isEmpty || line.value.uppercased() == "VCALENDAR" else {
                    throw CalendarError(line: line.number, "is not BEGIN:VCALENDAR, so this is no calendar")
                }
                open.append(line.value.uppercased())
                if open.last == "VEVENT" { event = Event(line: line.number, zone: zone) }
            case "END":
                guard open.popLast() == line.value.uppercased() else {
                    throw CalendarError(line: line.number, "ends \(line.value), which is not open")
                }
                if line.value.uppercased() == "VEVENT", let event {
                    if event.start == nil {
                        throw CalendarError(line: event.line, "begins an event without DTSTART")
                    }
                    events.append(event)
                    self.event = nil
                }
            default:
                guard !open.isEmpty else {
                    throw CalendarError(line: line.number, "is not BEGIN:VCALENDAR, so this is no calendar")
                }
                // An alarm inside an event has times of its own.
                if open.last == "VEVENT" { try read(line, named) }
            }
        }

        func finish() throws(CalendarError) -> [Event] {
            guard open.isEmpty else { throw CalendarError("ends inside \(open[open.count - 1])") }
            return events
        }

        private mutating func read(_ line: CalendarLine, _ named: (String) -> Zone?) throws(CalendarError) {
            guard var event else { return }
            defer { self.event = event }
            switch line.name {
            case "UID": event.uid = line.value
            case "STATUS": event.isCancelled = line.value.uppercased() == "CANCELLED"
            case "DTSTART":
                event.start = try time(line.value, line)
                if let zone = try zone(of: line, named) { event.zone = zone }
            case "DTEND":
                event.end = try time(line.value, line)
                event.endZone = try zone(of: line, named)
            case "DURATION":
                guard let seconds = CalendarDuration.seconds(line.value) else {
                    throw CalendarError(
                        line: line.number,
                        "has the DURATION \(line.value), such as P1DT2H is meant"
                    )
                }
                event.duration = seconds
            case "RRULE": event.rule = try CalendarRule(line.value, line: line.number)
            case "RDATE":
                for word in line.value.split(separator: ",") {
                    event.more.append(try time(String(word), line))
                }
            case "EXDATE":
                for word in line.value.split(separator: ",") {
                    event.except.insert(try time(String(word), line).local)
                }
            case "RECURRENCE-ID": event.standsFor = try time(line.value, line)
            default: break
            }
        }

        private func time(_ text: String, _ line: CalendarLine) throws(CalendarError) -> CalendarTime {
            guard let time = CalendarTime(text) else {
                throw CalendarError(line: line.number, "has \"\(text)\" where a date or time is expected")
            }
            return time
        }

        private func zone(of line: CalendarLine, _ named: (String) -> Zone?) throws(CalendarError) -> Zone? {
            guard let name = line.parameters["TZID"] else { return nil }
            guard let zone = named(name) else {
                throw CalendarError(
                    line: line.number,
                    "has the time zone \"\(name)\", which is no name of the IANA database"
                )
            }
            return zone
        }
    }
}

/// `P1D`, `PT1H30M`, `P2W` (RFC 5545 §3.3.6), in seconds; nil when negative or malformed.
enum CalendarDuration {
    static func seconds(_ text: String) -> Int64? {
        var rest = text.uppercased()[...]
        if rest.first == "+" { rest.removeFirst() }
        guard rest.popFirst() == "P", !rest.isEmpty else { return nil }
        var total: Int64 = 0
        var isTime = false
        while let first = rest.first {
            if first == "T", !isTime {
                isTime = true
                rest.removeFirst()
                continue
            }
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            guard (1...6).contains(digits.count), let number = Int64(digits), let unit = rest.popFirst()
            else {
                return nil
            }
            switch (unit, isTime) {
            case ("W", false): total += number * 604_800
            case ("D", false): total += number * 86_400
            case ("H", true): total += number * 3600
            case ("M", true): total += number * 60
            case ("S", true): total += number
            default: return nil
            }
        }
        return total
    }
}
