internal import Dispatching
internal import Domain
internal import Effects
internal import Integrations

/// Check-ins at Sentry on their way, and how many there were.
struct CheckIns: Sendable {
    var monitors: SentryMonitors
    /// Calls that wait for their record to be durable, by number.
    private var waiting: [UInt64: Call] = [:]
    /// Those that are not answered yet.
    private var out: Set<UInt64> = []
    private var ever: UInt64 = 0

    /// Beyond it a check-in is dropped: Sentry is slow, and runs do not wait for it.
    static let waitingMax = 1024
    /// Calls of jobs and channels are numbered by sequences, which never come so far.
    static let firstID: UInt64 = 1 << 63

    init(_ monitors: SentryMonitors) {
        self.monitors = monitors
    }

    /// Neither sent nor answered, and sent but not answered.
    var isFull: Bool { waiting.count + out.count >= Self.waitingMax }
    var outCount: Int { out.count }

    /// The call may go out now.
    mutating func send(_ id: UInt64) -> Call? {
        guard let call = waiting.removeValue(forKey: id) else { return nil }
        out.insert(id)
        return call
    }

    mutating func ended(_ id: UInt64) { out.remove(id) }

    mutating func add(_ request: ChannelRequest) -> UInt64 {
        ever += 1
        let id = Self.firstID + ever
        waiting[id] = request.call(id: id, deadlines: .short, keepBodyBytesMax: 0)
        return id
    }
}

extension Flow {
    /// Says that a run has begun or ended, if its job names a monitor. Who calls it has looked whether there
    /// is a Sentry to say it to.
    mutating func checkIn(_ run: RunID, of job: JobID, _ status: SentryCheckIn.Status, now: Timestamp) {
        guard let definition = courier.prepare(job, ledger)?.definition, !definition.sentryMonitor.isEmpty,
            checkIns?.isFull == false
        else { return }
        let request = checkIns?.monitors.request(
            run: "\(hexadecimal(ledger.storeID))/\(run)",
            monitor: definition.sentryMonitor,
            status: status,
            schedule: Self.watched(definition),
            now: now
        )
        if let request, let id = checkIns?.add(request) { effects.append(.checkIn(id)) }
    }

    /// Sentry's answer to a check-in.
    mutating func hearCheckIn(_ outcome: Outcome, now: Timestamp) {
        guard outcome.id >= CheckIns.firstID else { return }
        checkIns?.ended(outcome.id)
        guard case .answered(let answer) = outcome.result else { return }
        checkIns?.monitors.receive(answer, now: now)
    }

    /// The schedule as Sentry understands it; nil when it would not, and then it expects nothing.
    private static func watched(_ definition: JobDefinition) -> WatchedSchedule? {
        guard definition.schedule.count == 1, let line = definition.schedule.first,
            line.split(separator: " ").count == 5,
            line.allSatisfy({ $0.isASCII && ($0.isNumber || " *,-/".contains($0)) })
        else { return nil }
        let minute = Span.minutes(1).microseconds
        let longest = (definition.runDeadline.microseconds + minute - 1) / minute
        return WatchedSchedule(
            when: .crontab(line),
            zone: definition.zone,
            runtimeMinutesMax: max(longest, 1)
        )
    }
}
