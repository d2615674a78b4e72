extension PosixRule {
    /// Nil for an empty or unsound text.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count <= 256 else { return nil }
        var reader = PosixRuleReader(rest: bytes)
        guard let name = reader.name(), let west = reader.time(hoursMax: 24) else { return nil }
        standard = Observance(name: name, offset: -west)
        if reader.rest.isEmpty { return }
        guard let daylightName = reader.name() else { return nil }
        var offset = standard.offset + 3600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let west = reader.time(hoursMax: 24) else { return nil }
            offset = -west
        }
        guard
            reader.skip(","), let start = reader.change(),
            reader.skip(","), let end = reader.change(), reader.rest.isEmpty
        else { return nil }
        daylight = Daylight(
            observance: Observance(name: daylightName, offset: offset),
            start: start,
            end: end
        )
        if isDaylightForever, let daylight {
            standard = daylight.observance
            self.daylight = nil
        }
    }
}

private struct PosixRuleReader {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Three letters or more, or between `<` and `>` letters, digits and signs.
    mutating func name() -> String? {
        let isQuoted = skip("<")
        let name = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"): isQuoted
            default: false
            }
        }
        rest.removeFirst(name.count)
        guard name.count >= 3, name.count <= 32, !isQuoted || skip(">") else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    mutating func number(digitsMax: Int = 3) -> Int? {
        let digits = rest.prefix { (48...57).contains($0) }
        guard !digits.isEmpty, digits.count <= digitsMax else { return nil }
        rest.removeFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// `[±]hh[:mm[:ss]]`, in seconds.
    mutating func time(hoursMax: Int) -> Int? {
        let sign = skip("-") ? -1 : 1
        if sign == 1 { _ = skip("+") }
        guard let hours = number(), hours <= hoursMax else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where skip(":") {
            guard let value = number(digitsMax: 2), value <= 59 else { return nil }
            seconds += value * unit
        }
        return sign * seconds
    }

    mutating func change() -> PosixRule.Change? {
        guard let date = date() else { return nil }
        guard skip("/") else { return PosixRule.Change(date: date, time: 7200) }
        guard let time = time(hoursMax: 167) else { return nil }
        return PosixRule.Change(date: date, time: time)
    }

    private mutating func date() -> PosixRule.Date? {
        if skip("J") {
            guard let day = number(), (1...365).contains(day) else { return nil }
            return .julian(day)
        }
        if skip("M") {
            guard
                let month = number(), (1...12).contains(month), skip("."),
                let week = number(), (1...5).contains(week), skip("."),
                let weekday = number(), (0...6).contains(weekday)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
        guard let day = number(), (0...365).contains(day) else { return nil }
        return .ordinal(day)
    }
}
