package import Domain
internal import Streaming

/// A run as history tells it: opened once, tried a number of times, closed once or still open.
package struct RunHistory: Sendable, Hashable {
    package let id: RunID
    package let job: JobID
    package let slot: Slot?
    package let trigger: RunTrigger
    package let scheduledAt: Timestamp
    /// What the stream did that started it.
    package let cause: RunCause?
    package let startedAt: Timestamp
    package private(set) var endedAt: Timestamp?
    package private(set) var result: SlotResult?
    /// Attempts that are over.
    package private(set) var attempts: [AttemptReport] = []
    /// What its steps did.
    package private(set) var steps: [StepReport] = []
    /// When the next attempt is due, while one waits.
    package private(set) var retryAt: Timestamp?

    /// When it is given up, while it waits for its completion ping.
    package private(set) var awaitedUntil: Timestamp?

    /// nil unless the record opens a run.
    package init?(opening entry: Entry) {
        switch entry.record {
        case .slotDecided(let record):
            job = record.job
            slot = record.slot
            trigger = .slot
            scheduledAt = record.slot.instant
            cause = nil
        case .runOpened(let record):
            job = record.job
            slot = record.slot
            trigger = record.trigger
            scheduledAt = record.scheduledAt
            cause = record.cause
        default: return nil
        }
        id = entry.sequence
        startedAt = entry.time
    }

    /// A run that was opened this moment.
    package init(id: RunID, open run: OpenRun) {
        self.id = id
        job = run.job
        slot = run.slot
        trigger = run.trigger
        scheduledAt = run.scheduledAt
        startedAt = run.openedAt
        cause = nil
    }

    package var isOpen: Bool { result == nil }

    /// Takes a later record of this run; others are ignored.
    package mutating func add(_ entry: Entry) {
        switch entry.record {
        case .attemptFailed(let record) where record.run == id:
            attempts.append(record.report)
            retryAt = record.retryAt
        case .attemptIntended(let record) where record.run == id: retryAt = nil
        case .runAwaited(let record) where record.run == id:
            attempts.append(record.report)
            awaitedUntil = record.until
        case .runClosed(let record) where record.run == id:
            // What was awaited is the attempt that the end reports.
            if awaitedUntil != nil, attempts.last?.n == record.report.n { attempts.removeLast() }
            awaitedUntil = nil
            // A run that was cancelled between two attempts closes without a new one.
            let isRepeated = attempts.last.map { $0.n >= record.report.n } ?? false
            if !isRepeated, record.report.n > 0 { attempts.append(record.report) }
            result = record.result
            steps = record.steps
            endedAt = entry.time
            retryAt = nil
        default: break
        }
    }

    /// Which run a record belongs to.
    package static func run(of entry: Entry) -> RunID? {
        switch entry.record {
        case .slotDecided, .runOpened: entry.sequence
        case .attemptFailed(let record): record.run
        case .attemptIntended(let record): record.run
        case .runClosed(let record): record.run
        case .runAwaited(let record): record.run
        default: nil
        }
    }

    package var json: JSON {
        var members = [
            JSON.Member("id", .string("\(id)")),
            JSON.Member("job", .string("\(job)")),
            JSON.Member("slot", slot.map { .string($0.name(of: job)) } ?? .null),
            JSON.Member("trigger", .string(trigger.word)),
            JSON.Member("scheduled_at", scheduledAt.json),
            JSON.Member("started_at", startedAt.json),
            JSON.Member("ended_at", endedAt?.json ?? .null),
            JSON.Member("result", result.map { .string($0.word) } ?? .null),
            JSON.Member("failure", (result == .ok ? nil : attempts.last?.failure?.json) ?? .null),
            JSON.Member("attempts", .array(attempts.map(Self.json))),
        ]
        if let retryAt { members.append(JSON.Member("retry_at", retryAt.json)) }
        if let awaitedUntil { members.append(JSON.Member("awaited_until", awaitedUntil.json)) }
        if let cause { members.append(JSON.Member("cause", cause.json)) }
        if !steps.isEmpty { members.append(JSON.Member("steps", .array(steps.map(\.json)))) }
        return .object(members)
    }

    private static func json(_ report: AttemptReport) -> JSON {
        let timings = report.timings
        let phases: [(String, UInt32)] = [
            ("name", timings.name), ("connect", timings.connect), ("tls", timings.tls),
            ("first_byte", timings.firstByte), ("total", timings.total),
        ]
        return .object([
            JSON.Member("n", .number(Int64(report.n))),
            JSON.Member("status", report.status == 0 ? .null : .number(Int64(report.status))),
            JSON.Member("address", report.address.isEmpty ? .null : .string(report.address)),
            JSON.Member("timings_us", .object(phases.map { JSON.Member($0.0, .number(Int64($0.1))) })),
            JSON.Member("failure", report.failure?.json ?? .null),
            JSON.Member(
                "body",
                report.body.isEmpty ? .null : .string(String(decoding: report.body, as: UTF8.self))
            ),
            JSON.Member("truncated", .bool(report.isTruncated)),
        ])
    }
}

/// Some consecutive runs of a job, folded in one pass over its records; holds no more runs than asked for.
package struct RunList: Sendable {
    private let limit: Int
    /// Keep the last ones instead of the first ones.
    private let isTail: Bool
    package private(set) var runs: [RunHistory] = []
    private var openCount = 0
    package private(set) var hasMore = false

    package init(limit: Int, isTail: Bool = false) {
        self.limit = limit
        self.isTail = isTail
    }

    /// Takes the next record. False: nothing that follows can change the answer.
    package mutating func add(_ entry: Entry) -> Bool {
        if let opened = RunHistory(opening: entry) {
            if runs.count < limit || isTail {
                runs.append(opened)
                openCount += 1
                // Half at a time, so that the list is not shifted for every run of a long history.
                if isTail, runs.count == limit * 2 { dropFirst(limit) }
            } else {
                hasMore = true
            }
        } else if let id = RunHistory.run(of: entry), let index = index(of: id) {
            runs[index].add(entry)
            if !runs[index].isOpen { openCount -= 1 }
        }
        return isTail || !hasMore || openCount > 0
    }

    /// What was asked for, once all records were seen.
    package var answer: [RunHistory] { isTail ? runs.suffix(limit) : runs }

    private mutating func dropFirst(_ count: Int) {
        openCount -= runs.prefix(count).count { $0.isOpen }
        runs.removeFirst(count)
    }

    private func index(of id: RunID) -> Int? {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < runs.count && runs[low].id == id ? low : nil
    }
}
