internal import Alerting
package import Cron
internal import Dispatching
package import Domain
internal import Effects
package import Integrations
internal import Scheduling

/// The path, in order: trigger → schedule → record(intent) → dispatch → record(outcome) → event → alert.
///
/// A value without clock, thread or socket. It applies records to the ledger at once and collects them in
/// `batch`; what follows from them waits in `effects` until the shell (`Engine`) has made the batch durable.
package struct Flow: Sendable {
    package internal(set) var ledger: Ledger
    var timetable = Timetable()
    var plans: Plans
    var limits: Limits
    var courier: Courier
    let settings: FlowSettings
    let keys: KeyRing
    let entropy: any Entropy
    /// Records of this step, applied and not yet framed.
    var batch: [Entry] = []
    /// What the records of this step allow, once they are durable.
    var effects: [Effect] = []
    /// Calls out, by the sequence of the record that stated the intent.
    var flights: [UInt64: Flight] = [:]
    /// Durable intents that got their turn on the wire: they need wait for nothing more.
    var starts: [UInt64] = []
    /// Jobs that go through missed slots one at a time.
    var catching: [JobID: Timestamp] = [:]
    /// Jobs with a slot that waits for a place under its limit.
    var accepted: [JobID: AcceptedSlot] = [:]
    /// Jobs that wait for a blackout to be over, and when that is.
    var heldBack: [JobID: Timestamp] = [:]
    var pace = PaceWatch()
    /// Messages about alerts, in line for their channels.
    var outbox = Outbox()
    /// What is derived from the ledger's checks.
    var checks = CheckIndex()
    /// Times in which jobs do not run, compiled from the ledger's.
    var blackouts = Blackouts()
    /// Messages that could leave and are kept by a blackout or by quiet hours; none of them is ready.
    var silences: [MessageID: Silence] = [:]
    var calendars = CalendarReading()
    /// When this process took up the work.
    var startedAt = Timestamp.distantPast
    /// Where alerts are told, by name: from flags, and from people.
    var channels: [String: Channel] = [:]
    /// Channels whose settings cannot be read, and why.
    var unreadable: [String: String] = [:]
    /// Channels that are told of successes, in order of name; follows from `channels`.
    var gladChannels: [String] = []
    /// nil without a Sentry to tell.
    var checkIns: CheckIns?
    /// When an open alert may have to be told again.
    var agenda: [AlertID: Timestamp] = [:]
    /// Who tells of alerts; its keys are known once the folder is.
    var sender: AlertSender
    /// Channels that rest, and until when an alarm is set for each.
    var resting: [String: Timestamp] = [:]
    /// The process is about to end: messages that have not left wait for the next one.
    var isStopping = false
    /// Messages under way, by their number.
    var letters: [UInt64: Letter] = [:]
    /// Posts to marketplaces, in line and under way.
    var postbox = Outbox()
    var letterPosts: [UInt64: LetterPost] = [:]
    var questionsEver: UInt64 = 0
    /// Who wants to know that an attempt of a post has ended.
    var postWaiters: [PostID: [@Sendable () -> Void]] = [:]
    var metrics = FlowMetrics()
    /// Streams that are watched, as this process does it.
    var watching = StreamWatching()
    /// Who waits for which stream, and steps under way.
    var reactions = Reactions()

    /// Alarms answered in one turn: when many thousands are due at once, the first calls leave while the
    /// others are still being decided. Begins small and doubles while more are due.
    private var alarmsAtOnce = alarmsMin
    private static let alarmsMin = 64
    private static let alarmsMax = 1024

    /// A call on its way.
    struct Flight: Sendable {
        var run: RunID
        var limit: UInt32
        var isOnWire = false
    }

    /// What may happen only after the records before it are durable.
    enum Effect: Sendable {
        /// Make the call whose intent has this sequence.
        case send(UInt64)
        /// Give up the call.
        case abort(UInt64)
        /// Make the call of the message with this number.
        case post(UInt64)
        /// Tell Sentry of a run.
        case checkIn(UInt64)
        /// Open or leave a stream.
        case stream(StreamStep)
    }

    /// **Trigger and schedule.** Everything whose time has come, in order.
    mutating func due(at now: Timestamp) {
        var rung = 0
        while rung < alarmsAtOnce, let alarm = timetable.ring(at: now) {
            rung += 1
            switch alarm {
            case .slot(let job): decide(job, now: now)
            case .retry(let run): tryAgain(run, now: now)
            case .runDeadline(let run): overrun(run, now: now)
            case .resume(let job): endPause(job, now: now)
            case .limitWait(let job): expire(job, now: now)
            case .limitRoom(let limit): serve(limit, now: now)
            case .message(let id): messageDue(id, now: now)
            case .check(let check): checkDue(check, now: now)
            case .runtime(let run): outlast(run, now: now)
            case .alert(let id): alertDue(id, now: now)
            case .calendar(let number): calendarDue(Int(number), now: now)
            case .post(let id): postDue(id, now: now)
            case .source(let number): sourceDue(number, now: now)
            case .outage(let job): outageDue(job, now: now)
            }
        }
        alarmsAtOnce = rung == alarmsAtOnce ? min(2 * rung, Self.alarmsMax) : Self.alarmsMin
    }

    /// Unpacks what the next alarms will need, before they ring: at most `alarmsMax` a turn.
    mutating func getReady(upTo time: Timestamp) {
        for _ in 0..<Self.alarmsMax {
            guard let alarm = timetable.stage(upTo: time) else { return }
            guard case .slot(let job) = alarm, ledger.jobs[job].state == .active else { continue }
            if plan(of: job) != nil { _ = courier.prepare(job, ledger) }
        }
    }

    /// **Record the intent.** A decision's records, then the calls they allow.
    mutating func intend(_ decision: Decision, limit: UInt32, now: Timestamp) {
        for step in decision.steps {
            switch step {
            case .settle(let record):
                write(.slotsDecided(record), now)
                if record.result == .overlapSkipped { noticeFallingBehind(record, now: now) }
                judge(record, now: now)
            case .queue(let record): write(.slotQueued(record), now)
            case .run(let record):
                write(.slotDecided(record), now)
                launch(ledger.sequence, limit: limit)
                if checkIns != nil { checkIn(ledger.sequence, of: record.job, .inProgress, now: now) }
                metrics.lateness.add(now - record.slot.instant)
            }
        }
    }

    /// The intent is stated by the newest record: once that is durable, the call goes out.
    mutating func launch(_ run: RunID, limit: UInt32) {
        flights[ledger.sequence.value] = Flight(run: run, limit: limit)
        effects.append(.send(ledger.sequence.value))
    }

    /// The intent is durable. True when its call may go out now; otherwise it goes when another one ends.
    mutating func mayStart(_ id: UInt64) -> Bool {
        guard let flight = flights[id], limits.mayStart(flight.limit, id) else { return false }
        flights[id]?.isOnWire = true
        return true
    }

    /// A place on the wire is free: the next durable intents take it.
    mutating func startReady(_ limit: UInt32) {
        while let id = limits.nextReady(limit) {
            if flights[id] == nil {
                limits.giveBack(limit)
            } else {
                flights[id]?.isOnWire = true
                starts.append(id)
            }
        }
    }

    /// **Dispatch.** Writes the call whose intent has become durable; nil when its run is over already.
    mutating func deliver(_ id: UInt64, now: Timestamp) -> Delivery? {
        if let letter = letters[id] { return letter.delivery }
        if let call = calendars.calls[id] { return .call(call) }
        guard let flight = flights[id] else {
            return (letterPosts[id]?.call ?? reactions.fetches[id]?.call).map { .call($0) }
        }
        guard let run = ledger.openRuns[flight.run], let prepared = courier.prepare(run.job, ledger)
        else { return nil }
        if run.attempt == 1, prepared.isWatched { watch(flight.run, run, prepared.definition) }
        do {
            let call = try courier.call(
                id: id,
                run: flight.run,
                run,
                prepared: prepared,
                storeID: ledger.storeID,
                cause: run.trigger == .stream ? ledger.reactions.causes[flight.run] : nil,
                now: now
            )
            return .call(call)
        } catch {
            if error == .ownWork { return .own(id) }
            return .impossible(
                Outcome(id: id, result: .failed(error.failure), timings: Timings(), address: "")
            )
        }
    }

    /// **Record the outcome.** Success closes the run; failure is tried again or closes it.
    mutating func conclude(_ outcome: Outcome, now: Timestamp) {
        if letters[outcome.id] != nil { return hear(outcome, now: now) }
        if let number = CalendarReading.number(of: outcome.id) {
            return readCalendar(outcome, number, now: now)
        }
        guard let flight = flights.removeValue(forKey: outcome.id) else {
            if letterPosts[outcome.id] != nil { return hearPost(outcome, now: now) }
            if Reactions.isFetch(outcome.id) { return hearFetch(outcome, now: now) }
            return hearCheckIn(outcome, now: now)
        }
        limits.release(flight.limit, wasOnWire: flight.isOnWire)
        startReady(flight.limit)
        if let run = ledger.openRuns[flight.run], let prepared = courier.prepare(run.job, ledger) {
            var report = Judgement.report(
                outcome,
                attempt: run.attempt,
                definition: prepared.definition,
                pattern: prepared.pattern
            )
            // An answer may say again what was sent, and whoever reads the history may not know it.
            if !report.body.isEmpty {
                report.body = Secrets.hide(courier.secrets(of: run.job, prepared), in: report.body)
            }
            metrics.note(report)
            if report.failure == nil, !prepared.isWatched {
                close(flight.run, run, as: .ok, report, now: now)
            } else if report.failure == nil, report.status == 202, prepared.definition.completion == .ping {
                awaitCompletion(flight.run, run, report, prepared.definition, now: now)
            } else if report.failure == nil {
                succeed(flight.run, run, report, prepared.definition, now: now)
            } else {
                var retryAfter: String?
                if case .answered(let answer) = outcome.result { retryAfter = answer.retryAfter }
                fail(flight.run, run, report, prepared.definition, retryAfter: retryAfter, now: now)
            }
        }
        serve(flight.limit, now: now)
    }

    /// **Event.** An event is a committed record: the shell tells subscribers that the journal has grown, and
    /// `Streaming.EventView` shows what it has grown by. There is no second bus.
    mutating func write(_ record: Record, _ now: Timestamp) {
        let entry = Entry(
            sequence: ledger.sequence.next,
            time: now,
            account: account(of: record),
            visibility: record.visibility,
            record: record
        )
        // Where the record lands is known once the batch is framed (`Ledger.chain`).
        let newest = record.job.map { ledger.jobs.contains($0) ? ledger.jobs[$0].newest : .none } ?? .none
        do {
            try ledger.apply(entry, at: newest)
        } catch {
            preconditionFailure("the engine made a record that does not follow from its own ledger: \(error)")
        }
        batch.append(entry)
    }

    private func account(of record: Record) -> UInt32 {
        switch record {
        case .schedulerRegistered(let scheduler): scheduler.account
        case .jobRegistered(let job): ledger.schedulers[job.scheduler]?.account ?? 0
        case .checkRegistered(let check): ledger.schedulers[check.scheduler]?.account ?? 0
        case .account(let record): record.account ?? 0
        case .pingKeySet(let key): ledger.schedulers[key.scheduler]?.account ?? 0
        default: scheduler(of: record).flatMap { ledger.schedulers[$0]?.account } ?? 0
        }
    }

    /// Whose job or check it is about.
    private func scheduler(of record: Record) -> UInt32? {
        if let job = record.job { return ledger.jobs[job].scheduler }
        let check = record.check ?? alertKey(of: record).flatMap { CheckID(alertKey: $0) }
        return check.flatMap { ledger.checks.entries[$0]?.scheduler }
    }

    private func alertKey(of record: Record) -> String? {
        switch record {
        case .alertOpened(let opened): opened.key
        case .alertAcknowledged(let r): ledger.alerts.alerts[r.alert]?.key
        case .alertResolved(let r): ledger.alerts.alerts[r.alert]?.key
        default: nil
        }
    }
}

/// A call to make, a letter to hand over, or the outcome that it already has.
enum Delivery: Sendable {
    case call(Call)
    case mail(Mail)
    case impossible(Outcome)
    /// Nothing to call: the flow does the work itself (`doOwnWork`).
    case own(UInt64)
}

/// What the flow is told once, at start.
package struct FlowSettings: Sendable {
    /// Calls in flight under one limit key whose jobs name no number.
    package var targetParallel: UInt32 = 64
    package var userAgent: String = "chronatog"
    package var zones: ZoneDatabase
    /// Where alerts are told, by name, as flags say.
    package var channels: [String: ChannelSettings] = [:]
    /// Who tells them.
    package var sender = AlertSender(host: "chronatog", version: "0")
    /// What links in messages begin with; nil leaves them out.
    package var publicURL: String?
    /// A plan that is full refuses further jobs; otherwise the customer is told once.
    package var isPlanLimitHard = false
    /// Streams that flags and environment name, by name.
    package var sources: [String: SourceWish] = [:]
    /// A copy of another server watches nothing.
    package var watchesStreams = true

    package init(zones: ZoneDatabase) {
        self.zones = zones
    }
}
