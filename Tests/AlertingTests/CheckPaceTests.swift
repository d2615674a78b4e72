import Domain
import Testing

@testable import Alerting

struct CheckPaceTests {
    private static let zero = Timestamp(seconds: 1_767_225_600)

    /// A check that was heard from so many times, so far apart.
    private struct Heard {
        var habit = CheckHabit()
        var now = CheckPaceTests.zero

        init(_ count: Int, every interval: Span) {
            for _ in 0..<count { success(after: interval) }
        }

        mutating func success(after interval: Span, took duration: Span? = nil) {
            now = now + interval
            habit.learn(success: duration, at: now)
        }
    }

    @Test func `nothing is said of the first twenty intervals`() {
        var heard = Heard(20, every: .minutes(5))
        for _ in 0..<5 { heard.success(after: .seconds(2)) }
        #expect(heard.habit.shortInARow == 4)
        heard = Heard(16, every: .minutes(5))
        for _ in 0..<5 { heard.success(after: .seconds(2)) }
        #expect(CheckPace.isTooOften(heard.habit) == false)
        #expect(heard.habit.usualInterval != nil)
        #expect(Heard(20, every: .minutes(5)).habit.usualInterval == nil)
    }

    @Test func `three short intervals in a row are too often, one is not, and a usual one ends it`() {
        var heard = Heard(30, every: .minutes(5))
        heard.success(after: .seconds(10))
        #expect(CheckPace.isTooOften(heard.habit) == nil)
        heard.success(after: .seconds(10))
        heard.success(after: .seconds(10))
        #expect(CheckPace.isTooOften(heard.habit) == true)
        heard.success(after: .minutes(2))
        #expect(CheckPace.isTooOften(heard.habit) == false)
    }

    @Test func `a flood is not learned, however long it lasts`() {
        var heard = Heard(30, every: .minutes(5))
        let usual = heard.habit.intervals
        for _ in 0..<10_000 { heard.success(after: .seconds(1)) }
        #expect(heard.habit.intervals == usual)
        #expect(CheckPace.isTooOften(heard.habit) == true)
    }

    @Test func `what comes every second may come at once`() {
        var heard = Heard(30, every: .seconds(1))
        for _ in 0..<5 { heard.success(after: .milliseconds(1)) }
        #expect(CheckPace.isTooOften(heard.habit) == false)
    }

    @Test func `a time out of hearing, and a clock set back, are no interval`() {
        var heard = Heard(30, every: .minutes(5))
        let before = heard.habit.intervals
        heard.habit.breakOff()
        heard.success(after: .days(9))
        heard.success(after: .hours(-1))
        #expect(heard.habit.intervals == before)
        #expect(heard.habit.shortInARow == 0)
    }

    @Test func `durations are learned apart, where they are known`() {
        var heard = Heard(3, every: .minutes(5))
        for _ in 0..<20 { heard.success(after: .minutes(5), took: .seconds(60)) }
        #expect(heard.habit.durationsSeen == 20)
        #expect(heard.habit.usualDuration != nil)
    }

    @Test func `the title says how often, and what is usual`() {
        let title = CheckPace.title(tooOften: "worker", interval: .milliseconds(10_040), usual: .hours(24))
        #expect(title == "worker came after 10s, more often than usual (every 1d)")
    }

    @Test func `an alert's key names its check`() {
        let id = CheckID(12)
        for key in [CheckMachine.key(of: id), CheckPace.intervalKey(of: id), CheckPace.durationKey(of: id)] {
            #expect(CheckID(alertKey: key) == id)
        }
        #expect(CheckID(alertKey: "job/12") == nil)
        #expect(CheckID(alertKey: "check") == nil)
    }
}
