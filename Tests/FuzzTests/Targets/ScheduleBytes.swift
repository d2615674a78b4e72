import Cron

/// The parser of schedules, and the times of those it accepts: the first byte chooses how the rest is read.
enum ScheduleBytes {
    private static let dialects: [Dialect?] = [nil, .unix, .seconds, .quartz]
    private static let zones: [Zone] = ["UTC", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"]
        .compactMap { try? ZoneDatabase.embedded.zone(named: $0) }
    /// A quiet day, the hour before a clock change in New York, and the end of what can be told.
    private static let starts: [Int64] = [1_780_000_000, 1_772_951_400, 253_402_300_000]

    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        var choices = Choices(bytes)
        let choice = Int(choices.byte())
        let options = ScheduleOptions(
            dialect: dialects[choice % 4],
            dayMatch: choice & 4 == 0 ? .or : .and,
            seed: UInt64(choice >> 3)
        )
        let schedule: Schedule
        do {
            schedule = try Schedule(choices.text, options: options)
        } catch {
            try BrokenProperty.check(!error.problem.isEmpty && !error.allowed.isEmpty, "a refusal says why")
            // A tab is how crontabs are written.
            let isPrintable = error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\t" }
            try BrokenProperty.check(isPrintable, "a refusal is one line: \(error.description)")
            return
        }
        try BrokenProperty.check(!schedule.describe().isEmpty, "a schedule has a description")
        try BrokenProperty.check(
            (try? Schedule(schedule.text, options: options)) == schedule,
            "\(schedule.text) is something else when read again"
        )
        for (index, zone) in zones.enumerated() {
            let policy = DSTPolicy.allCases[(index + choice) % DSTPolicy.allCases.count]
            for start in starts {
                let anchor = Instant(seconds: start)
                try walk(Recurrence(schedule, zone: zone, dst: policy, anchor: anchor), from: anchor)
            }
        }
    }

    private static func walk(_ recurrence: Recurrence, from start: Instant) throws(BrokenProperty) {
        let text = recurrence.schedule.text
        var instant = start
        for _ in 0..<3 {
            let group = recurrence.nextGroup(after: instant)
            guard let next = group.first else { break }
            try BrokenProperty.check(next.instant > instant, "\(text): next(\(instant)) is \(next.instant)")
            try BrokenProperty.check(next == recurrence.next(after: instant), "\(text): two answers for next")
            let runs = group.filter { $0.disposition == .run }.count
            try BrokenProperty.check(runs <= 1, "\(text): runs \(runs) times at \(next.instant)")
            instant = next.instant
        }
        if let run = recurrence.nextRun(after: start) {
            try BrokenProperty.check(run > start, "\(text): nextRun(\(start)) is \(run)")
        }
    }
}
