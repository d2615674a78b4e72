internal import Cron
internal import Domain
internal import Engine

/// What a request says of a channel.
enum ChannelForm {
    private static let spanMax = Span.days(30)
    private static let groupMax = Span.minutes(10)
    private static let zoneBytesMax = 100

    /// - Parameters:
    ///   - rules: the channel's rules so far; what the request leaves out stays.
    static func wish(_ fields: inout Fields, over rules: ChannelRules) -> ChannelWish {
        var wish = ChannelWish(settings: fields.value("settings"))
        if fields.has("paused") {
            var isPaused = false
            fields.read("paused", into: &isPaused)
            wish.isPaused = isPaused
        }
        if var inner = fields.object("rules") {
            wish.rules = read(&inner, over: rules)
            fields.take(faultsOf: inner)
        }
        return wish
    }

    private static func read(_ fields: inout Fields, over old: ChannelRules) -> ChannelRules {
        let standard = ChannelRules()
        var rules = old
        fields.refuseUnknown([
            "level", "severity", "after", "remind", "group", "quiet", "quiet_zone", "quiet_critical",
        ])
        fields.read(
            "level",
            into: &rules.level,
            default: standard.level,
            choices: ChannelLevel.allCases.map { ($0.word, $0) }
        )
        fields.read(
            "severity",
            into: &rules.severityMin,
            default: standard.severityMin,
            choices: AlertSeverity.allCases.map { ($0.word, $0) }
        )
        fields.read("after", into: &rules.after, default: .zero)
        fields.read("remind", into: &rules.remindEvery, default: .zero)
        fields.read("group", into: &rules.groupWithin, default: .zero)
        for (name, span, most) in [
            ("after", rules.after, spanMax), ("remind", rules.remindEvery, spanMax),
            ("group", rules.groupWithin, groupMax),
        ] where span > most {
            fields.fault(name, "is more than \(most.text)")
        }
        if rules.remindEvery > .zero, rules.remindEvery < .minutes(1) {
            fields.fault("remind", "is less than 1m")
        }
        readQuiet(&fields, into: &rules)
        return rules
    }

    private static func readQuiet(_ fields: inout Fields, into rules: inout ChannelRules) {
        var text = rules.quiet?.text ?? ""
        var zone = rules.quiet?.zone ?? "UTC"
        var criticalPasses = rules.quiet?.criticalPasses ?? true
        fields.read("quiet", into: &text, bytesMax: 11)
        fields.read("quiet_zone", into: &zone, default: "UTC", bytesMax: zoneBytesMax)
        fields.read("quiet_critical", into: &criticalPasses, default: true)
        if fields.value("quiet")?.string == "" {
            let hint = "write \"22:00-07:00\", or null for none (--quiet none)"
            return fields.fault("quiet", "is empty", hint: hint)
        }
        guard !text.isEmpty else {
            for name in ["quiet_zone", "quiet_critical"] where fields.value(name) != nil {
                fields.fault(name, "is given without quiet hours", hint: "give quiet too: \"22:00-07:00\"")
            }
            return rules.quiet = nil
        }
        guard let (from, to) = QuietHours.minutes(text) else {
            return fields.fault("quiet", "is not two times of day", hint: "write \"22:00-07:00\"")
        }
        rules.quiet = QuietHours(from: from, to: to, zone: zone, criticalPasses: criticalPasses)
    }
}
