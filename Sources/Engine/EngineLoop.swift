internal import Cron
internal import DequeModule
internal import Domain
internal import Effects
internal import Journaling
internal import Logging
internal import Scheduling

/// One turn after the other: take what has come, decide what is due, frame it, release what has become
/// durable.
///
/// Owned by the engine's thread alone.
struct EngineLoop: Sendable {
    var flow: Flow
    var clock: EngineClock
    var virtual: VirtualTime
    let settings: EngineSettings
    let journal: Journal
    private let writer: JournalWriter
    private let mailbox: Mailbox
    private let transport: any Transport
    private let mailTransport: (any MailTransport)?
    let streams: (any StreamTransport)?
    private let background: Background
    let logger: Logger
    private var durable: Sequence
    /// Who is told that the journal has grown; what they were told last.
    var growth: GrowthNotice?
    private var grownTo: Sequence
    private var waitingEffects = Deque<(after: Sequence, effect: Flow.Effect)>()
    private var waitingReplies = Deque<(after: Sequence, reply: Reply)>()
    private(set) var journalMetrics = JournalMetrics()
    /// Wall time minus steady time at the last look: a change is a step of the clock.
    private var wallOffset: Span
    /// When somebody last looked at what is due.
    private var attended: Timestamp
    /// There was no room to decide anything, or to take a ping, since then.
    private var hadNoRoom = false
    private var snapshot: SnapshotTurn = .idle
    private var stopAt: Span?
    private(set) var heartbeat: Heartbeat?

    private enum SnapshotTurn {
        case idle
        /// Copied, and written once everything in it is durable.
        case waiting(Ledger)
        case writing
    }

    init(
        flow: Flow,
        clock: EngineClock,
        journal: Journal,
        writer: JournalWriter,
        mailbox: Mailbox,
        transport: any Transport,
        mail: (any MailTransport)?,
        streams: (any StreamTransport)?,
        sink: SinkService?,
        settings: EngineSettings,
        background: @escaping Background,
        logger: Logger
    ) {
        self.flow = flow
        self.clock = clock
        self.journal = journal
        self.writer = writer
        self.mailbox = mailbox
        self.transport = transport
        mailTransport = mail
        self.streams = streams
        self.settings = settings
        self.background = background
        self.logger = logger
        virtual = VirtualTime(sink: sink)
        heartbeat = settings.heartbeat.map { Heartbeat($0) }
        attended = clock.now
        (durable, grownTo) = (journal.durable, journal.durable)
        wallOffset = Span(microseconds: clock.now.microseconds - clock.uptime.microseconds)
    }

    mutating func run(onFailure: (String) -> Void) {
        begin()
        while true {
            switch take(mailbox.take(waitingUpTo: sleep())) {
            case .goesOn: continue
            case .ended: return
            case .failed(let failure): return onFailure(failure)
            }
        }
    }

    /// Takes up the work, before the first turn.
    mutating func begin() {
        flow.start(now: clock.now)
        frame()
    }

    /// One turn.
    mutating func take(_ mail: Mailbox.Mail) -> Turn {
        if let failure = receive(mail) { return abandon(failure, mail) }
        turn(mail)
        frame()
        makeRoom()
        release()
        getReady()
        writeSnapshotIfDue()
        beat()
        return isDrained() ? finish() : .goesOn
    }

    /// How long nothing can happen unless mail comes; nil while the clock is frozen.
    func sleep() -> Span? {
        if virtual.isAdvancing, isQuiet { return .zero }
        var until = min(flow.timetable.next, virtual.next)
        if !clock.isDriven { until = min(until, flow.timetable.nextToStage - settings.readyAhead) }
        // Nothing is decided meanwhile; somebody may have made room.
        if journal.room != .plenty { until = clock.now + .milliseconds(500) }
        if stopAt != nil { return .milliseconds(20) }
        guard let wait = clock.wait(until: until) else { return nil }
        // One that is overdue waits for something else to happen.
        if let beat = heartbeat.map({ $0.due - clock.uptime }), beat > .zero {
            return min(wait, settings.sleepMax, beat)
        }
        return min(wait, settings.sleepMax)
    }

    // MARK: Input

    /// Returns the failure when the journal cannot be written any more.
    private mutating func receive(_ mail: Mailbox.Mail) -> String? {
        for took in mail.flushed {
            journalMetrics.flush.add(took)
            journalMetrics.frames += 1
        }
        for notice in mail.notices {
            switch notice {
            case .durable(let sequence): durable = max(durable, sequence)
            case .storageFailed(let reason): return reason
            case .snapshotDone: snapshot = .idle
            case .stop(let drain):
                stopAt = clock.uptime + drain
                flow.isStopping = true
            }
        }
        return nil
    }

    private mutating func turn(_ mail: Mailbox.Mail) {
        noticeClockStep()
        if virtual.isAdvancing, isQuiet { passTime() }
        let now = clock.now
        for outcome in mail.mails { flow.hear(outcome, now: now) }
        let outcomes = virtual.ready(
            withoutBeat(mail.outcomes),
            isBarrier: clock.isFrozen,
            callsOut: flow.callsOut,
            now: now
        )
        for outcome in clock.isFrozen ? flow.inOrder(outcomes) : outcomes { flow.conclude(outcome, now: now) }
        flow.hear(mail.streams, hasRoom: journal.room == .plenty, now: now)
        for command in mail.commands { perform(command, now: now) }
        if stopAt == nil, journal.room == .plenty {
            noticeAbsence(now: now)
            flow.due(at: now)
            if !clock.isDriven { flow.leaveTrace(now: now) }
        } else {
            hadNoRoom = true
        }
    }

    /// What a process that was stopped, or had no room for it, could not hear did not stay away.
    private mutating func noticeAbsence(now: Timestamp) {
        // Without room nobody was heard, whatever was due; otherwise something overdue tells of it.
        let (last, since) = (attended, hadNoRoom ? attended : max(attended, flow.timetable.next))
        (attended, hadNoRoom) = (now, false)
        guard !clock.isDriven, since < now, now - since > settings.absenceMin else { return }
        flow.excuseSilence(since: last, now: now)
        logger.warning("nobody looked at what was due", metadata: ["for": "\((now - since).text)"])
    }

    private mutating func perform(_ command: Command, now: Timestamp) {
        if stopAt != nil, command.writes { return command.refuse(.stopping) }
        if command.writes, journal.room != .plenty { return command.refuse(.storageFull) }
        let reply = command.perform(&self, now)
        waitingReplies.append((flow.ledger.sequence, reply))
    }

    /// A clock that somebody set is noted; slots follow the rules for late ones, and none is decided twice,
    /// because the cursor never goes back.
    private mutating func noticeClockStep() {
        guard !clock.isDriven else { return }
        let now = clock.now
        let offset = Span(microseconds: now.microseconds - clock.uptime.microseconds)
        let moved = offset.microseconds - wallOffset.microseconds
        guard moved.magnitude > UInt64(settings.clockStepMin.microseconds) else {
            wallOffset = offset
            return
        }
        flow.write(.clockStepped(ClockStepped(from: now - Span(microseconds: moved), to: now)), now)
        flow.noticeClockStep(from: now - Span(microseconds: moved), isSleep: true, now: now)
        logger.warning("the wall clock was stepped", metadata: ["by": "\(Span(microseconds: moved).text)"])
        (wallOffset, attended) = (offset, now)
    }

    // MARK: Output

    /// Hands the turn's records to the journal as one group, and notes where they landed.
    private mutating func frame() {
        if !flow.batch.isEmpty {
            do {
                let count = try flow.frame(in: journal)
                journalMetrics.records += UInt64(count)
            } catch {
                mailbox.post { $0.notices.append(.storageFailed("\(error)")) }
            }
        }
        for effect in flow.effects { waitingEffects.append((flow.ledger.sequence, effect)) }
        flow.effects.removeAll(keepingCapacity: true)
        guard journal.appended > durable else { return }
        guard settings.flushesInline else { return writer.ring() }
        do {
            if let sequence = try journal.flush() {
                durable = sequence
                journalMetrics.frames += 1
            }
            journal.prepareNextSegment()
        } catch {
            mailbox.post { $0.notices.append(.storageFailed("\(error)")) }
        }
    }

    /// A full disk is asked again and again: nothing else would, for nothing is written.
    private func makeRoom() {
        guard journal.room != .plenty else { return }
        if settings.flushesInline { journal.prepareNextSegment() } else { writer.ring() }
    }

    /// Lets go what waited for durability: calls in one batch, then replies.
    private mutating func release() {
        var calls: [Call] = []
        var mails: [Mail] = []
        var aborts: [UInt64] = []
        let now = clock.now
        for id in flow.starts { make(id, &calls, &mails, now: now) }
        flow.starts.removeAll(keepingCapacity: true)
        while let (after, effect) = waitingEffects.first, after <= durable {
            waitingEffects.removeFirst()
            switch effect {
            case .abort(let id): if !virtual.giveUp(id) { aborts.append(id) }
            case .send(let id): if flow.mayStart(id) { make(id, &calls, &mails, now: now) }
            case .post(let id): make(id, &calls, &mails, now: now)
            case .stream(let step): perform(step)
            case .checkIn(let id): if let call = flow.checkIns?.send(id) { calls.append(call) }
            }
        }
        if durable > grownTo {
            grownTo = durable
            growth?.tell(durable)
        }
        if !aborts.isEmpty { transport.abort(aborts) }
        if !calls.isEmpty { transport.send(calls) }
        if !mails.isEmpty { mailTransport?.send(mails) }
        while let (after, reply) = waitingReplies.first, after <= durable {
            waitingReplies.removeFirst()
            reply(nil)
        }
    }

    private mutating func make(
        _ id: UInt64,
        _ calls: inout [Call],
        _ mails: inout [Mail],
        now: Timestamp
    ) {
        switch flow.deliver(id, now: now) {
        case nil: break
        case .impossible(let outcome): mailbox.post { $0.outcomes.append(outcome) }
        case .own(let id): mailbox.post { $0.commands.append(.ownWork(id)) }
        case .call(let call):
            if !(clock.isDriven && virtual.take(call, now: now)) { calls.append(call) }
        case .mail(let letter):
            precondition(mailTransport != nil, "an engine whose channels send mail is given a mail transport")
            mails.append(letter)
        }
    }

    /// Nothing is due: the jobs of the next moments are unpacked, so that a burst finds them ready.
    private mutating func getReady() {
        guard !clock.isDriven, stopAt == nil, journal.room == .plenty else { return }
        let now = clock.now
        if flow.timetable.next > now { flow.getReady(upTo: now + settings.readyAhead) }
    }

    // MARK: The watch over the watcher

    /// Says outside that all is well, when it is time and all is.
    private mutating func beat() {
        guard heartbeat != nil, stopAt == nil, !clock.isDriven else { return }
        let now = clock.now
        let signs = Heartbeat.Signs(
            uptime: clock.uptime,
            appended: journal.appended,
            durable: durable,
            hasRoom: journal.room == .plenty,
            behind: flow.timetable.next < now ? now - flow.timetable.next : .zero
        )
        if let call = heartbeat?.beat(signs) { transport.send([call]) }
    }

    /// The outcomes of calls that the flow knows.
    private mutating func withoutBeat(_ outcomes: [Outcome]) -> [Outcome] {
        guard heartbeat?.isOut == true,
            let index = outcomes.firstIndex(where: { $0.id == Heartbeat.callID })
        else { return outcomes }
        var outcomes = outcomes
        if let reason = heartbeat?.hear(outcomes.remove(at: index).result) {
            logger.warning("a heartbeat was not heard", metadata: ["because": "\(reason)"])
        }
        return outcomes
    }

    // MARK: Driven time

    /// Nothing is out, nothing is waiting for the disk: the next instant may come.
    private var isQuiet: Bool {
        waitingEffects.isEmpty && flow.starts.isEmpty && flow.callsOut == virtual.callsOut
    }

    private mutating func passTime() {
        guard let target = virtual.target else { return }
        let next = min(flow.timetable.next, virtual.next)
        if next <= target {
            clock.set(max(next, clock.now))
        } else {
            clock.set(target)
            for reply in virtual.arrive(&clock) { waitingReplies.append((flow.ledger.sequence, reply)) }
        }
    }

    // MARK: Snapshots

    private mutating func writeSnapshotIfDue() {
        switch snapshot {
        case .writing: return
        case .idle:
            if journal.isSnapshotDue(now: clock.now) { snapshot = .waiting(flow.ledger) }
        case .waiting(let ledger):
            guard ledger.sequence <= durable else { return }
            snapshot = .writing
            SnapshotTask.write(ledger, to: journal, on: background, logger: logger) { [mailbox] in
                mailbox.post { $0.notices.append(.snapshotDone) }
            }
        }
    }

    // MARK: The end

    private func isDrained() -> Bool {
        guard let stopAt else { return false }
        if clock.uptime >= stopAt { return true }
        return flow.callsOut == virtual.callsOut && waitingReplies.isEmpty && journal.appended <= durable
    }

    private mutating func finish() -> Turn {
        let rest = mailbox.close()
        if let failure = receive(rest) { return abandon(failure, rest) }
        for command in rest.commands { command.refuse(.stopping) }
        for outcome in rest.mails { flow.hear(outcome, now: clock.now) }
        for outcome in rest.outcomes { flow.conclude(outcome, now: clock.now) }
        if !clock.isDriven { flow.leaveTrace(now: clock.now, isLast: true) }
        frame()
        writer.finish()
        for (_, reply) in waitingReplies { reply(.stopping) }
        for reply in virtual.arrive(&clock) { reply(.stopping) }
        flow.releasePostWaiters()
        return .ended
    }

    /// Everybody who waits is told, those whose requests came with the bad news included.
    private mutating func abandon(_ failure: String, _ mail: Mailbox.Mail) -> Turn {
        writer.finish()
        for command in mail.commands { command.refuse(.storageFailed(failure)) }
        for reply in virtual.arrive(&clock) { reply(.storageFailed(failure)) }
        for (_, reply) in waitingReplies { reply(.storageFailed(failure)) }
        flow.releasePostWaiters()
        for command in mailbox.close().commands { command.refuse(.storageFailed(failure)) }
        return .failed(failure)
    }
}
