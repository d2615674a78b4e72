import Cron
import Domain

/// The runs that a change of jobs adds and takes away in the time to come.
struct RunForecast: Equatable {
    struct Row: Equatable {
        var name: String
        /// Seconds since 1970, ascending.
        var gained: [Int64]
        var lost: [Int64]
    }

    let from: Instant
    let to: Instant
    private(set) var rows: [Row] = []

    static let seconds: Int64 = 86_400

    init(from: Instant) {
        self.from = from
        to = Instant(seconds: from.seconds + Self.seconds)
    }

    var gained: Int { rows.reduce(0) { $0 + $1.gained.count } }
    var lost: Int { rows.reduce(0) { $0 + $1.lost.count } }

    /// Notes what becomes of one job; nil is a job that is not there. Both as the server shows jobs.
    mutating func add(_ name: String, old: JSON?, new: JSON?) {
        let (before, after) = (instants(of: old), instants(of: new))
        guard before != after else { return }
        let row = Row(
            name: name,
            gained: after.subtracting(before).sorted(),
            lost: before.subtracting(after).sorted()
        )
        rows.append(row)
    }

    /// A paused or finished job runs at no time.
    private func instants(of job: JSON?) -> Set<Int64> {
        guard let job, job["state"]?.string == "active",
            let zone = try? ZoneDatabase.embedded.zone(named: job.plain("zone")),
            let dst = DSTPolicy(rawValue: job.plain("dst"))
        else { return [] }
        let lines = job["schedule"]?.array?.compactMap(\.string) ?? [job.plain("schedule")]
        let start = job["start"]?.string.flatMap { Instant(rfc3339: $0) }
        let end = job["end"]?.string.flatMap { Instant(rfc3339: $0) }
        let anchor = start ?? job["created_at"]?.string.flatMap { Instant(rfc3339: $0) } ?? from
        let last = min(end ?? to, to)
        var found: Set<Int64> = []
        for line in lines {
            guard let schedule = try? Schedule(line, options: Self.options(of: job)) else { continue }
            let recurrence = Recurrence(schedule, zone: zone, dst: dst, anchor: anchor)
            // `start` is inclusive.
            var cursor = max(from, start.map { Instant(seconds: $0.seconds - 1) } ?? from)
            while let next = recurrence.nextRun(after: cursor), next < last {
                found.insert(next.seconds)
                cursor = next
            }
        }
        return found
    }

    /// `H` is seeded by the job's number.
    private static func options(of job: JSON) -> ScheduleOptions {
        ScheduleOptions(
            dialect: job["dialect"]?.string.flatMap { Dialect(rawValue: $0) },
            dayMatch: job["day_match"]?.string.flatMap { DayMatch(rawValue: $0) } ?? .or,
            seed: UInt64(job.plain("id")) ?? 0
        )
    }
}
