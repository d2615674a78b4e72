/// What is usual for a check that is watched for the unusual: how far apart its successes come, and how long
/// its runs take.
///
/// A few numbers, whatever comes; learned from records and their times alone. An interval that is too short
/// is not learned: a script gone wild would otherwise be usual within minutes. Who means it to come more
/// often changes the check's schedule or period, and what was learned of intervals is forgotten.
package struct CheckHabit: Sendable, Hashable {
    /// From one success to the next.
    package var intervals = DurationQuantiles()
    package var intervalsSeen: UInt32 = 0
    /// Too short ones since the last that was not.
    package var shortInARow: UInt8 = 0
    /// From a start to its success.
    package var durations = DurationQuantiles()
    package var durationsSeen: UInt32 = 0
    /// nil before the first, and after a pause or a time when nobody could hear.
    package var lastSuccess: Timestamp?

    /// Of either, before anything is said of it.
    package static let seenMin: UInt32 = 20
    /// Nobody minds what is shorter by less.
    package static let differenceMin = Span.seconds(1)

    package init() {}

    /// What a definition asks to be kept: nil where nothing is.
    package init?(watching packed: [UInt8]) {
        guard let definition = try? CheckDefinition(packed: packed), definition.watchesPace else {
            return nil
        }
    }

    /// nil until enough have been seen.
    package var usualInterval: Span? { intervalsSeen < Self.seenMin ? nil : intervals.p50 }
    /// nil until enough have been seen.
    package var usualDuration: Span? { durationsSeen < Self.seenMin ? nil : durations.p50 }

    /// Under a quarter of the usual interval.
    package func isShort(_ interval: Span) -> Bool {
        guard let usual = usualInterval else { return false }
        return interval < Span(microseconds: usual.microseconds / 4) && usual - interval >= Self.differenceMin
    }

    package mutating func learn(success duration: Span?, at time: Timestamp) {
        if let duration {
            durations.add(duration, after: durationsSeen)
            if durationsSeen < .max { durationsSeen += 1 }
        }
        let last = lastSuccess
        lastSuccess = time
        // A clock that was set back says nothing of an interval.
        guard let last, time >= last else { return }
        if isShort(time - last) {
            if shortInARow < .max { shortInARow += 1 }
            return
        }
        shortInARow = 0
        intervals.add(time - last, after: intervalsSeen)
        if intervalsSeen < .max { intervalsSeen += 1 }
    }

    /// From the last success to the next is no interval.
    package mutating func breakOff() { (lastSuccess, shortInARow) = (nil, 0) }

    package mutating func forgetIntervals() {
        (intervals, intervalsSeen, shortInARow) = (DurationQuantiles(), 0, 0)
    }
}
