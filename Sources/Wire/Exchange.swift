import Domain
import Effects
import NIOCore

/// One call on its way, from hand-over to outcome, redirect hops included.
///
/// Touched on its lane's event loop only.
final class Exchange {
    enum State {
        /// In a pool's queue.
        case queued
        /// Out of the queue, waiting for the connection that is opened for it alone.
        case awaitingConnection
        case sent
        case finished
    }

    /// What goes out; a redirect replaces it.
    var call: Call
    var state = State.queued
    /// Uptime in nanoseconds, as all instants here.
    let startedAt: Int64
    let totalDue: Int64
    var sentAt: Int64 = 0
    var firstByteAt: Int64 = 0
    var timings = Timings()
    var deadlineKey: DeadlineWheel.Key = -1
    /// A connection is being opened on behalf of this call.
    var hasOpening = false
    /// It was sent over a kept-alive connection that turned out to be closed, and is sent again.
    var isSecondTry = false
    var hopCount = 0
    var connection: Connection?
    /// Where it is queued; a queue may still hold it after that, and passes over it.
    var pool: Pool?

    init(_ call: Call, now: Int64) {
        self.call = call
        startedAt = now
        totalDue = now.adding(call.deadlines.total)
    }

    /// The sooner of two deadlines while no byte of the answer is there.
    var firstByteDue: Int64 { min(totalDue, sentAt.adding(call.deadlines.firstByte)) }
}

/// Nanoseconds since some moment before the program's start; never goes back.
func uptime() -> Int64 { Int64(truncatingIfNeeded: NIODeadline.now().uptimeNanoseconds) }

extension Int64 {
    /// An uptime that much later; far beyond every timer instead of an overflow.
    func adding(_ span: Span) -> Int64 {
        let (nanoseconds, overflow) = Swift.max(0, span.microseconds).multipliedReportingOverflow(by: 1000)
        let (sum, overflowToo) = addingReportingOverflow(nanoseconds)
        return overflow || overflowToo ? .max / 2 : Swift.min(sum, .max / 2)
    }

    /// Microseconds from an earlier uptime to this one, saturating at 71 minutes.
    func microseconds(since earlier: Int64) -> UInt32 {
        UInt32(clamping: Swift.max(0, self - earlier) / 1000)
    }
}
