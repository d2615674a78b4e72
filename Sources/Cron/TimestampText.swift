/// A date and time as written: `YYYY-MM-DDTHH:MM[:SS[.fraction]]`, then nothing, `Z` or `±HH:MM`.
struct TimestampText {
    /// Civil seconds since 1970 of the date and time, before any offset.
    var civilSeconds: Int64
    /// Seconds east of UTC; nil when none is written.
    var offset: Int?

    init?(_ text: some StringProtocol) {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard
            reader.bytes.count <= 64,
            let year = reader.number(digits: 4), reader.skip("-"),
            let month = reader.number(digits: 2), reader.skip("-"),
            let day = reader.number(digits: 2), reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.number(digits: 2), reader.skip(":"),
            let minute = reader.number(digits: 2)
        else { return nil }
        var second = 0
        if reader.skip(":") {
            guard let written = reader.number(digits: 2) else { return nil }
            second = written
            if reader.skip(".") {
                guard reader.number(digits: 1) != nil else { return nil }
                while reader.number(digits: 1) != nil {}
            }
        }
        guard
            let local = LocalDateTime(
                year: year,
                month: month,
                day: day,
                hour: hour,
                minute: minute,
                second: second
            )
        else { return nil }
        civilSeconds = local.seconds
        guard let offset = reader.offset(), reader.isAtEnd else { return nil }
        self.offset = offset.seconds
    }
}

private struct DigitReader {
    var bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func number(digits: Int) -> Int? {
        guard bytes.count - position >= digits else { return nil }
        var value = 0
        for byte in bytes[position..<position + digits] {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 48)
        }
        position += digits
        return value
    }

    /// Nil when malformed; nil seconds when nothing is there.
    mutating func offset() -> (seconds: Int?, Void)? {
        if isAtEnd { return (nil, ()) }
        if skip("Z") || skip("z") { return (0, ()) }
        let sign: Int
        if skip("+") {
            sign = 1
        } else if skip("-") {
            sign = -1
        } else {
            return nil
        }
        guard
            let hours = number(digits: 2), skip(":"), let minutes = number(digits: 2),
            hours <= 23, minutes <= 59
        else { return nil }
        return (sign * (hours * 3600 + minutes * 60), ())
    }
}
