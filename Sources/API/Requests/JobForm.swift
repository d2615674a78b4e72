internal import Cron
internal import Domain
internal import Engine

/// A job as a request describes it, on its way to a draft.
///
/// One reading serves three methods: POST and PUT begin with the defaults, PATCH begins with what the job is.
/// Secrets that come back in the form in which they are shown (`***`) stay what they are.
struct JobForm: Sendable {
    /// What a job may rely on that is not in its definition.
    struct Surroundings: Sendable {
        var zones: ZoneDatabase
        var zone: String
        var dst: DSTPolicy
        /// `/_sink/…` may be called.
        var hasSink: Bool
        /// The egress policy's objection to a literal address; nil is fine.
        var judgeLiteral: @Sendable (_ host: String, _ port: UInt16) -> String?
        var now: Timestamp
    }

    enum Mode: Sendable {
        /// Unmentioned fields take their defaults.
        case whole
        /// Unmentioned fields stay.
        case changes
    }

    let object: JSON
    let surroundings: Surroundings

    /// The draft, or every fault. `current` is what the job is now; nil for a new one.
    func draft(_ mode: Mode, current: JobDefinition?) throws(CommandError) -> JobDraft {
        var fields = Fields(object)
        fields.refuseUnknown(JobFields.request, answersOnly: JobFields.answer)
        var draft = JobDraft(base(mode, current))
        let reaction = ReactionForm(surroundings: surroundings, current: current?.reaction)
        reaction.read(&fields, into: &draft)
        var callback = CallbackForm(surroundings: surroundings, current: current?.callback)
        callback.hasEvent = draft.definition.reaction?.triggers.isEmpty == false
        if mode == .whole, current != nil { draft.headers = [] }
        callback.read(&fields, into: &draft, isWhole: mode == .whole)
        readSchedule(&fields, into: &draft.definition, mode, old: current?.schedule)
        PolicyForm.read(&fields, into: &draft.definition)
        Labels.read(&fields, into: &draft.definition.labels)
        let definition = draft.definition
        if let start = definition.start, let end = definition.end, end <= start {
            fields.fault("end", "is not after start")
        }
        if !fields.faults.isEmpty { throw .invalid(fields.faults) }
        return draft
    }

    private func base(_ mode: Mode, _ current: JobDefinition?) -> JobDefinition {
        if mode == .changes, let current { return current }
        var definition = JobDefinition(
            callback: current?.callback ?? Callback(target: .sink("")),
            schedule: current?.schedule ?? []
        )
        // What the callback keeps is decided field by field, from the secrets up.
        var callback = Callback(target: definition.callback.target)
        callback.body = definition.callback.body
        callback.headers = definition.callback.headers
        definition.callback = callback
        definition.zone = surroundings.zone
        definition.dst = surroundings.dst
        definition.scheduler = current?.scheduler ?? 0
        return definition
    }

    // MARK: When

    private func readSchedule(
        _ fields: inout Fields,
        into definition: inout JobDefinition,
        _ mode: Mode,
        old: [String]?
    ) {
        fields.read("name", into: &definition.name, bytesMax: JobLimits.nameBytesMax)
        let hasTriggers = definition.reaction?.triggers.isEmpty == false
        readReading(&fields, into: &definition)
        if fields.has("schedule") {
            readLines(&fields, into: &definition)
        } else if hasTriggers {
            if mode == .whole { definition.schedule = [] }
        } else if mode == .whole || definition.schedule.isEmpty {
            fields.fault(
                "schedule",
                "is missing",
                hint: "one line such as \"30 2 * * *\", or a list of lines"
            )
        }
        // A change of dialect or day_match makes other sense of the old lines.
        let isReread = ["schedule", "dialect", "day_match"].contains { fields.has($0) }
        if isReread { checkLines(&fields, definition, isNew: definition.schedule != old) }
    }

    /// How lines are to be read.
    private func readReading(_ fields: inout Fields, into definition: inout JobDefinition) {
        fields.read(
            "dialect",
            into: &definition.dialect,
            default: nil,
            choices: Dialect.allCases.map { ($0.rawValue, $0) }
        )
        fields.read(
            "dst",
            into: &definition.dst,
            default: surroundings.dst,
            choices: DSTPolicy.allCases.map { ($0.rawValue, $0) }
        )
        fields.read(
            "day_match",
            into: &definition.dayMatch,
            default: .or,
            choices: DayMatch.allCases.map { ($0.rawValue, $0) }
        )
        fields.readZone(into: &definition.zone, default: surroundings.zone, among: surroundings.zones)
    }

    private func readLines(_ fields: inout Fields, into definition: inout JobDefinition) {
        switch fields.value("schedule") {
        case .string(let line):
            definition.schedule = [line]
            definition.isScheduleList = false
        case .array(let values):
            let lines = values.compactMap(\.string)
            let least = definition.reaction?.triggers.isEmpty == false ? 0 : 1
            guard lines.count == values.count, (least...JobLimits.linesMax).contains(lines.count) else {
                return fields.fault("schedule", "is not a list of 1 to \(JobLimits.linesMax) strings")
            }
            definition.schedule = lines
            definition.isScheduleList = true
        case nil where definition.reaction?.triggers.isEmpty == false: definition.schedule = []
        case nil: fields.fault("schedule", "is missing")
        default: fields.fault("schedule", "is neither a string nor a list of strings")
        }
    }

    /// One line with its zone and policies, as `next` asks for it.
    func readLine(_ fields: inout Fields, _ name: String, into definition: inout JobDefinition) {
        readReading(&fields, into: &definition)
        guard let line = fields.value(name)?.string else {
            return fields.fault(name, "is missing", hint: "30 2 * * *")
        }
        definition.schedule = [line]
        checkLines(&fields, definition, name: name, isNew: false)
    }

    private func checkLines(
        _ fields: inout Fields,
        _ definition: JobDefinition,
        name: String = "schedule",
        isNew: Bool
    ) {
        let options = ScheduleOptions(dialect: definition.dialect, dayMatch: definition.dayMatch)
        for (index, line) in definition.schedule.enumerated() {
            do {
                // Text that can never come again is refused when it is given, not when an old job is touched.
                let now = isNew ? Instant(seconds: surroundings.now.seconds) : nil
                _ = try Schedule(line, options: options, now: now)
            } catch {
                let place = definition.schedule.count == 1 ? "" : "line \(index): "
                let allowed = error.allowed.isEmpty ? nil : "allowed: \(error.allowed)"
                fields.fault(
                    name,
                    "\(place)\(error.field.rawValue) \"\(error.text)\" \(error.problem)",
                    hint: error.hint ?? allowed
                )
            }
        }
    }
}
