internal import Cron
internal import Dispatching
package import Domain
package import Effects
internal import Integrations
internal import Scheduling

// From a recovered ledger to a flow that goes on where it stopped.
extension Flow {
    /// - Parameter ledger: what the journal holds.
    package init(
        ledger: Ledger,
        keys: KeyRing,
        entropy: any Entropy,
        settings: FlowSettings
    ) {
        self.ledger = ledger
        self.settings = settings
        sender = settings.sender
        self.keys = keys
        self.entropy = entropy
        plans = Plans(database: settings.zones)
        limits = Limits(parallelDefault: settings.targetParallel)
        courier = Courier(keys: keys, userAgent: settings.userAgent)
    }

    /// Takes up the work: founds an empty folder, sets every alarm, decides what became of calls that were
    /// out when the process stopped, and opens the runs of `@reboot` jobs.
    package mutating func start(now: Timestamp) {
        startedAt = now
        let stoppedAt = ledger.lastTime
        if ledger.storeID.isEmpty { found(now: now) }
        adoptZones(now: now)
        var alarms: [(JobID, Timestamp)] = []
        alarms.reserveCapacity(ledger.jobs.count)
        for job in ledger.jobs.ids where ledger.jobs[job].state == .active {
            // Jitter is added when the alarm rings: it is not worth compiling every plan now.
            alarms.append((job, ledger.jobs[job].next))
        }
        timetable.fill(alarms)
        for (job, pause) in ledger.pauses {
            if let until = pause.until { timetable.set(.resume(job), at: until) }
        }
        takeUpBlackouts(now: now)
        sender.signingSeeds = keys.signingSeeds(storeID: ledger.storeID).compactMap { SigningSeed($0) }
        gatherChannels()
        if case .sentry(let sentry) = settings.channels["sentry"] {
            checkIns = CheckIns(SentryMonitors(sentry, from: sender))
        }
        takeUpMessages(now: now)
        takeUpChecks(stoppedAt: stoppedAt, now: now)
        attendAll(now: now)
        takeUpSources(now: now)
        takeUpPosts(now: now)
        takeUpTriggers(now: now)
        takeUpRuns(now: now)
        for job in ledger.jobs.ids where ledger.jobs[job].state == .active && hasRebootLine(job) {
            _ = openRun(job, .reboot, now: now)
        }
        for job in ledger.queued.keys.sorted() where ledger.jobs[job].openRuns == 0 {
            decideQueued(job, now: now)
        }
    }

    /// The first records of a folder: its identity and the default scheduler.
    private mutating func found(now: Timestamp) {
        write(
            .folderFounded(
                FolderFounded(
                    storeID: entropy.bytes(16),
                    zoneVersion: settings.zones.version,
                    keyID: keys.currentID
                )
            ),
            now
        )
    }

    /// Zones in use keep the rules the journal has; newer rules in this build are adopted from now on, and
    /// the jobs they move get their next slot anew.
    private mutating func adoptZones(now: Timestamp) {
        var changed: Set<String> = []
        for (name, zone) in ledger.zones.sorted(by: { $0.key < $1.key }) {
            if zone.version != settings.zones.version, let bytes = settings.zones.bytes(named: name) {
                if bytes != zone.bytes { changed.insert(name) }
                adopt(ZoneAdopted(name: name, version: settings.zones.version, bytes: bytes), now: now)
            } else {
                try? plans.adopt(zone)
            }
        }
        guard !changed.isEmpty else { return }
        for job in ledger.jobs.ids where ledger.jobs[job].state == .active {
            guard let definition = ledger.definition(of: job), changed.contains(definition.zone),
                let plan = plan(of: job)
            else { continue }
            let entry = ledger.jobs[job]
            write(
                .jobRevised(
                    JobRevised(
                        job: job,
                        revision: entry.revision + 1,
                        definition: definition.packed(),
                        cursor: entry.cursor,
                        next: plan.next(after: entry.cursor)
                    )
                ),
                now
            )
        }
    }

    /// Makes sure the journal has a zone's rules before a job uses them.
    mutating func adopt(_ zone: ZoneAdopted, now: Timestamp) {
        write(.zoneAdopted(zone), now)
        try? plans.adopt(zone)
    }

    /// A call whose outcome was never recorded is `unknown`; the job's `on_unknown` says what follows.
    private mutating func takeUpRuns(now: Timestamp) {
        for (id, run) in ledger.openRuns.sorted(by: { $0.key < $1.key }) {
            if let definition = courier.prepare(run.job, ledger)?.definition { watch(id, run, definition) }
            if let awaited = ledger.awaited[id] {
                timetable.set(.runDeadline(id), at: max(awaited.until, now + Self.completionGrace))
                continue
            }
            if let retryAt = run.retryAt {
                timetable.set(.retry(id), at: retryAt)
                continue
            }
            let report = AttemptReport(
                n: run.attempt,
                failure: Failure(
                    .unknown,
                    "Chronatog stopped before the outcome of attempt \(run.attempt) was recorded"
                )
            )
            switch courier.prepare(run.job, ledger)?.definition.onUnknown ?? .fail {
            case .retry:
                write(.attemptFailed(AttemptFailed(job: run.job, run: id, report: report, retryAt: now)), now)
                timetable.set(.retry(id), at: now)
            case .hold: close(id, run, as: .unknownHeld, report, now: now)
            case .fail: close(id, run, as: .failed, report, now: now)
            }
        }
    }

    private func hasRebootLine(_ job: JobID) -> Bool {
        guard let packed = ledger.jobs[job].definition else { return false }
        let word = Array("@reboot".utf8)
        guard packed.count >= word.count else { return false }
        for start in 0...(packed.count - word.count) where packed[start] == word[0] {
            if packed[start..<(start + word.count)].elementsEqual(word) { return true }
        }
        return false
    }
}
