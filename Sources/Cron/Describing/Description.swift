extension Schedule {
    /// The schedule as an English sentence without a full stop: `At 02:30 every day`,
    /// `Every 15 minutes, from 09:00 to 17:59, Monday to Friday`. `H` and `~` appear as the values they stand
    /// for.
    public func describe() -> String {
        switch form {
        case .calendar:
            return calendarSentence
        case .interval(let seconds):
            return "Every \(Self.amount(seconds)) of elapsed time"
        case .once(let moment):
            return "Once, at \(Self.name(moment))"
        case .repeating(let repetition):
            return Self.sentence(repetition)
        case .reboot:
            return "At every start of the server"
        }
    }

    private var calendarSentence: String {
        let macro = ScheduleLine.macros.first { $0.name == text.lowercased() }
        let options =
            macro == nil
            ? self.options : ScheduleOptions(dialect: .unix, dayMatch: self.options.dayMatch)
        // The text was understood once, so it is again; an unforeseen failure shows the text itself.
        guard let expression = try? Expression(macro?.expression ?? text, options: options) else {
            return text
        }
        let time = TimePhrase(expression)
        let days = DayPhrase(expression, dayMatch: options.dayMatch).text(afterTimes: time.isTimes)
        return time.text.prefix(1).uppercased() + time.text.dropFirst() + days
    }

    private static func sentence(_ repetition: Repetition) -> String {
        var sentence = "Every "
        switch repetition.period {
        case .elapsed(let seconds):
            sentence += amount(seconds) + " of elapsed time"
        case .calendar(let months, let days):
            var words: [String] = []
            if months > 0 {
                words.append(months % 12 == 0 ? count(months / 12, "year") : count(months, "month"))
            }
            if days > 0 { words.append(days % 7 == 0 ? count(days / 7, "week") : count(days, "day")) }
            sentence += single(words)
        }
        sentence += " from " + (repetition.start.map(name) ?? "the start")
        if let count = repetition.count { sentence += count == 1 ? ", once" : ", \(count) times in all" }
        return sentence
    }

    private static func name(_ moment: Moment) -> String {
        switch moment {
        case .instant(let instant): instant.rfc3339
        case .local(let local): "\(local.text) local time"
        }
    }

    /// `90 seconds`, `hour`, `1 hour and 30 minutes`: to follow "every".
    private static func amount(_ seconds: Int64) -> String {
        if seconds < 120, seconds != 60 { return single([count(Int(seconds), "second")]) }
        var words: [String] = []
        var rest = Int(seconds)
        for (length, unit) in [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")]
        where rest >= length {
            words.append(count(rest / length, unit))
            rest %= length
        }
        return single(words)
    }

    private static func count(_ number: Int, _ unit: String) -> String {
        number == 1 ? "1 \(unit)" : "\(number) \(unit)s"
    }

    /// "every hour", not "every 1 hour".
    private static func single(_ words: [String]) -> String {
        if words.count == 1, let word = words.first, word.hasPrefix("1 ") { return String(word.dropFirst(2)) }
        return enumeration(words)
    }
}
