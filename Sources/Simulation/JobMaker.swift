internal import Cron
internal import Domain

/// How fast a simulated world's jobs are: it decides how much time a run can cover.
package enum Pace: String, Sendable, CaseIterable {
    /// Seconds to minutes between slots, hours in all.
    case quick
    /// Minutes to hours, weeks in all.
    case steady
    /// Hours to months, years in all.
    case slow

    /// Wall time that a run covers.
    var horizon: Span {
        switch self {
        case .quick: .minutes(50)
        case .steady: .days(4)
        case .slow: .days(800)
        }
    }

    /// The longest between two things that people do.
    var actionEvery: Span { Span(microseconds: horizon.microseconds / 40) }

    /// The longest step of the wall clock.
    var stepMax: Span { Span(microseconds: horizon.microseconds / 20) }

    fileprivate var schedules: [[String]] {
        switch self {
        case .quick:
            [
                ["*/20 * * * * *"], ["* * * * *"], ["*/2 * * * *"], ["@every 17s"], ["@every 90s"],
                ["*/5 * * * *", "*/3 * * * *"], ["0/45 * * * * ?"], ["R9/PT41S"], ["H/4 * * * *"],
            ]
        case .steady:
            [
                ["0 * * * *"], ["*/30 * * * *"], ["30 2 * * *"], ["15,45 1-3 * * *"], ["@hourly"],
                ["@every 3h"], ["*/20 1 * * *", "0 * * * *"], ["0 0/30 1-4 * * ?"], ["R12/PT2H"],
                ["30 */2 * * *"],
                ["H H(0-4) * * *"], ["R/P1D"], ["0 0 * * *"],
            ]
        case .slow:
            [
                ["@daily"], ["30 2 * * *"], ["0 0 * * 1"], ["0 12 1 * *"], ["0 0 29 2 *"], ["@every 100h"],
                ["0 30 1 ? * 1#1"], ["R/P1M"], ["R6/P1W"], ["H H * * *"], ["0 3 * * *", "30 2 * * 0"],
                ["@monthly"], ["0 0 13 * 5"],
            ]
        }
    }
}

/// Makes definitions by chance: every schedule form, zones with and without clock changes, every policy.
struct JobMaker {
    /// Tells a receiver which attempt of what it sees.
    static let path = "/{{job}}/{{run}}/{{attempt}}"

    private static let zones = [
        "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu",
        "America/St_Johns",
    ]

    static func definition(_ dice: inout Dice, pace: Pace, now: Timestamp) -> JobDefinition {
        let target = URLTarget(
            isTLS: false,
            host: dice.pick(["a.example", "b.example", "c.example"]),
            port: 80,
            path: path
        )
        var definition = JobDefinition(
            callback: Callback(target: .url(target)),
            schedule: schedule(&dice, pace, now)
        )
        definition.dialect = dialect(of: definition.schedule)
        definition.zone = dice.pick(zones)
        definition.dst = dice.pick(DSTPolicy.allCases)
        if dice.chance(1, in: 2) { setPolicies(&definition, &dice, pace) }
        if dice.chance(1, in: 6) { definition.start = now + dice.magnitude(.zero, pace.actionEvery) }
        if dice.chance(1, in: 6) { definition.end = now + dice.span(pace.actionEvery, pace.horizon) }
        if dice.chance(1, in: 8) { definition.runsMax = UInt32(1 + dice.below(20)) }
        if dice.chance(1, in: 4) { definition.jitter = dice.magnitude(.seconds(1), jitterMax(pace)) }
        definition.onUnknown = dice.pick(OnUnknown.allCases)
        definition.alertAfter = dice.pick([0, 1, 1, 1, 2, 3])
        // Of what is diced already, so that known seeds keep their lives.
        definition.resolveAfter = definition.alertAfter == 2 ? 2 : 1
        // From a copy: lives that were found to be worth a test stay what they are.
        var more = dice
        definition.alertSeverity = more.pick([.error, .error, .warning, .critical])
        if more.chance(1, in: 2) { definition.labels = ["db"] }
        if more.chance(1, in: 2) { definition.blackoutThen = .runAfter }
        return definition
    }

    private static func jitterMax(_ pace: Pace) -> Span {
        switch pace {
        case .quick: .seconds(90)
        case .steady: .minutes(50)
        case .slow: .hours(30)
        }
    }

    private static func schedule(_ dice: inout Dice, _ pace: Pace, _ now: Timestamp) -> [String] {
        if dice.chance(1, in: 12) {
            let at = Instant(seconds: (now + dice.span(.seconds(2), pace.horizon)).seconds)
            return ["@at \(at.rfc3339)"]
        }
        if dice.chance(1, in: 20) { return ["@reboot"] }
        return dice.pick(pace.schedules)
    }

    /// Six fields mean two things: the texts above use `?` where they mean Quartz.
    private static func dialect(of schedule: [String]) -> Dialect? {
        guard schedule[0].split(separator: " ").count == 6 else { return nil }
        return schedule[0].contains("?") ? .quartz : .seconds
    }

    private static func setPolicies(_ definition: inout JobDefinition, _ dice: inout Dice, _ pace: Pace) {
        definition.overlap.mode = dice.pick(Overlap.allCases)
        definition.overlap.scope = dice.pick(OverlapScope.allCases)
        definition.overlap.queueMax = UInt16(1 + dice.below(4))
        definition.overlap.openMax = UInt16(1 + dice.below(3))
        definition.catchup.mode = dice.pick([nil] + Catchup.allCases.map { $0 })
        definition.catchup.slotsMax = UInt32(1 + dice.below(8))
        definition.catchup.misfireAfter = dice.magnitude(.seconds(1), .hours(1))
        definition.catchup.spacing = dice.magnitude(.milliseconds(100), .minutes(2))
        definition.catchup.window = dice.magnitude(.seconds(10), pace.horizon)
        if dice.chance(1, in: 2) {
            definition.limit.parallel = UInt32(1 + dice.below(2))
            definition.limit.wait = dice.magnitude(.seconds(1), .minutes(10))
            definition.limit.key = dice.pick(["", "shared"])
            if dice.chance(1, in: 2) {
                definition.limit.rate = UInt32(1 + dice.below(3))
                definition.limit.period = dice.magnitude(.seconds(1), .minutes(5))
            }
        }
        definition.retry.retries = UInt16(dice.below(5))
        definition.retry.until = dice.pick(RetryUntil.allCases)
        definition.retry.backoffMin = dice.magnitude(.milliseconds(100), .minutes(1))
        definition.retry.backoffMax = definition.retry.backoffMin + dice.magnitude(.zero, .hours(1))
        // Without end but the run's deadline: not too often.
        if definition.retry.until == .window {
            (definition.retry.backoffMin, definition.retry.backoffMax) = (.minutes(2), .hours(1))
        }
        definition.runDeadline = dice.magnitude(.seconds(5), .hours(1))
    }
}
