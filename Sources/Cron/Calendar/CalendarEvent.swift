/// One VEVENT (RFC 5545 §3.6.1): when it begins, how long it lasts, and how it is repeated.
struct CalendarEvent: Sendable, Hashable {
    var line: Int
    /// Where whole days and times without a zone lie.
    var home: Zone
    var uid = ""
    var start: CalendarTime?
    var end: CalendarTime?
    var endLine = 0
    var duration: CalendarDuration?
    var rule: CalendarRule?
    var more: [CalendarTime] = []
    /// More of them, each with a length of its own.
    var periods: [CalendarPeriod] = []
    var except: [CalendarTime] = []
    /// The beginning of the occurrence that this event stands in for.
    var standsFor: CalendarTime?
    var isCancelled = false
    var isTransparent = false

    /// What can be said only when all of it has been read.
    func check() throws(CalendarError) {
        guard let start else { throw CalendarError(line: line, "begins an event without DTSTART") }
        if let end, end.isBefore(start, in: start.zone ?? home) {
            throw CalendarError(
                line: endLine,
                "has a DTEND before the event's DTSTART: put it after it, or leave it out"
            )
        }
    }

    /// What it covers up to an instant.
    ///
    /// - Parameter replaced: occurrences that other events stand in for.
    func windows(through last: Instant, without replaced: [CalendarTime]) -> [Range<Instant>] {
        guard let start, !isCancelled, start.isDate || !isTransparent else { return [] }
        // Times beside it that have no zone of their own are on its clock.
        let clock = start.zone ?? home
        var all = begins(start, clock, through: last).map { begin in
            (begin, end: end(of: begin, start, clock))
        }
        all += periods.map { (Begin($0.start, clock), $0.end(in: clock)) }
        let exceptions = Exceptions(except + replaced, of: start, clock)
        return all.compactMap { begin, end in
            let isCovered = begin.instant < end && begin.instant <= last && !exceptions.contains(begin)
            return isCovered ? begin.instant..<end : nil
        }
    }

    /// The beginning of an occurrence: when it is, and what the event's clock is said to show then.
    private struct Begin {
        var local: Int64
        var instant: Instant

        init(local: Int64, _ clock: Zone, isDate: Bool) {
            self.local = local
            instant = CalendarTime.instant(local, clock, isDate: isDate)
        }

        init(_ time: CalendarTime, _ clock: Zone) {
            local = time.local(in: clock)
            instant = time.instant(in: clock)
        }
    }

    /// Occurrences that do not take place: instants, so that the clock they are written on does not matter,
    /// or days, for events of whole days, and because many write only the day of one that has a time.
    private struct Exceptions {
        private var instants: Set<Instant> = []
        private var days: Set<Int64> = []

        init(_ times: [CalendarTime], of start: CalendarTime, _ clock: Zone) {
            for time in times {
                if start.isDate || time.isDate {
                    days.insert(time.day(in: clock))
                } else {
                    instants.insert(time.instant(in: clock))
                }
            }
        }

        func contains(_ begin: Begin) -> Bool {
            instants.contains(begin.instant) || days.contains(Civil.day(ofSecond: begin.local))
        }
    }

    private func begins(_ start: CalendarTime, _ clock: Zone, through last: Instant) -> [Begin] {
        let first = Civil.day(ofSecond: start.local)
        let time = start.local - first * Civil.secondsPerDay
        func begin(_ day: Int64) -> Begin {
            Begin(local: day * Civil.secondsPerDay + time, clock, isDate: start.isDate)
        }
        var begins: [Begin] = []
        if let rule {
            // A day more, because the clock of a zone may be ahead.
            begins = rule.days(from: first, through: Civil.day(ofSecond: last.seconds) + 1).map(begin)
            if let until = rule.until {
                begins.removeAll { Self.isPast(until, $0, clock, isDate: start.isDate) }
            }
        } else {
            begins = [begin(first)]
        }
        return begins
            + more.map { $0.isDate || start.isDate ? begin($0.day(in: clock)) : Begin($0, clock) }
    }

    private static func isPast(_ until: CalendarTime, _ begin: Begin, _ clock: Zone, isDate: Bool) -> Bool {
        if isDate || until.isDate { return Civil.day(ofSecond: begin.local) > until.day(in: clock) }
        return until.zone == nil ? begin.local > until.local : begin.instant > until.instant(in: clock)
    }

    private func end(of begin: Begin, _ start: CalendarTime, _ clock: Zone) -> Instant {
        if start.isDate {
            let length = end.map { $0.local - start.local } ?? duration?.nominal ?? Civil.secondsPerDay
            return CalendarTime.instant(begin.local + length, clock, isDate: true)
        }
        if let duration { return duration.end(from: begin.instant, in: clock) }
        guard let end else { return begin.instant }
        // RFC 5545 §3.8.5.3: a length given by DTEND is the same exact one for all.
        let length = end.instant(in: clock).seconds - start.instant(in: clock).seconds
        return Instant(seconds: begin.instant.seconds + length)
    }
}
