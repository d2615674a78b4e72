internal import Cron
internal import Domain
internal import Engine

/// A check as a request describes it.
///
/// POST and PUT begin with the defaults, PATCH with what the check is.
struct CheckForm: Sendable {
    let object: JSON
    let surroundings: JobForm.Surroundings

    /// What a request may say.
    static let request = [
        "name", "slug", "tags", "schedule", "zone", "period", "grace", "max_runtime", "failures_to_open",
        "successes_to_resolve", "alert_unusual", "follows_check_ins",
    ]

    /// What only answers say.
    static let answer = [
        "id", "url", "scheduler", "state", "status", "ping_url", "slug_url", "badge_url", "expected_at",
        "deadline_at", "blackout",
        "last_ping_at", "last_duration", "failures", "successes", "open_starts", "pings", "unwatched",
        "usual_interval", "usual_duration", "description", "sequence", "created_at",
    ]

    static let slugBytesMax = 100
    static let periodMin = Span.seconds(1)
    static let spanMax = Span.days(366)
    private static let countMax: Int64 = 1000

    /// The definition, or every fault. `current` is what the check is now; nil for a new one, or to begin
    /// with the defaults.
    func definition(over current: CheckDefinition?) throws(CommandError) -> CheckDefinition {
        var fields = Fields(object)
        fields.refuseUnknown(Self.request, answersOnly: Self.answer)
        var definition = current ?? CheckDefinition()
        if current == nil { definition.zone = surroundings.zone }
        let usual = CheckDefinition()
        fields.read("name", into: &definition.name, bytesMax: JobLimits.nameBytesMax)
        fields.read("slug", into: &definition.slug, bytesMax: Self.slugBytesMax)
        if !definition.slug.isEmpty, !Self.isSlug(definition.slug) {
            fields.fault(
                "slug",
                "\"\(definition.slug)\" is not a slug",
                hint: "a-z 0-9 _ -, as in \"nightly-backup\""
            )
        }
        Self.readTags(&fields, into: &definition.tags)
        readSchedule(&fields, into: &definition)
        fields.read("period", into: &definition.period, default: usual.period, atLeast: Self.periodMin)
        fields.read("grace", into: &definition.grace, default: usual.grace, atLeast: .zero)
        fields.read("max_runtime", into: &definition.maxRuntime, default: .zero, atLeast: .zero)
        for (name, span) in [
            ("period", definition.period), ("grace", definition.grace),
            ("max_runtime", definition.maxRuntime),
        ] where span > Self.spanMax {
            fields.fault(name, "is more than \(Self.spanMax.text)")
        }
        fields.read(
            "failures_to_open",
            into: &definition.failuresToOpen,
            default: 1,
            within: 1...Self.countMax
        )
        fields.read(
            "successes_to_resolve",
            into: &definition.successesToResolve,
            default: 1,
            within: 1...Self.countMax
        )
        fields.read("alert_unusual", into: &definition.watchesPace)
        fields.read("follows_check_ins", into: &definition.followsCheckIns)
        if !definition.schedule.isEmpty, fields.value("period") != nil, fields.value("schedule") != nil {
            fields.fault("period", "cannot be given beside a schedule", hint: "leave one of them out")
        }
        if !fields.faults.isEmpty { throw .invalid(fields.faults) }
        return definition
    }

    /// What Healthchecks takes for one.
    static func isSlug(_ text: String) -> Bool {
        (1...slugBytesMax).contains(text.utf8.count) && UniqueID(text) == nil
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                }
            }
    }

    private static func readTags(_ fields: inout Fields, into tags: inout [String]) {
        guard fields.has("tags") else { return }
        guard let value = fields.value("tags") else { return tags = [] }
        let texts = value.array?.compactMap(\.string)
        guard let texts, texts.count == value.array?.count else {
            return fields.fault("tags", "is not a list of strings")
        }
        for text in texts where !Labels.isLabel(text) {
            fields.fault("tags", "\"\(text)\" is not a tag", hint: "1 to 64 of a-z 0-9 . _ : / -")
        }
        tags = Set(texts).sorted()
        if tags.count > JobLimits.labelsMax {
            fields.fault("tags", "has \(tags.count) tags; the limit is \(JobLimits.labelsMax)")
        }
    }

    private func readSchedule(_ fields: inout Fields, into definition: inout CheckDefinition) {
        fields.readZone(into: &definition.zone, default: surroundings.zone, among: surroundings.zones)
        guard fields.has("schedule") else { return }
        switch fields.value("schedule") {
        case nil: definition.schedule = []
        case .string(let line): definition.schedule = [line]
        case .array(let values):
            let lines = values.compactMap(\.string)
            guard lines.count == values.count, (1...JobLimits.linesMax).contains(lines.count) else {
                return fields.fault("schedule", "is not a list of 1 to \(JobLimits.linesMax) strings")
            }
            definition.schedule = lines
        default: return fields.fault("schedule", "is neither a string nor a list of strings")
        }
        let zone = try? surroundings.zones.zone(named: definition.zone)
        let now = Instant(seconds: surroundings.now.seconds)
        for line in definition.schedule {
            do {
                let schedule = try Schedule(line, now: now)
                guard let zone, Recurrence(schedule, zone: zone, anchor: now).nextRun(after: now) == nil
                else { continue }
                fields.fault(
                    "schedule",
                    "\"\(line)\" names no time to come, so no ping would ever be missed",
                    hint: "name times, as \"@daily\" does, or give a period"
                )
            } catch {
                let allowed = error.allowed.isEmpty ? nil : "allowed: \(error.allowed)"
                fields.fault(
                    "schedule",
                    "\(error.field.rawValue) \"\(error.text)\" \(error.problem)",
                    hint: error.hint ?? allowed
                )
            }
        }
    }
}
