package import Domain
package import Effects
package import Engine
package import Journaling

/// The engine as the routes need it: `Engine` is the one that lives (`LiveEngine.swift`), tests bring
/// another.
package protocol EngineFace: AccountFace {
    func register(_ draft: JobDraft, scheduler: UInt32) async throws(CommandError) -> JobView
    func revise(
        _ job: JobID,
        as caller: Caller,
        ifMatch: Sequence?,
        change: @escaping @Sendable (JobDefinition) throws(CommandError) -> JobDraft
    ) async throws(CommandError) -> JobView
    func preview(_ draft: JobDraft, scheduler: UInt32) async throws(CommandError) -> JobView
    func preview(
        _ job: JobID,
        as caller: Caller,
        ifMatch: Sequence?,
        change: @escaping @Sendable (JobDefinition) throws(CommandError) -> JobDraft
    ) async throws(CommandError) -> (old: JobView, new: JobView)
    func remove(_ job: JobID, as caller: Caller, ifMatch: Sequence?) async throws(CommandError)
    func pause(
        _ job: JobID,
        as caller: Caller,
        until: Timestamp?,
        reason: String,
        ifMatch: Sequence?
    ) async throws(CommandError) -> JobView
    func resume(
        _ job: JobID,
        as caller: Caller,
        catchup: Catchup,
        ifMatch: Sequence?
    ) async throws(CommandError) -> JobView
    func runNow(_ job: JobID, as caller: Caller, overlap: Overlap) async throws(CommandError) -> OpenRunView
    func cancel(_ run: RunID, as caller: Caller) async throws(CommandError)
    func release(_ slot: Slot, of job: JobID, as caller: Caller) async throws(CommandError) -> OpenRunView
    func discardCatchup(_ job: JobID, as caller: Caller) async throws(CommandError) -> Int
    func signingSecret(of job: JobID, as caller: Caller) async throws(CommandError) -> String
    func job(_ id: JobID, as caller: Caller) async throws(CommandError) -> JobView
    func jobs(after: JobID, limit: Int, as caller: Caller) async throws(CommandError) -> [JobView]
    func openRuns(of job: JobID?) async throws(CommandError) -> [OpenRunView]

    func registerScheduler(
        name: String,
        username: String,
        password: String
    ) async throws(CommandError) -> SchedulerRegistered
    func removeScheduler(_ number: UInt32) async throws(CommandError)
    func schedulers() async throws(CommandError) -> [SchedulerRegistered]
    /// The schedulers that jobs belong to, removed jobs included.
    func owners(of jobs: [JobID]) async throws(CommandError) -> [JobID: UInt32]

    func setBlackout(
        _ blackout: Blackout,
        calendarURL: String?
    ) async throws(CommandError) -> BlackoutView
    func removeBlackout(_ name: String) async throws(CommandError)
    func blackouts() async throws(CommandError) -> [BlackoutView]
    func streams() async throws(CommandError) -> [SourceView]
    func stream(_ name: String) async throws(CommandError) -> SourceView
    func streamOrigin(_ name: String, settings: JSON) async throws(CommandError) -> Origin
    func setStream(_ name: String, _ wish: SourceWish) async throws(CommandError) -> SourceView
    func removeStream(_ name: String) async throws(CommandError)
    func pauseStream(_ name: String, _ isPaused: Bool) async throws(CommandError) -> SourceView
    func addToken(_ token: AccessToken) async throws(CommandError) -> KnownToken
    func removeToken(_ name: String) async throws(CommandError)
    func tokens() async throws(CommandError) -> [KnownToken]
    func trigger(
        _ job: JobID,
        by name: String,
        event: [UInt8]
    ) async throws(CommandError) -> OpenRunView?
    func alerts() async throws(CommandError) -> [AlertView]
    func openAlerts() async throws(CommandError) -> [AlertView]
    func acknowledge(_ alert: AlertID) async throws(CommandError) -> AlertView
    func resolve(_ alert: AlertID) async throws(CommandError) -> AlertView
    func alert(link word: String) async throws(CommandError) -> AlertView
    func acknowledge(link word: String) async throws(CommandError) -> AlertView
    func publicKeys() async throws(CommandError) -> JSON
    func channels() async throws(CommandError) -> [ChannelView]
    func channel(_ name: String) async throws(CommandError) -> ChannelView
    func channelOrigin(_ name: String, settings: JSON) async throws(CommandError) -> Origin
    func addChannel(_ name: String, _ wish: ChannelWish) async throws(CommandError) -> ChannelView
    func changeChannel(_ name: String, _ wish: ChannelWish) async throws(CommandError) -> ChannelView
    func removeChannel(_ name: String) async throws(CommandError)
    func enableChannel(_ name: String) async throws(CommandError) -> Resent
    func testChannel(_ name: String) async throws(CommandError) -> MessageID
    func testPayload(of name: String) async throws(CommandError) -> String
    func pendingMessages() async throws(CommandError) -> [MessageView]
    func resendDead(channel: String?) async throws(CommandError) -> Resent
    func discardDead(channel: String?) async throws(CommandError) -> Int

    func ping(
        _ target: PingTarget,
        _ ping: Ping,
        creating definition: CheckDefinition?,
        lasting duration: Span?
    ) async throws(CommandError) -> PingAnswer
    func hears(_ target: PingTarget) async throws(CommandError) -> Bool
    func take(
        _ pings: [PingArrival],
        answer: @escaping @Sendable ([Result<PingAnswer, CommandError>]) -> Void
    )
    func badge(key: String, word: String) async throws(CommandError) -> BadgeCount?
    func registerCheck(
        _ definition: CheckDefinition,
        scheduler: UInt32
    ) async throws(CommandError) -> CheckView
    func reviseCheck(
        _ check: CheckID,
        as caller: Caller,
        ifMatch: Sequence?,
        change: @escaping @Sendable (CheckDefinition) throws(CommandError) -> CheckDefinition
    ) async throws(CommandError) -> CheckView
    func removeCheck(_ check: CheckID, as caller: Caller, ifMatch: Sequence?) async throws(CommandError)
    func pauseCheck(_ check: CheckID, as caller: Caller) async throws(CommandError) -> CheckView
    func resumeCheck(_ check: CheckID, as caller: Caller) async throws(CommandError) -> CheckView
    func check(_ id: CheckID, as caller: Caller) async throws(CommandError) -> CheckView
    func checkOwners(after: CheckID) async throws(CommandError) -> [CheckID: UInt32]
    func checks(after: CheckID, limit: Int, as caller: Caller) async throws(CommandError) -> [CheckView]
    func pingKey(of scheduler: UInt32) async throws(CommandError) -> String?
    func renewPingKey(of scheduler: UInt32) async throws(CommandError) -> String

    func clock() async throws(CommandError) -> ClockState
    func drive(_ command: ClockCommand) async throws(CommandError) -> ClockState

    /// Everything up to now, durable and readable.
    func records() async throws(CommandError) -> any RecordSource
    /// What is durable at the moment of each reading, without asking the engine.
    var durableRecords: any RecordSource { get }
    /// Calls `watch` whenever more has become durable, on the engine's thread, with the last such record.
    func watchGrowth(_ watch: @escaping @Sendable (Sequence) -> Void)
    /// The folder as a whole and the last record that is durable, for what reads all of it. Nothing is
    /// removed from it until `releaseFolder`.
    func holdFolder() async throws(CommandError) -> HeldFolder
    func releaseFolder() async
    /// What `/-/metrics` and `/healthz` show.
    func figures() async throws(CommandError) -> Figures
}

/// The journal's files, as they are now or later.
package struct HeldFolder: Sendable {
    package var inspection: Inspection
    package var disk: any Disk
    package var durable: Sequence
    package var limits: JournalLimits
}

/// The state of the server in numbers.
package struct Figures: Sendable {
    package var sequence: Sequence
    package var jobs: Int
    package var openRuns: Int
    /// How long the earliest due thing has been waiting for the engine.
    package var behind: Span
    /// The disk has no room for new promises.
    package var isStorageFull: Bool
    package var metrics: [Metric]

    package init(
        sequence: Sequence,
        jobs: Int,
        openRuns: Int,
        behind: Span,
        isStorageFull: Bool,
        metrics: [Metric]
    ) {
        self.sequence = sequence
        self.jobs = jobs
        self.openRuns = openRuns
        self.behind = behind
        self.isStorageFull = isStorageFull
        self.metrics = metrics
    }
}

/// The journal as a reader of history sees it. Reading touches the disk, so it happens off the event loops
/// (`Site.read`).
package protocol RecordSource: Sendable {
    /// Visits records in order, beginning with this sequence: one job's, or all. The body returns false to
    /// stop.
    ///
    /// - Parameter newest: where the job's newest record is (`JobEntry.newest`), which may spare going
    ///   through everything; `.none` when that is not known.
    func scan(from: Sequence, job: JobID?, newest: Position, _ body: (Entry) throws -> Bool) throws
    /// Visits a job's records from the newest back, until the body returns false.
    func scanBack(from newest: Position, of job: JobID, _ body: (Entry) throws -> Bool) throws
    /// One record; nil when there is none, or none any more.
    func find(_ sequence: Sequence) throws -> Entry?
    /// Where a scan has to begin so that it meets every record of this time and later.
    func sequence(firstAtOrAfter time: Timestamp) throws -> Sequence
    /// What is older than this is gone.
    var historyStart: HistoryStart { get }
}

extension RecordSource {
    /// Where a job's history begins: what retention left, and of that what the job wants to show
    /// (`history_age`, `history_runs`, `history_bytes`).
    func historyStart(of job: JobView, now: Timestamp) throws -> HistoryStart {
        var start = historyStart
        let policy = job.definition.history
        if policy.age > .zero, now - policy.age > start.time {
            let time = now - policy.age
            start = HistoryStart(sequence: try sequence(firstAtOrAfter: time), time: time)
        }
        guard policy.runs > 0 || policy.bodyBytesMax > 0 else { return start }
        var (runs, bodyBytes) = (UInt32(0), UInt64(0))
        /// The oldest run that is still within both bounds.
        var oldest: HistoryStart?
        var isWhole = true
        try scanBack(from: job.entry.newest, of: job.id) { entry in
            bodyBytes += UInt64(entry.record.bodyBytes)
            isWhole = oldest == nil || policy.bodyBytesMax == 0 || bodyBytes <= policy.bodyBytesMax
            guard isWhole else { return false }
            guard let run = RunHistory(opening: entry) else { return entry.time >= start.time }
            runs += 1
            oldest = HistoryStart(sequence: entry.sequence, time: run.scheduledAt)
            isWhole = runs != policy.runs
            return isWhole
        }
        if !isWhole, let oldest, oldest.time > start.time { start = oldest }
        return start
    }

    /// Somebody goes on after a record that is gone, and would miss others without knowing. Zero stands for
    /// "from wherever it begins".
    func refuseGone(_ since: Sequence) throws {
        let start = historyStart
        if since > .zero, since.next < start.sequence { throw Problem.historyGone(before: start) }
    }

    func scan(from: Sequence, job: JobID? = nil, _ body: (Entry) throws -> Bool) throws {
        try scan(from: from, job: job, newest: .none, body)
    }

    /// All records of a job that is at hand.
    func scan(_ job: JobView, from: Sequence = Sequence(1), _ body: (Entry) throws -> Bool) throws {
        try scan(from: from, job: job.id, newest: job.entry.newest, body)
    }
}

extension Record {
    /// Bytes of an answer's body that it keeps.
    fileprivate var bodyBytes: Int {
        switch self {
        case .attemptFailed(let record): record.report.body.count
        case .runClosed(let record): record.report.body.count
        default: 0
        }
    }
}

/// One family of Prometheus samples.
package struct Metric: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package var name: String
    package var kind: Kind
    package var help: String
    package var samples: [Sample]

    package struct Sample: Sendable, Hashable {
        /// Appended to the family's name: `_bucket`, `_sum`, `_count`.
        package var suffix: String
        package var labels: [Label]
        package var value: Double

        package init(_ value: Double, labels: [Label] = [], suffix: String = "") {
            self.value = value
            self.labels = labels
            self.suffix = suffix
        }
    }

    package struct Label: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }
}
