internal import Cron
package import Domain
internal import Integrations
internal import Journaling
internal import Scheduling

/// Figures that the flow keeps of itself. They are counted from the start of the process and are not
/// journaled.
package struct FlowMetrics: Sendable {
    /// From a slot's instant to the record of its intent.
    package var lateness = Histogram()
    /// From the first byte written to the last byte read, by the wire's clock.
    package var callDuration = Histogram()
    /// Runs closed, by result.
    package var closed: [SlotResult: UInt64] = [:]
    /// Failed attempts, by kind.
    package var failures: [FailureKind: UInt64] = [:]
    package var attempts: UInt64 = 0
    /// Attempts to tell, by channel and how they ended.
    package var told: [String: MessageCounts] = [:]
    /// Jobs whose definition this build cannot compile, and why.
    package var uncompiled: [JobID: String] = [:]
    /// Watched streams as they stand at the moment of asking.
    package var streams: [SourceView] = []

    mutating func note(_ report: AttemptReport) {
        attempts += 1
        callDuration.add(Span(microseconds: Int64(report.timings.total)))
        if let failure = report.failure { failures[failure.kind, default: 0] += 1 }
    }

    mutating func note(_ verdict: ChannelVerdict, of channel: String) {
        switch verdict.ending {
        case .needless: break
        case .delivered: told[channel, default: MessageCounts()].delivered += 1
        case .retry: told[channel, default: MessageCounts()].failed += 1
        case .dead, .broken: told[channel, default: MessageCounts()].dead += 1
        }
    }

    mutating func count(_ result: SlotResult) {
        closed[result, default: 0] += 1
    }
}

/// How attempts to tell one channel ended.
package struct MessageCounts: Sendable, Equatable {
    package var delivered: UInt64 = 0
    /// To be tried again.
    package var failed: UInt64 = 0
    package var dead: UInt64 = 0
}

/// Counts by fixed upper bounds, as Prometheus wants them.
package struct Histogram: Sendable {
    /// Upper bounds in microseconds; a last bucket has none.
    package static let bounds: [Int64] = [
        1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000, 60_000_000,
    ]
    package private(set) var counts = [UInt64](repeating: 0, count: Histogram.bounds.count + 1)
    package private(set) var sumMicroseconds: Int64 = 0

    package init() {}

    package var count: UInt64 { counts.reduce(0, +) }

    package mutating func add(_ span: Span) {
        let value = max(span.microseconds, 0)
        sumMicroseconds &+= value
        var index = 0
        while index < Self.bounds.count, value > Self.bounds[index] { index += 1 }
        counts[index] += 1
    }
}

/// What `/healthz` and `/-/metrics` show.
package struct EngineStatus: Sendable {
    package var now: Timestamp
    package var sequence: Sequence
    package var jobs: Int
    package var openRuns: Int
    package var callsInFlight: Int
    package var waitingForLimits: Int
    package var alarms: Int
    /// How long the earliest alarm has been due; zero when none is.
    package var behind: Span
    package var alertsOpen: Int
    /// Messages that have not arrived, by channel.
    package var waiting: [String: Int]
    package var dead: [String: Int]
    package var broken: [String]
    /// nil when nobody listens.
    package var heartbeat: HeartbeatCounts?
    package var flow: FlowMetrics
    package var journal: JournalMetrics
    /// The disk has no room for new promises; what was promised goes on.
    package var isStorageFull: Bool
    package var zoneVersion: String
}

/// Figures of the journal's writer.
package struct JournalMetrics: Sendable {
    /// Time of one write and fdatasync.
    package var flush = Histogram()
    package var frames: UInt64 = 0
    package var records: UInt64 = 0
    package init() {}
}

extension EngineLoop {
    func status(now: Timestamp) -> EngineStatus {
        EngineStatus(
            now: now,
            sequence: flow.ledger.sequence,
            jobs: flow.ledger.jobs.live,
            openRuns: flow.ledger.openRuns.count,
            callsInFlight: flow.flights.count,
            waitingForLimits: flow.limits.waitingCount,
            alarms: flow.timetable.count,
            behind: flow.timetable.next < now ? now - flow.timetable.next : .zero,
            alertsOpen: flow.ledger.alerts.open.count,
            waiting: flow.messages { !$0.isDead },
            dead: flow.messages(where: \.isDead),
            broken: flow.channelViews(now: now).filter { $0.state.brokenBecause != nil }.map(\.name),
            heartbeat: heartbeat?.counts,
            flow: flow.figures,
            journal: journalMetrics,
            isStorageFull: journal.room != .plenty,
            zoneVersion: flow.settings.zones.version
        )
    }
}
