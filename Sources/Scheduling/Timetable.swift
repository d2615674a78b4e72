internal import DequeModule
package import Domain
internal import HeapModule

/// What happens when: one heap of alarms. An alarm that no longer holds is recognised when it rings, by
/// asking the ledger, so nothing is ever searched for or removed.
package struct Timetable: Sendable {
    /// Alarms taken off the heap ahead of their time; see `stage`.
    package static let stagedMax = 65_536
    private var heap = Heap<Packed>()
    /// In order; the heap may have got earlier ones since.
    private var staged = Deque<Packed>()
    /// By job number: the instant its slot alarm was last set for. An alarm at any other time is stale.
    private var dueOfJob: [Timestamp] = []

    package enum Alarm: Sendable, Hashable {
        /// The job has slots to decide.
        case slot(JobID)
        /// The run's next attempt is due.
        case retry(RunID)
        /// The run has been open for as long as it may.
        case runDeadline(RunID)
        /// A pause ends by itself.
        case resume(JobID)
        /// A slot has waited for its limit for as long as it may.
        case limitWait(JobID)
        /// A rate has room again.
        case limitRoom(UInt32)
        /// A message to a channel may be tried, or tried again.
        case message(MessageID)
        /// A check may have been silent for too long.
        case check(CheckID)
        /// The run has been open for longer than its job likes.
        case runtime(RunID)
        /// Somebody may have to be reminded of an alert, or to be told of it at last.
        case alert(AlertID)
        /// A calendar is to be read again, by its number in this process.
        case calendar(UInt32)
        /// A marketplace may be told, or told again.
        case post(PostID)
        /// A stream may have to be opened anew, or an outage to be told of, by its number in this process.
        case source(UInt32)
        /// A stream may have been closed for as long as the job bears.
        case outage(JobID)
    }

    /// Sixteen bytes an alarm; equal times ring in order of kind and number, which makes a run repeatable.
    private struct Packed: Comparable {
        var at: Int64
        var what: UInt64

        static func < (a: Packed, b: Packed) -> Bool { a.at == b.at ? a.what < b.what : a.at < b.at }
    }

    package init() {}

    /// The next time something rings; `distantFuture` when nothing will.
    package var next: Timestamp {
        let first = min(heap.min?.at ?? .max, staged.first?.at ?? .max)
        return first == .max ? .distantFuture : Timestamp(microseconds: first)
    }
    package var count: Int { heap.count + staged.count }

    /// The time of the alarm that `stage` would take next; `distantFuture` when it would take none.
    package var nextToStage: Timestamp {
        guard let first = heap.min, staged.count < Self.stagedMax, staged.last.map({ $0 < first }) ?? true
        else { return .distantFuture }
        return Timestamp(microseconds: first.at)
    }

    /// Takes the next alarm up to a time off the heap, so that what it needs can be got ready while there is
    /// nothing else to do. It still rings at its own time, and then costs no more than a look.
    package mutating func stage(upTo time: Timestamp) -> Alarm? {
        guard nextToStage <= time, let first = heap.popMin() else { return nil }
        staged.append(first)
        return Self.unpack(first.what)
    }

    package mutating func reserve(_ capacity: Int) {
        dueOfJob.reserveCapacity(capacity)
    }

    /// Sets all slot alarms of a start at once: linear time instead of one insertion each.
    package mutating func fill(_ alarms: [(JobID, Timestamp)]) {
        for (job, at) in alarms { note(job, at) }
        heap.insert(
            contentsOf: alarms.lazy.filter { $0.1 != .distantFuture }.map {
                Packed(at: $0.1.microseconds, what: UInt64($0.0.number))
            }
        )
    }

    /// Sets (or moves) a job's slot alarm; `distantFuture` clears it.
    package mutating func set(_ job: JobID, at time: Timestamp) {
        guard note(job, time), time != .distantFuture else { return }
        heap.insert(Packed(at: time.microseconds, what: UInt64(job.number)))
    }

    /// Sets any other alarm.
    package mutating func set(_ alarm: Alarm, at time: Timestamp) {
        guard time != .distantFuture else { return }
        heap.insert(Packed(at: time.microseconds, what: Self.pack(alarm)))
    }

    /// Takes the next alarm that is due. Stale slot alarms are dropped on the way.
    package mutating func ring(at now: Timestamp) -> Alarm? {
        while let first = takeFirst(upTo: now.microseconds) {
            let alarm = Self.unpack(first.what)
            guard case .slot(let job) = alarm else { return alarm }
            guard dueOfJob[Int(job.number)].microseconds == first.at else { continue }
            dueOfJob[Int(job.number)] = .distantFuture
            return alarm
        }
        return nil
    }

    private mutating func takeFirst(upTo time: Int64) -> Packed? {
        if let first = staged.first, first.at <= time, heap.min.map({ first < $0 }) ?? true {
            return staged.removeFirst()
        }
        guard let first = heap.min, first.at <= time else { return nil }
        return heap.removeMin()
    }

    /// Remembers the time; false when the alarm stands already.
    @discardableResult
    private mutating func note(_ job: JobID, _ time: Timestamp) -> Bool {
        let number = Int(job.number)
        while dueOfJob.count <= number { dueOfJob.append(.distantFuture) }
        guard dueOfJob[number] != time else { return false }
        dueOfJob[number] = time
        return true
    }

    /// Four bits are sixteen kinds: some share their number with calendars.
    private static let outageMark: UInt64 = 1 << 58
    private static let sourceMark: UInt64 = 1 << 59

    private static func pack(_ alarm: Alarm) -> UInt64 {
        switch alarm {
        case .slot(let job): UInt64(job.number)
        case .retry(let run): 1 << 60 | run.value
        case .runDeadline(let run): 2 << 60 | run.value
        case .resume(let job): 3 << 60 | UInt64(job.number)
        case .limitWait(let job): 4 << 60 | UInt64(job.number)
        case .limitRoom(let index): 5 << 60 | UInt64(index)
        case .message(let id): 6 << 60 | id.value
        case .check(let check): 7 << 60 | UInt64(check.number)
        case .runtime(let run): 8 << 60 | run.value
        case .alert(let id): 9 << 60 | id.value
        case .calendar(let number): 15 << 60 | UInt64(number)
        case .post(let id): 14 << 60 | id.value
        case .source(let number): 15 << 60 | sourceMark | UInt64(number)
        case .outage(let job): 15 << 60 | outageMark | UInt64(job.number)
        }
    }

    private static func unpack(_ what: UInt64) -> Alarm {
        let number = what & (1 << 60 - 1)
        switch what >> 60 {
        case 1: return .retry(RunID(number))
        case 2: return .runDeadline(RunID(number))
        case 3: return .resume(JobID(UInt32(number)))
        case 4: return .limitWait(JobID(UInt32(number)))
        case 5: return .limitRoom(UInt32(number))
        case 6: return .message(MessageID(number))
        case 9: return .alert(AlertID(number))
        case 8: return .runtime(RunID(number))
        case 15:
            let index = UInt32(truncatingIfNeeded: number)
            if number & outageMark != 0 { return .outage(JobID(index)) }
            return number & sourceMark == 0 ? .calendar(index) : .source(index)
        case 7: return .check(CheckID(UInt32(number)))
        case 14: return .post(PostID(number))
        default: return .slot(JobID(UInt32(number)))
        }
    }
}
