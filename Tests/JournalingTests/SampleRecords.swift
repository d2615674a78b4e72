import Cron
import Domain
import Testing

@testable import Journaling

/// One record of every kind with every field set, and some with as little as possible.
struct SampleRecord: Sendable, CustomTestStringConvertible {
    var name: String
    var entry: Entry
    var testDescription: String { name }

    init(_ name: String, _ record: Record, time: Timestamp = now) {
        self.name = name
        entry = Entry(sequence: Sequence(100), time: time, account: 3, visibility: .account, record: record)
    }

    static let now = Timestamp(microseconds: 1_767_225_600_123_456)
    static let noon = Timestamp(seconds: 1_767_225_600)

    static let all: [SampleRecord] = full + sparse

    static let full: [SampleRecord] =
        basics + alerts + checks + blackouts + accounts + sources + reactions + tokens

    private static let basics: [SampleRecord] = [
        SampleRecord(
            "folderFounded",
            .folderFounded(FolderFounded(storeID: Array(0..<16), zoneVersion: "2026a", keyID: 0xdead_beef))
        ),
        SampleRecord(
            "schedulerRegistered",
            .schedulerRegistered(
                SchedulerRegistered(
                    number: 2,
                    account: 3,
                    name: "nightly",
                    username: "u-é",
                    salt: [1, 2],
                    passwordHash: [9, 8, 7]
                )
            )
        ),
        SampleRecord("schedulerRemoved", .schedulerRemoved(SchedulerRemoved(number: 2))),
        SampleRecord(
            "zoneAdopted",
            .zoneAdopted(
                ZoneAdopted(name: "Europe/London", version: "2026a", bytes: [0x54, 0x5a, 0x69, 0x66])
            )
        ),
        SampleRecord(
            "jobRegistered",
            .jobRegistered(
                JobRegistered(
                    job: job,
                    scheduler: 2,
                    definition: definition.packed(),
                    cursor: now,
                    next: noon + .hours(1)
                )
            )
        ),
        SampleRecord(
            "jobRevised",
            .jobRevised(
                JobRevised(job: job, revision: 2, definition: [1, 2, 3], cursor: noon, next: .distantFuture)
            )
        ),
        SampleRecord("jobRemoved", .jobRemoved(JobRemoved(job: job))),
        SampleRecord(
            "jobPaused",
            .jobPaused(JobPaused(job: job, since: now, until: now + .days(2), reason: "release"))
        ),
        SampleRecord("jobResumed", .jobResumed(JobResumed(job: job, next: noon + .minutes(5)))),
        SampleRecord("jobFinished", .jobFinished(JobFinished(job: job))),
        SampleRecord(
            "slotDecided",
            .slotDecided(
                SlotDecided(
                    job: job,
                    revision: 4,
                    slot: slot(line: 1, at: noon - .hours(2), offset: -18000, fold: 1),
                    reason: .caughtUp,
                    cursor: noon,
                    next: noon + .milliseconds(2500)
                )
            )
        ),
        SampleRecord(
            "slotsDecided",
            .slotsDecided(
                SlotsDecided(
                    job: job,
                    revision: 4,
                    first: slot(line: 1, at: noon - .hours(9), offset: 3600, fold: 0),
                    last: slot(line: 1, at: noon - .hours(1), offset: 7200, fold: 1),
                    count: 9,
                    result: .coalesced,
                    reason: .catchupChoseAnother,
                    into: slot(line: 2, at: noon, offset: 0, fold: 0),
                    cursor: noon,
                    next: noon + .hours(1)
                )
            )
        ),
        SampleRecord(
            "slotsDecided-blackout",
            .slotsDecided(
                SlotsDecided(
                    job: job,
                    revision: 1,
                    first: slot(line: 0, at: noon, offset: 0, fold: 0),
                    last: slot(line: 0, at: noon + .hours(2), offset: 0, fold: 0),
                    count: 3,
                    result: .excluded,
                    reason: .blackout,
                    blackout: "holidays",
                    cursor: noon + .hours(2),
                    next: noon + .hours(3)
                )
            )
        ),
        SampleRecord(
            "slotQueued",
            .slotQueued(
                SlotQueued(
                    job: job,
                    revision: 2,
                    slot: slot(line: 0, at: noon, offset: 3600, fold: 0),
                    cursor: noon,
                    next: noon + .hours(1)
                )
            )
        ),
        SampleRecord(
            "runOpened",
            .runOpened(
                RunOpened(
                    job: job,
                    revision: 2,
                    trigger: .released,
                    scheduledAt: noon - .days(1),
                    slot: slot(line: 3, at: noon - .days(1), offset: 3600, fold: 1)
                )
            )
        ),
        SampleRecord(
            "attemptFailed",
            .attemptFailed(
                AttemptFailed(job: job, run: Sequence(40), report: report, retryAt: now + .seconds(5))
            )
        ),
        SampleRecord(
            "attemptIntended",
            .attemptIntended(AttemptIntended(job: job, run: Sequence(40), n: 2))
        ),
        SampleRecord(
            "runClosed",
            .runClosed(RunClosed(job: job, run: Sequence(40), result: .failed, report: report))
        ),
        SampleRecord("folderRestored", .folderRestored(FolderRestored(sequence: Sequence(42), time: noon))),
        SampleRecord("clockStepped", .clockStepped(ClockStepped(from: now, to: noon - .hours(3)))),
        SampleRecord(
            "jobFellBehind",
            .jobFellBehind(
                JobFellBehind(job: job, skips: 3, p50: .seconds(7), p95: .seconds(9), period: .seconds(4))
            )
        ),
    ]

    static let sparse: [SampleRecord] = [
        SampleRecord(
            "jobRegistered-never",
            .jobRegistered(
                JobRegistered(
                    job: job,
                    scheduler: 0,
                    definition: [],
                    cursor: .distantPast,
                    next: .distantFuture
                )
            )
        ),
        SampleRecord("jobPaused-open", .jobPaused(JobPaused(job: job, since: now, until: nil, reason: ""))),
        SampleRecord(
            "jobPaused-instantly",
            .jobPaused(JobPaused(job: job, since: now, until: now, reason: ""))
        ),
        SampleRecord(
            "slotDecided-usual",
            .slotDecided(
                SlotDecided(
                    job: job,
                    revision: 1,
                    slot: slot(line: 0, at: noon, offset: 0, fold: 0),
                    reason: .due,
                    cursor: noon,
                    next: noon + .minutes(5)
                )
            )
        ),
        SampleRecord(
            "slotsDecided-one",
            .slotsDecided(
                SlotsDecided(
                    job: job,
                    revision: 1,
                    first: slot(line: 0, at: noon, offset: 0, fold: 0),
                    last: slot(line: 0, at: noon, offset: 0, fold: 0),
                    count: 1,
                    result: .overlapSkipped,
                    reason: .runOpen,
                    cursor: noon,
                    next: noon + .minutes(5)
                )
            )
        ),
        SampleRecord(
            "runOpened-manual",
            .runOpened(RunOpened(job: job, revision: 1, trigger: .manual, scheduledAt: now))
        ),
        SampleRecord(
            "runClosed-ok",
            .runClosed(
                RunClosed(job: job, run: Sequence(99), result: .ok, report: AttemptReport(n: 1, status: 200))
            )
        ),
        SampleRecord(
            "clockStepped-before-1970",
            .clockStepped(
                ClockStepped(
                    from: Timestamp(microseconds: -1),
                    to: Timestamp(microseconds: -62_135_596_800_000_001)
                )
            ),
            time: Timestamp(microseconds: -1)
        ),
        SampleRecord(
            "clockStepped-far",
            .clockStepped(ClockStepped(from: .distantPast, to: .distantFuture)),
            time: .distantFuture
        ),
    ]

    static let job = JobID(7)

    static func slot(line: UInt8, at instant: Timestamp, offset: Int64, fold: UInt8) -> Slot {
        Slot(
            line: line,
            instant: instant,
            local: LocalDateTime(seconds: instant.seconds + offset),
            fold: fold
        )
    }

    static let definition: JobDefinition = {
        var target = URLTarget(isTLS: true, host: "example.org", port: 443, path: "/hook")
        target.query = Sealed(keyID: 0xdead_beef, bytes: [1, 2, 3])
        target.queryMask = "token=***"
        target.userInfo = Sealed(keyID: 0xdead_beef, bytes: [4, 5])
        target.user = "me"
        var callback = Callback(target: .url(target))
        callback.headers = [SealedHeader(name: "X-Key", value: Sealed(keyID: 1, bytes: [6]))]
        callback.body = .sealed(Sealed(keyID: 0xdead_beef, bytes: [7, 8, 9]))
        var definition = JobDefinition(callback: callback, schedule: ["*/5 * * * *", "0 0 1 1 *"])
        definition.name = "report"
        definition.zone = "Europe/London"
        definition.dst = .once
        definition.retry.retries = 4
        definition.success.statuses = [200...204, 409...409]
        definition.overlap.mode = .queueAll
        definition.runsMax = 3
        return definition
    }()

    static let report: AttemptReport = {
        var timings = Timings()
        timings.name = 10
        timings.connect = 20
        timings.tls = 30
        timings.firstByte = 40
        timings.total = 50_000
        return AttemptReport(
            n: 3,
            status: 503,
            failure: Failure(.status, "answered 503"),
            address: "192.0.2.7",
            timings: timings,
            body: [0xff, 0x00, 0x41],
            isTruncated: true
        )
    }()
}
