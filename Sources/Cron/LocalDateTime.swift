/// What a wall clock shows: a date and time of the proleptic Gregorian calendar without a zone.
public struct LocalDateTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Civil seconds since 1970-01-01T00:00:00 on the same wall clock, every day having 86,400.
    public var seconds: Int64

    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Nil when there is no such date or time (30 February, 24:00). Years are 0 to 9999.
    public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        guard
            (0...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Civil.length(ofMonth: month, year: year),
            (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second)
        else { return nil }
        seconds =
            Civil.days(year: year, month: month, day: day) * Civil.secondsPerDay
            + Int64(hour * 3600 + minute * 60 + second)
    }

    /// Reads `2026-03-08T02:30:00`, with or without seconds, with `T` or a space. Nil if a zone follows.
    public init?(_ text: String) {
        guard let stamp = TimestampText(text), stamp.offset == nil else { return nil }
        seconds = stamp.civilSeconds
    }

    public var year: Int { Civil.date(ofDay: Civil.day(ofSecond: seconds)).year }
    /// 1 to 12.
    public var month: Int { Civil.date(ofDay: Civil.day(ofSecond: seconds)).month }
    /// 1 to 31.
    public var day: Int { Civil.date(ofDay: Civil.day(ofSecond: seconds)).day }
    public var hour: Int { secondOfDay / 3600 }
    public var minute: Int { secondOfDay / 60 % 60 }
    public var second: Int { secondOfDay % 60 }
    /// 0 is Sunday.
    public var weekday: Int { Civil.weekday(ofDay: Civil.day(ofSecond: seconds)) }

    private var secondOfDay: Int {
        Int(seconds - Civil.day(ofSecond: seconds) * Civil.secondsPerDay)
    }

    /// `2026-03-08T02:30:00`
    public var text: String {
        let date = Civil.date(ofDay: Civil.day(ofSecond: seconds))
        let time = secondOfDay
        guard (0...9999).contains(date.year) else {
            return "\(date.year)-\(twoDigits(date.month))-\(twoDigits(date.day))T\(clock(time))"
        }
        return String(date: date, time: time)
    }

    public var description: String { text }

    public static func < (left: LocalDateTime, right: LocalDateTime) -> Bool {
        left.seconds < right.seconds
    }
}

/// `7` as `07`.
func twoDigits(_ number: Int) -> String {
    number < 10 ? "0\(number)" : "\(number)"
}

/// Seconds of a day as `02:30:00`.
private func clock(_ secondOfDay: Int) -> String {
    "\(twoDigits(secondOfDay / 3600)):\(twoDigits(secondOfDay / 60 % 60)):\(twoDigits(secondOfDay % 60))"
}

extension String {
    /// The nineteen characters of a date and time, made digit by digit: instants are written often.
    fileprivate init(date: Civil.Date, time: Int) {
        var digits: [UInt8] = []
        digits.reserveCapacity(20)
        func add(_ number: Int, then separator: UInt8?) {
            digits.append(UInt8(48 + number / 10))
            digits.append(UInt8(48 + number % 10))
            if let separator { digits.append(separator) }
        }
        add(date.year / 100, then: nil)
        add(date.year % 100, then: UInt8(ascii: "-"))
        add(date.month, then: UInt8(ascii: "-"))
        add(date.day, then: UInt8(ascii: "T"))
        add(time / 3600, then: UInt8(ascii: ":"))
        add(time / 60 % 60, then: UInt8(ascii: ":"))
        add(time % 60, then: nil)
        self.init(decoding: digits, as: UTF8.self)
    }
}
