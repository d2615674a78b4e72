internal import Cron

extension JobDefinition {
    /// The definition as fields; what equals its default takes no bytes. Field numbers are for ever
    /// (`Journaling.docc/Format.md`).
    package func packed() -> [UInt8] {
        var w = FieldWriter()
        w.write(1, name)
        w.write(2, UInt64(scheduler))
        w.nest(3) { callback.pack(into: &$0) }
        for line in schedule { w.write(4, Array(line.utf8)) }
        w.write(5, isScheduleList ? 1 : 0)
        w.write(6, dialect.map { $0.code } ?? 0)
        if zone != "UTC" { w.write(7, zone) }
        w.write(8, dst.code)
        w.write(9, dayMatch == .and ? 1 : 0)
        if deadlines != CallDeadlines() { w.nest(10) { deadlines.pack(into: &$0) } }
        if success != SuccessRule() { w.nest(11) { success.pack(into: &$0) } }
        if retry != RetryPolicy() { w.nest(12) { retry.pack(into: &$0) } }
        if catchup != CatchupPolicy() { w.nest(13) { catchup.pack(into: &$0) } }
        if overlap != OverlapPolicy() { w.nest(14) { overlap.pack(into: &$0) } }
        if limit != LimitPolicy() { w.nest(15) { limit.pack(into: &$0) } }
        w.write(16, signed: jitter.microseconds)
        if let start { w.nest(17) { $0.write(1, signed: start.microseconds) } }
        if let end { w.nest(18) { $0.write(1, signed: end.microseconds) } }
        w.write(19, UInt64(runsMax))
        w.write(20, UInt64(onUnknown.rawValue))
        if runDeadline != .hours(1) { w.nest(21) { $0.write(1, signed: runDeadline.microseconds) } }
        for label in labels { w.write(22, label) }
        w.write(23, signed: history.age.microseconds)
        w.write(24, UInt64(history.runs))
        if alertAfter != 1 { w.nest(25) { $0.write(1, signed: Int64(alertAfter)) } }
        w.write(26, history.bodyBytesMax)
        w.write(27, UInt64(resolveAfter &- 1))
        w.write(30, UInt64(completion.rawValue))
        w.write(31, signed: maxRuntime.microseconds)
        w.write(32, watchesPace ? 1 : 0)
        w.write(35, UInt64(blackoutThen.rawValue))
        if alertSeverity != .error { w.write(40, UInt64(alertSeverity.rawValue)) }
        w.write(41, sentryMonitor)
        reaction?.pack(into: &w)
        return w.bytes
    }

    /// Reads `packed()` bytes of this or any older build.
    package init(packed bytes: [UInt8]) throws(FieldError) {
        var definition = JobDefinition(callback: Callback(target: .sink("/_sink/200")), schedule: [])
        var hasCallback = false
        var triggers: [StreamTrigger] = []
        var steps: [JobStep] = []
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: definition.name = value.text ?? ""
            case 2: definition.scheduler = UInt32(truncatingIfNeeded: value.number ?? 0)
            case 3:
                definition.callback = try Callback(packed: value.slice ?? [])
                hasCallback = true
            case 4: definition.schedule.append(value.text ?? "")
            case 5: definition.isScheduleList = value.number == 1
            case 6: definition.dialect = try Dialect(code: value.number ?? 0)
            case 7: definition.zone = value.text ?? "UTC"
            case 8: definition.dst = try DSTPolicy(code: value.number ?? 0)
            case 9: definition.dayMatch = value.number == 1 ? .and : .or
            case 10: definition.deadlines = try CallDeadlines(packed: value.slice ?? [])
            case 11: definition.success = try SuccessRule(packed: value.slice ?? [])
            case 12: definition.retry = try RetryPolicy(packed: value.slice ?? [])
            case 13: definition.catchup = try CatchupPolicy(packed: value.slice ?? [])
            case 14: definition.overlap = try OverlapPolicy(packed: value.slice ?? [])
            case 15: definition.limit = try LimitPolicy(packed: value.slice ?? [])
            case 16: definition.jitter = Span(microseconds: value.signed ?? 0)
            case 17: definition.start = Timestamp(microseconds: try Self.nestedNumber(value))
            case 18: definition.end = Timestamp(microseconds: try Self.nestedNumber(value))
            case 19: definition.runsMax = UInt32(truncatingIfNeeded: value.number ?? 0)
            case 20: definition.onUnknown = OnUnknown(code: value.number ?? 0)
            case 21: definition.runDeadline = Span(microseconds: try Self.nestedNumber(value))
            case 22: definition.labels.append(value.text ?? "")
            case 23: definition.history.age = Span(microseconds: value.signed ?? 0)
            case 24: definition.history.runs = UInt32(truncatingIfNeeded: value.number ?? 0)
            case 25: definition.alertAfter = UInt32(truncatingIfNeeded: try Self.nestedNumber(value))
            case 26: definition.history.bodyBytesMax = value.number ?? 0
            case 27: definition.resolveAfter = UInt32(truncatingIfNeeded: value.number ?? 0) &+ 1
            case 30:
                let word = Completion(rawValue: UInt8(truncatingIfNeeded: value.number ?? 0))
                definition.completion = word ?? .answer
            case 31: definition.maxRuntime = Span(microseconds: value.signed ?? 0)
            case 32: definition.watchesPace = value.number == 1
            case 35: definition.blackoutThen = value.number == 1 ? .runAfter : .skip
            case 40:
                let word = AlertSeverity(rawValue: UInt8(truncatingIfNeeded: value.number ?? 0))
                definition.alertSeverity = word ?? .error
            case 41: definition.sentryMonitor = value.text ?? ""
            case 50: triggers.append(try StreamTrigger(packed: value.slice ?? []))
            case 51: steps.append(try JobStep(packed: value.slice ?? []))
            case 59: break  // There are triggers; they have been read.
            default: throw .invalid(field: field, of: "job definition")
            }
        }
        guard hasCallback else { throw .invalid(field: 3, of: "job definition") }
        if !triggers.isEmpty || !steps.isEmpty {
            definition.reaction = Reaction(triggers: triggers, steps: steps)
        }
        self = definition
    }

    private static func nestedNumber(_ value: FieldValue) throws(FieldError) -> Int64 {
        var reader = FieldReader(value.slice ?? [])
        return try reader.next()?.value.signed ?? 0
    }
}

extension Dialect {
    fileprivate var code: UInt64 {
        switch self {
        case .unix: 1
        case .seconds: 2
        case .quartz: 3
        }
    }
    fileprivate init?(code: UInt64) throws(FieldError) {
        switch code {
        case 0: return nil
        case 1: self = .unix
        case 2: self = .seconds
        case 3: self = .quartz
        default: throw .invalid(field: 6, of: "job definition")
        }
    }
}

extension DSTPolicy {
    fileprivate var code: UInt64 {
        switch self {
        case .vixie: 0
        case .literal: 1
        case .once: 2
        case .shift: 3
        case .utc: 4
        }
    }
    fileprivate init(code: UInt64) throws(FieldError) {
        switch code {
        case 0: self = .vixie
        case 1: self = .literal
        case 2: self = .once
        case 3: self = .shift
        case 4: self = .utc
        default: throw .invalid(field: 8, of: "job definition")
        }
    }
}

extension OnUnknown {
    fileprivate init(code: UInt64) {
        self = OnUnknown(rawValue: UInt8(truncatingIfNeeded: code)) ?? .retry
    }
}
