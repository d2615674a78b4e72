internal import Cron
internal import Domain
internal import Effects
package import Engine
package import Journaling
internal import Logging
internal import Scheduling

/// One engine in a world where everything goes wrong by seed: jobs come and go, targets fail, clocks are
/// set, the disk fills up and breaks, the process is killed and the power cut, for years.
///
/// One thread does everything, so that the same seed gives the same history. After every step what is cheap
/// to check is checked, and everything after every restart and at the end; the first promise that was not
/// kept is thrown as a `Violation`.
package final class Simulator {
    package let seed: UInt64
    package let pace: Pace
    package let disk: SimulatedDisk
    package let time: SimulatedTime
    package let transport: ScriptedTransport
    package private(set) var witness = Witness()
    package internal(set) var tally = Tally()
    /// nil while the process is down.
    package internal(set) var engine: SteppedEngine?
    package private(set) var limits: JournalLimits
    var dice: Dice
    /// What happens beside the jobs.
    var aside: Dice
    let answers = AnswerBox()
    /// A destination of alerts that the next start does not know.
    var channelMissing: String?
    /// When time last leapt: what was decided before may have come to pass after it.
    var leaptAt = Span.zero
    /// When the writer's turn, and a snapshot's, comes on the steady clock.
    var flushAt: Span?
    var snapshotAt: Span?
    private var durable = Sequence.zero

    /// - Parameters:
    ///   - seed: of everything.
    ///   - pace: nil lets the seed decide.
    package convenience init(seed: UInt64, pace: Pace? = nil) {
        // Small segments come to an end often; in large ones there is room for the reserve to be used.
        let sizes = [(20 << 10, 4 << 10), (64 << 10, 8 << 10), (192 << 10, 80 << 10)]
        let (segmentBytes, reserveBytes) = sizes[Int(seed % 3)]
        self.init(seed: seed, pace: pace, segmentBytes: segmentBytes, reserveBytes: reserveBytes)
    }

    private init(seed: UInt64, pace: Pace?, segmentBytes: Int, reserveBytes: Int) {
        var dice = Dice(seed: seed, stream: "world")
        self.seed = seed
        self.pace = pace ?? dice.pick(Pace.allCases)
        disk = SimulatedDisk(seed: seed)
        // Somewhere in two years, so that clock changes of every zone come into it.
        let start = Timestamp(seconds: 1_767_225_600) + dice.span(.zero, .days(700))
        time = SimulatedTime(start: start)
        transport = ScriptedTransport(seed: seed, time: time)
        var limits = JournalLimits()
        limits.segmentBytes = segmentBytes
        limits.reserveBytes = reserveBytes
        limits.settleBytes = 32 << 10
        limits.snapshotChunkBytes = 2 << 10
        limits.snapshotTailBytesMin = 8 << 10
        limits.indexSpacingBytes = 1 << 10
        limits.readBytes = 8 << 10
        if dice.chance(1, in: 3) { limits.historyAgeMax = self.pace.actionEvery }
        if dice.chance(1, in: 3) { limits.historyBytesMax = 3 * segmentBytes }
        self.limits = limits
        self.dice = dice
        aside = Dice(seed: seed, stream: "aside")
    }

    /// A world for a small life, in which segments and snapshots are small too, and few are kept.
    convenience init(small seed: UInt64) {
        self.init(seed: seed, pace: .quick, segmentBytes: 12 << 10, reserveBytes: 2 << 10)
        limits.snapshotTailBytesMin = 1 << 10
        limits.historyBytesMax = 4 << 10
    }

    /// The same world once more, from a moment when no process runs.
    private init(_ other: Simulator) {
        precondition(other.engine == nil, "a process that runs cannot be copied")
        (seed, pace, limits, dice) = (other.seed, other.pace, other.limits, other.dice)
        aside = other.aside
        disk = other.disk.copy()
        time = other.time.copy()
        transport = other.transport.copy(in: time)
        (witness, tally, durable) = (other.witness, other.tally, other.durable)
        (channelMissing, leaptAt) = (other.channelMissing, other.leaptAt)
    }

    func copy() -> Simulator { Simulator(self) }

    /// A whole life.
    package func run() throws {
        try start()
        while time.uptime < pace.horizon {
            try act()
            actAside()
            // Mostly far apart, sometimes at once.
            let isSoon = dice.chance(1, in: 4)
            try pass(
                isSoon ? dice.magnitude(.milliseconds(1), .minutes(1)) : dice.span(.zero, pace.actionEvery)
            )
        }
        try settle()
        try stop()
        try start()
        try checkEverything()
        try stop()
    }

    /// Half an hour of several jobs with targets that fail, without anything else going wrong. Begins where
    /// the world is, and leaves the engine running.
    package func liveALittle() throws {
        if engine == nil { try start() }
        transport.set(.rough)
        try pass(.seconds(1))
        for _ in 0..<5 { register() }
        try pass(.minutes(20))
        runNow()
        try pass(.minutes(10))
    }

    // MARK: Start and end

    /// Opens the folder and starts the engine. What the folder holds is compared with what was ever durable.
    package func start() throws {
        let recovered: Recovered
        do {
            recovered = try Journal.open(disk: disk, limits: limits, holder: "simulation")
        } catch {
            throw Violation.folderRefused("\(error)")
        }
        try disk.observe { try witness.compare(recovered) }
        tally.starts += 1
        if recovered.report.snapshot != nil { tally.startsFromSnapshot += 1 }
        if recovered.report.torn != nil { tally.tornTails += 1 }
        let entropy = SeededEntropy(seed: seed &+ UInt64(tally.starts))
        let keys = try KeyRing(keys: [SeededEntropy(seed: 99).bytes(KeyRing.keyBytes)], entropy: entropy)
        var flow = FlowSettings(zones: .embedded)
        flow.targetParallel = 4
        flow.channels = try SimulatedChannels.all.get().filter { $0.key != channelMissing }
        witness.noteStart(at: time.now, channels: Set(flow.channels.keys))
        var settings = EngineSettings(flushesInline: false)
        settings.sleepMax = .days(30)
        let engine = SteppedEngine(
            journal: recovered.journal,
            flow: Flow(ledger: recovered.ledger, keys: keys, entropy: entropy, settings: flow),
            clock: EngineClock(source: time, isDrivable: false),
            transport: transport,
            settings: settings,
            logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        )
        engine.begin()
        durable = recovered.journal.durable
        flushAt = nil
        snapshotAt = nil
        self.engine = engine
        if recovered.ledger.schedulers.isEmpty { registerScheduler() }
    }

    private func registerScheduler() {
        engine?.command(
            { flow, now throws(CommandError) in
                try flow.registerScheduler(name: "default", username: "u", password: "p", now: now).number
            },
            answer: { _ in }
        )
    }

    /// Stops as SIGTERM does.
    package func stop() throws {
        guard let engine else { return }
        engine.stop(drain: .seconds(10))
        try pass(.minutes(1))
        if self.engine != nil { throw Violation.stuck("the engine did not end within its drain") }
    }

    /// The process is gone, and with `power` the page cache too.
    package func crash(power: CrashMood?) throws {
        if let engine { try readEverything(engine) }
        try noteCalls()
        goDown()
        if let power { cutPower(power) } else { tally.kills += 1 }
    }

    func cutPower(_ mood: CrashMood) {
        disk.cutPower(mood)
        tally.powerCuts += 1
    }

    /// The process ends: what it has not written is gone, and nobody hears of answers under way.
    func goDown() {
        engine = nil
        transport.forgetSender()
        disk.kill()
    }

    // MARK: Checks

    /// After every turn: what is cheap.
    func checkTurn() throws {
        guard let engine else { return }
        let journal = engine.journal
        guard journal.durable >= durable, journal.durable <= journal.appended else {
            throw Violation.sequenceGap(expected: durable, found: journal.durable)
        }
        durable = journal.durable
        let fresh = answers.takeAll()
        tally.refusals += fresh.refused
        guard !fresh.acknowledged.isEmpty || transport.receivedCount > witness.callsNoted else { return }
        try readEverything(engine)
        for answer in fresh.acknowledged { try witness.note(answer) }
        try noteCalls()
    }

    /// Reads what the journal has made durable so far.
    func readEverything(_ engine: SteppedEngine) throws {
        try disk.observe { try witness.read(engine.journal) }
    }

    private func noteCalls() throws {
        let fresh = transport.received(after: witness.callsNoted)
        // From the decision to the call, with steps of the clock that nobody notes.
        let slack = Span.minutes(2)
        if time.uptime > leaptAt + slack {
            try witness.checkSilence(of: fresh, since: time.now - slack, now: time.now)
        }
        try witness.note(fresh)
    }

    /// Everything that can be said about a world at rest.
    package func checkEverything() throws {
        guard let engine else { return }
        try disk.observe {
            try witness.read(engine.journal)
            if engine.journal.appended == engine.journal.durable { try witness.compare(engine.ledger) }
            try witness.checkAlerts()
            tally.slots = try SlotOracle.judge(witness.entries).slots
            try audit()
            let report = try Inspection(disk: disk, limits: limits).check()
            guard report.isSound else { throw Violation.folderRefused("\(report.findings)") }
        }
        tally.records = witness.entries.count
        tally.calls = transport.sentCount
        tally.alerts = witness.alertsOpened
        tally.messages = witness.messagesDelivered
        tally.repeats = witness.messagesRepeated
        tally.acknowledgements = witness.acknowledgements
        tally.faults = disk.faultsFired
        tally.diskOperations = disk.operations
        tally.simulated = time.uptime
    }

    /// What an operator would run: it must agree with the witness.
    private func audit() throws {
        let verification = try Verification.run(Inspection(disk: disk, limits: limits), zones: .embedded)
        guard let finding = verification.report.findings.first else { return }
        throw Violation.slot(finding.job, "`verify` says \(finding)")
    }

    /// For whoever has to understand a failure.
    package var lastWords: String {
        let records = witness.entries.suffix(25).map {
            "  \($0.sequence) \($0.time.microseconds) \($0.record)"
        }
        return "seed \(seed), pace \(pace.rawValue), after \(time.uptime.text)\nlast records:\n"
            + records.joined(separator: "\n") + "\nlast disk operations:\n  "
            + disk.log.joined(separator: "\n  ")
    }
}
