/// What the ledger keeps of a job at hand: its hot state, apart from the packed definition (one allocation).
package struct JobEntry: Sendable, Hashable {
    /// nil once the job is removed; its number is never used again.
    package var definition: [UInt8]?
    /// The last record about it: the object's ETag.
    package var sequence: Sequence
    package var registeredAt: Timestamp
    /// Every slot up to and including this instant is decided or queued. Never goes back.
    package var cursor: Timestamp
    /// The next slot's instant; `distantFuture` when there is none.
    package var next: Timestamp
    /// Where the journal has the newest record about this job: the head of its chain.
    package var newest: Position
    /// The newest open run, zero when none is open; further ones are in `Ledger.openRunsBeyondOne`.
    package var openRun: RunID
    package var scheduler: UInt32
    package var revision: UInt32
    /// Runs of slots closed, for `max_runs`.
    package var slotRunsClosed: UInt32
    package var runsClosed: UInt32
    package var runsOK: UInt32
    /// Of runs from opening to end, retries and waits included.
    package var durations: DurationQuantiles
    package var openRuns: UInt16
    package var queuedSlots: UInt16
    /// Slots skipped by overlap since the last one that ran; three in a row mean it is falling behind.
    package var skipsInARow: UInt8
    package var state: JobState
    package var lastResult: SlotResult?

    package init(registered record: JobRegistered, sequence: Sequence, at now: Timestamp) {
        definition = record.definition
        self.sequence = sequence
        registeredAt = now
        cursor = record.cursor
        next = record.next
        newest = .none
        openRun = .zero
        scheduler = record.scheduler
        revision = 1
        slotRunsClosed = 0
        runsClosed = 0
        runsOK = 0
        durations = DurationQuantiles()
        openRuns = 0
        queuedSlots = 0
        skipsInARow = 0
        state = .active
        lastResult = nil
    }
}

package enum JobState: UInt8, Sendable {
    case active = 0
    case paused = 1
    case finished = 2
    case removed = 3

    package var word: String {
        switch self {
        case .active: "active"
        case .paused: "paused"
        case .finished: "finished"
        case .removed: "removed"
        }
    }
}

/// A run between its opening record and its closing one.
package struct OpenRun: Sendable, Hashable {
    package var job: JobID
    package var revision: UInt32
    package var trigger: RunTrigger
    package var slot: Slot?
    /// The slot's instant, or the moment of the request.
    package var scheduledAt: Timestamp
    package var openedAt: Timestamp
    /// The attempt under way, or the last one made while `retryAt` waits.
    package var attempt: UInt16
    /// When the next attempt is due; nil while one is in flight.
    package var retryAt: Timestamp?

    package init(
        job: JobID,
        revision: UInt32,
        trigger: RunTrigger,
        slot: Slot?,
        scheduledAt: Timestamp,
        openedAt: Timestamp
    ) {
        self.job = job
        self.revision = revision
        self.trigger = trigger
        self.slot = slot
        self.scheduledAt = scheduledAt
        self.openedAt = openedAt
        attempt = 1
        retryAt = nil
    }
}

/// Jobs by number, in copy-on-write pages: a snapshot costs one copy of the outer array, and a write after it
/// copies one page of 64 entries.
package struct JobTable: Sendable {
    package static let pageShift = 6
    private static let pageMask = (1 << pageShift) - 1
    private var pages: [[JobEntry]] = []
    /// Numbers given out so far; the next job gets `count + 1`.
    package private(set) var count = 0
    /// Jobs not removed.
    package private(set) var live = 0

    package init() {}

    package func contains(_ id: JobID) -> Bool {
        id.number >= 1 && Int(id.number) <= count
    }

    /// Reads or changes an entry in place. The job must have been registered.
    package subscript(_ id: JobID) -> JobEntry {
        @inline(__always)
        _read {
            let index = Int(id.number) - 1
            yield pages[index >> Self.pageShift][index & Self.pageMask]
        }
        @inline(__always)
        _modify {
            let index = Int(id.number) - 1
            yield &pages[index >> Self.pageShift][index & Self.pageMask]
        }
    }

    package mutating func append(_ entry: JobEntry) {
        if count & Self.pageMask == 0 {
            var page: [JobEntry] = []
            page.reserveCapacity(count == 0 ? 1 : Self.pageMask + 1)
            pages.append(page)
        }
        pages[count >> Self.pageShift].append(entry)
        count += 1
        if entry.state != .removed { live += 1 }
    }

    package mutating func remove(_ id: JobID) {
        self[id].definition = nil
        self[id].state = .removed
        self[id].next = .distantFuture
        live -= 1
    }

    /// Every number given out, removed jobs included.
    package var ids: some Swift.Sequence<JobID> {
        (0..<count).lazy.map { JobID(UInt32($0 + 1)) }
    }
}
