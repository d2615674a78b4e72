/// `20260101`, `20260101T093000` or the latter with a `Z` (RFC 5545 §3.3.4, §3.3.5), and the clock it is on.
struct CalendarTime: Sendable, Hashable {
    /// What its clock shows, in civil seconds.
    var local: Int64
    var isDate: Bool
    /// UTC, or that of its TZID; nil when it has none of its own.
    var zone: Zone?

    /// - Parameter zone: of the TZID beside it; a `Z` outdoes it.
    init?(_ text: String, zone: Zone? = nil) {
        var bytes = Array(text.utf8)
        let isUTC = bytes.last == UInt8(ascii: "Z")
        if isUTC { bytes.removeLast() }
        isDate = bytes.count == 8
        guard isDate && !isUTC || bytes.count == 15 && bytes[8] == UInt8(ascii: "T") else { return nil }
        if !isDate { bytes.remove(at: 8) }
        guard bytes.allSatisfy({ (48...57).contains($0) }) else { return nil }
        func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1 - 48) } }
        let time = isDate ? (0, 0, 0) : (number(8..<10), number(10..<12), min(number(12..<14), 59))
        guard
            let local = LocalDateTime(
                year: number(0..<4),
                month: number(4..<6),
                day: number(6..<8),
                hour: time.0,
                minute: time.1,
                second: time.2
            )
        else { return nil }
        self.local = local.seconds
        self.zone = isUTC ? .utc : zone
    }

    /// - Parameter home: where it lies when it has no zone of its own; so for those below.
    func instant(in home: Zone) -> Instant { Self.instant(local, zone ?? home, isDate: isDate) }

    /// What the clock at home shows then.
    func local(in home: Zone) -> Int64 {
        guard let zone, zone != home else { return local }
        return home.local(at: instant(in: home)).local.seconds
    }

    /// The day at home, counted from 1970-01-01. Midnight on a clock of its own is how some producers write
    /// the date of an event that lasts whole days, so it is not carried over into another zone.
    func day(in home: Zone) -> Int64 {
        let own = Civil.day(ofSecond: local)
        return own * Civil.secondsPerDay == local ? own : Civil.day(ofSecond: local(in: home))
    }

    /// Whether it is earlier than another, without a fault being seen where a clock skips an hour.
    func isBefore(_ other: CalendarTime, in home: Zone) -> Bool {
        if (zone ?? home) == (other.zone ?? home) { return local < other.local }
        return instant(in: home) < other.instant(in: home)
    }

    /// RFC 5545 §3.3.5: what the clock shows twice is meant the first time, what it skips is counted with the
    /// offset before. A day, however, begins with the first moment of it that there is.
    static func instant(_ local: Int64, _ zone: Zone, isDate: Bool) -> Instant {
        switch zone.resolve(LocalDateTime(seconds: local)) {
        case .one(let instant), .two(let instant, _): instant
        case .gap(let transition, let shifted): isDate ? transition : shifted
        }
    }
}

/// `P1D`, `PT1H30M`, `P2W` (RFC 5545 §3.3.6). Days are as long as the clock makes them, hours are exact.
struct CalendarDuration: Sendable, Hashable {
    var days: Int64 = 0
    var seconds: Int64 = 0

    /// Nil when negative or malformed.
    init?(_ text: String) {
        var rest = text.uppercased()[...]
        if rest.first == "+" { rest.removeFirst() }
        guard rest.popFirst() == "P", !rest.isEmpty else { return nil }
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
            case ("W", false): days += number * 7
            case ("D", false): days += number
            case ("H", true): seconds += number * 3600
            case ("M", true): seconds += number * 60
            case ("S", true): seconds += number
            default: return nil
            }
        }
    }

    /// On a clock that never changes.
    var nominal: Int64 { days * Civil.secondsPerDay + seconds }

    func end(from begins: Instant, in zone: Zone) -> Instant {
        if days == 0 { return Instant(seconds: begins.seconds + seconds) }
        let local = zone.local(at: begins).local.seconds + days * Civil.secondsPerDay
        return Instant(seconds: CalendarTime.instant(local, zone, isDate: false).seconds + seconds)
    }
}

/// `20260101T090000Z/20260101T110000Z` or `20260101T090000Z/PT2H` (RFC 5545 §3.3.9).
struct CalendarPeriod: Sendable, Hashable {
    private enum End: Hashable {
        case at(CalendarTime)
        case after(CalendarDuration)
    }

    var start: CalendarTime
    private var end: End

    /// Nil when malformed, or when it ends before it begins.
    init?(_ text: String, zone: Zone?) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, let start = CalendarTime(parts[0], zone: zone), !start.isDate else {
            return nil
        }
        self.start = start
        if let duration = CalendarDuration(parts[1]) {
            end = .after(duration)
        } else if let time = CalendarTime(parts[1], zone: zone), !time.isDate,
            !time.isBefore(start, in: start.zone ?? .utc)
        {
            end = .at(time)
        } else {
            return nil
        }
    }

    func end(in home: Zone) -> Instant {
        switch end {
        case .at(let time): time.instant(in: home)
        case .after(let duration): duration.end(from: start.instant(in: home), in: start.zone ?? home)
        }
    }
}
