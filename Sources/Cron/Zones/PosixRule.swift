/// The footer of a TZif file: a POSIX `TZ` string (RFC 9636 §3.3.1), which says what holds after the last
/// tabulated transition, for ever.
///
/// Read here: quoted and plain names, offsets to ±24:59:59, and the three forms of a date (`Jn`, `n`,
/// `Mm.w.d`) with times from −167 to +167 hours (version 3).
struct PosixRule: Sendable, Hashable {
    struct Observance: Sendable, Hashable {
        var name: String
        /// Seconds east.
        var offset: Int
    }

    enum Date: Sendable, Hashable {
        /// 1 to 365; 29 February is never counted.
        case julian(Int)
        /// 0 to 365; 29 February is counted.
        case ordinal(Int)
        /// Week 5 is the last; weekday 0 is Sunday.
        case weekday(month: Int, week: Int, weekday: Int)
    }

    struct Change: Sendable, Hashable {
        var date: Date
        /// Seconds after local midnight, by the clock that was in force before.
        var time: Int
    }

    struct Daylight: Sendable, Hashable {
        var observance: Observance
        var start: Change
        var end: Change
    }

    var standard: Observance
    var daylight: Daylight?

    /// The changes from the year before to the year after, ordered, each with what it changes to.
    func changes(aroundYear year: Int) -> [(instant: Int64, isDaylight: Bool)] {
        guard let daylight else { return [] }
        var changes: [(instant: Int64, isDaylight: Bool)] = []
        for year in year - 1...year + 1 {
            let start = daylight.start.civilSeconds(year: year) - Int64(standard.offset)
            let end = daylight.end.civilSeconds(year: year) - Int64(daylight.observance.offset)
            if start <= end {
                changes += [(start, true), (end, false)]
            } else {
                changes += [(end, false), (start, true)]
            }
        }
        // Insertion sort: six elements, almost in order, and equal ones must keep theirs.
        for index in changes.indices.dropFirst() {
            var place = index
            while place > 0, changes[place - 1].instant > changes[place].instant {
                changes.swapAt(place - 1, place)
                place -= 1
            }
        }
        return changes
    }

    /// RFC 9636 §3.3.1 writes daylight time all year round as one that begins when it ends
    /// (`XXX3EDT4,0/0,J365/23`).
    var isDaylightForever: Bool {
        guard let daylight else { return false }
        return [2001, 2004].allSatisfy { year in
            daylight.end.civilSeconds(year: year) - Int64(daylight.observance.offset)
                >= daylight.start.civilSeconds(year: year + 1) - Int64(standard.offset)
        }
    }

    /// Daylight time begins and ends by turns, whatever the year: 28 years have all calendars there are, next
    /// to each other in all ways. Rules that overlap say nothing definite about any moment.
    var alternates: Bool {
        guard let daylight else { return true }
        var last: (instant: Int64, isDaylight: Bool)?
        for year in 2000...2028 {
            let start = daylight.start.civilSeconds(year: year) - Int64(standard.offset)
            let end = daylight.end.civilSeconds(year: year) - Int64(daylight.observance.offset)
            guard start != end else { return false }
            let pair = [(instant: start, isDaylight: true), (instant: end, isDaylight: false)]
            for change in start < end ? pair : pair.reversed() {
                if let last, last.instant >= change.instant || last.isDaylight == change.isDaylight {
                    return false
                }
                last = change
            }
        }
        return true
    }

    func observance(isDaylight: Bool) -> Observance {
        if isDaylight, let daylight { return daylight.observance }
        return standard
    }
}

extension PosixRule.Change {
    /// The moment on the wall clock, as civil seconds since 1970.
    func civilSeconds(year: Int) -> Int64 {
        let newYear = Civil.days(year: year, month: 1, day: 1)
        let day: Int64
        switch date {
        case .julian(let number):
            day = newYear + Int64(number - 1) + (Civil.isLeap(year) && number >= 60 ? 1 : 0)
        case .ordinal(let number):
            day = newYear + Int64(number)
        case .weekday(let month, let week, let weekday):
            let first = Civil.days(year: year, month: month, day: 1)
            var dayOfMonth = 1 + (weekday - Civil.weekday(ofDay: first) + 7) % 7 + (week - 1) * 7
            if dayOfMonth > Civil.length(ofMonth: month, year: year) { dayOfMonth -= 7 }
            day = first + Int64(dayOfMonth - 1)
        }
        return day * Civil.secondsPerDay + Int64(time)
    }
}
