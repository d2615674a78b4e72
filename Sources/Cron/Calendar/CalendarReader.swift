/// Collects the properties of one event after the other.
struct CalendarReader {
    private let home: Zone
    private var zones: CalendarZones
    private var events: [CalendarEvent] = []
    private var event: CalendarEvent?
    /// Components that are open, the outermost first.
    private var open: [String] = []

    static func events(
        of lines: [CalendarLine],
        home: Zone,
        named: (String) -> Zone?
    ) throws(CalendarError) -> [CalendarEvent] {
        var reader = CalendarReader(home: home, zones: CalendarZones(definedIn: lines))
        for line in lines { try reader.take(line, named) }
        guard reader.open.isEmpty else {
            throw CalendarError("ends inside \(reader.open[reader.open.count - 1])")
        }
        return reader.events
    }

    private init(home: Zone, zones: CalendarZones) {
        self.home = home
        self.zones = zones
    }

    private mutating func take(_ line: CalendarLine, _ named: (String) -> Zone?) throws(CalendarError) {
        switch line.name {
        case "BEGIN":
            guard !open.isEmpty || line.value.uppercased() == "VCALENDAR" else {
                throw CalendarError(line: line.number, "is not BEGIN:VCALENDAR, so this is no calendar")
            }
            open.append(line.value.uppercased())
            if open.last == "VEVENT" { event = CalendarEvent(line: line.number, home: home) }
        case "END":
            guard open.popLast() == line.value.uppercased() else {
                throw CalendarError(line: line.number, "ends \(line.value), which is not open")
            }
            if line.value.uppercased() == "VEVENT", let event {
                try event.check()
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

    private mutating func read(_ line: CalendarLine, _ named: (String) -> Zone?) throws(CalendarError) {
        guard var event else { return }
        defer { self.event = event }
        switch line.name {
        case "UID": event.uid = line.value
        case "STATUS": event.isCancelled = line.value.uppercased() == "CANCELLED"
        case "TRANSP": event.isTransparent = line.value.uppercased() == "TRANSPARENT"
        case "DTSTART":
            let zone = try zone(of: line, named)
            event.start = try Self.time(line.value, line, zone)
            if let zone { event.home = zone }
        case "DTEND":
            event.end = try Self.time(line.value, line, try zone(of: line, named))
            event.endLine = line.number
        case "DURATION":
            guard let duration = CalendarDuration(line.value) else {
                throw CalendarError(
                    line: line.number,
                    "has the DURATION \(line.value), such as P1DT2H is meant"
                )
            }
            event.duration = duration
        case "RRULE": event.rule = try CalendarRule(line.value, line: line.number)
        case "RDATE":
            let zone = try zone(of: line, named)
            for word in line.value.split(separator: ",") {
                if word.contains("/") {
                    event.periods.append(try Self.period(String(word), line, zone))
                } else {
                    event.more.append(try Self.time(String(word), line, zone))
                }
            }
        case "EXDATE":
            let zone = try zone(of: line, named)
            for word in line.value.split(separator: ",") {
                event.except.append(try Self.time(String(word), line, zone))
            }
        case "RECURRENCE-ID":
            event.standsFor = try Self.time(line.value, line, try zone(of: line, named))
        default: break
        }
    }

    private static func time(
        _ text: String,
        _ line: CalendarLine,
        _ zone: Zone?
    ) throws(CalendarError) -> CalendarTime {
        guard let time = CalendarTime(text, zone: zone) else {
            throw CalendarError(
                line: line.number,
                "has \"\(text)\" where a date or time is expected, such as 20261224 or 20261224T180000Z"
            )
        }
        return time
    }

    private static func period(
        _ text: String,
        _ line: CalendarLine,
        _ zone: Zone?
    ) throws(CalendarError) -> CalendarPeriod {
        guard let period = CalendarPeriod(text, zone: zone) else {
            throw CalendarError(
                line: line.number,
                "has \"\(text)\" where a period is expected, such as 20261224T180000Z/PT2H,"
                    + " that does not end before it begins"
            )
        }
        return period
    }

    private mutating func zone(
        of line: CalendarLine,
        _ named: (String) -> Zone?
    ) throws(CalendarError) -> Zone? {
        guard let name = line.parameters["TZID"] else { return nil }
        return try zones.zone(name, line: line.number, named)
    }
}
