package import Domain

/// A job whose time has come, with everything that deciding its slots depends on.
package struct DueJob: Sendable {
    package var job: JobID
    package var plan: Plan
    package var revision: UInt32
    package var cursor: Timestamp
    package var now: Timestamp
    /// Runs that count as open under the job's `overlap_scope`.
    package var open: Int
    /// Slots already waiting behind them.
    package var queued: Int
    /// Runs of slots that are closed or open, for `max_runs`.
    package var slotRuns: Int
    /// Slots up to here are being caught up one at a time (`catchup=all`).
    package var catchingThrough: Timestamp?
    /// The slot that waited for a place and now has its turn; the misfire rules no longer apply to it.
    package var accepted: AcceptedSlot?
    /// The blackouts that the job is under; nil for most jobs.
    package var cover: BlackoutCover?

    package init(
        job: JobID,
        plan: Plan,
        revision: UInt32,
        cursor: Timestamp,
        now: Timestamp,
        open: Int = 0,
        queued: Int = 0,
        slotRuns: Int = 0,
        catchingThrough: Timestamp? = nil,
        accepted: AcceptedSlot? = nil,
        cover: BlackoutCover? = nil
    ) {
        self.job = job
        self.plan = plan
        self.revision = revision
        self.cursor = cursor
        self.now = now
        self.open = open
        self.queued = queued
        self.slotRuns = slotRuns
        self.catchingThrough = catchingThrough
        self.accepted = accepted
        self.cover = cover
    }
}

/// A slot that is to run as soon as its limit has room.
package struct AcceptedSlot: Sendable, Hashable {
    package var instant: Timestamp
    /// Misfired slots up to here go into it once it runs (`catchup=first`).
    package var coalesceThrough: Timestamp?
    package var reason: DecisionReason

    package init(instant: Timestamp, coalesceThrough: Timestamp? = nil, reason: DecisionReason = .afterLimit)
    {
        self.instant = instant
        self.coalesceThrough = coalesceThrough
        self.reason = reason
    }
}

/// What was decided about a job's due slots, in order. Everything in `steps` belongs in one frame.
package struct Decision: Sendable, Hashable {
    package var steps: [Step]
    /// Every slot up to here is decided or queued.
    package var cursor: Timestamp
    /// The first slot that is not.
    package var next: Timestamp
    /// Why the job is looked at again, and when.
    package var wait: Wait
    package var catchingThrough: Timestamp?

    package enum Step: Sendable, Hashable {
        case run(SlotDecided)
        case settle(SlotsDecided)
        case queue(SlotQueued)

        /// The same with where the job stands after it.
        func leading(to cursor: Timestamp, _ next: Timestamp) -> Step {
            switch self {
            case .run(var record):
                (record.cursor, record.next) = (cursor, next)
                return .run(record)
            case .settle(var record):
                (record.cursor, record.next) = (cursor, next)
                return .settle(record)
            case .queue(var record):
                (record.cursor, record.next) = (cursor, next)
                return .queue(record)
            }
        }
    }

    package enum Wait: Sendable, Hashable {
        /// At the next slot's time.
        case next
        /// When the limit has room for this slot; `until` is known when a rate is what holds it.
        case limit(AcceptedSlot, until: Timestamp?)
        /// When the open run closes.
        case runClose
        /// At that time: caught-up slots keep a distance.
        case pace(Timestamp)
        /// When the blackout is over: then one of its slots runs.
        case blackout(until: Timestamp)
        /// At once, when all open runs have been cancelled (`overlap=cancel`).
        case cancelOpen
    }
}
