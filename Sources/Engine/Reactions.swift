internal import Dispatching
internal import Domain
internal import Effects

/// What is derived from the ledger's triggers and steps, and kept beside it.
struct Reactions: Sendable {
    /// Jobs that hear of a stream, by its name.
    private(set) var jobs: [String: Set<JobID>] = [:]
    /// Steps under way, by run.
    var walks: [RunID: Walking] = [:]
    /// Runs of a job whose steps are under way, in order: what they say is said in that order.
    var lines: [JobID: [RunID]] = [:]
    /// What is being looked up.
    var fetches: [UInt64: Fetching] = [:]
    private var fetchesEver: UInt64 = 0
    private var windows: [WindowKey: Window] = [:]

    /// Runs of one job that may be open when another is to be started.
    static let openRunsMax = 1000
    private static let fetchMark: UInt64 = 1 << 60

    struct Walking: Sendable {
        var flight: UInt64
        var walk: StepWalk
        var isDone = false
    }

    struct Fetching: Sendable {
        var run: RunID
        var call: Call
    }

    private struct WindowKey: Hashable, Sendable {
        var job: JobID
        var source: String
        var on: SourceHappening.Kind
    }

    /// A minute of one trigger.
    private struct Window: Sendable {
        var minute: Int64
        var starts: UInt32 = 0
        var isRefusing = false
        /// Refused and not told of yet.
        var untold: UInt64 = 0
    }

    mutating func set(_ triggers: [StreamTrigger], of job: JobID) {
        if !jobs.isEmpty {
            for name in Array(jobs.keys) where jobs[name]?.remove(job) != nil {
                if jobs[name]?.isEmpty == true { jobs[name] = nil }
            }
            for key in Array(windows.keys) where key.job == job { windows[key] = nil }
        }
        for trigger in triggers { jobs[trigger.source, default: []].insert(job) }
    }

    /// A number for a fetch that no other call has.
    mutating func nextFetch() -> UInt64 {
        fetchesEver += 1
        return Self.fetchMark | fetchesEver
    }

    static func isFetch(_ id: UInt64) -> Bool { id >> 60 == 1 }

    /// Counts a start; false when the trigger has had its share of this minute.
    mutating func takeStart(_ job: JobID, _ trigger: StreamTrigger, now: Timestamp) -> Bool {
        let key = WindowKey(job: job, source: trigger.source, on: trigger.on)
        var window = window(key, now)
        defer { windows[key] = window }
        guard window.starts < trigger.startsPerMinuteMax else { return false }
        window.starts += 1
        return true
    }

    /// Counts a refusal. Returns how many went untold before, when this is the one that is recorded.
    mutating func refuse(_ job: JobID, _ trigger: StreamTrigger, now: Timestamp) -> UInt64? {
        let key = WindowKey(job: job, source: trigger.source, on: trigger.on)
        var window = window(key, now)
        defer { windows[key] = window }
        if window.isRefusing {
            window.untold += 1
            return nil
        }
        window.isRefusing = true
        defer { window.untold = 0 }
        return window.untold
    }

    private func window(_ key: WindowKey, _ now: Timestamp) -> Window {
        let minute = now.seconds / 60
        guard let known = windows[key] else { return Window(minute: minute) }
        return known.minute == minute ? known : Window(minute: minute, untold: known.untold)
    }
}
