import Domain
import Scheduling
import Testing

struct TimetableTests {
    private func time(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

    private func ringAll(_ table: inout Timetable, at now: Timestamp) -> [Timetable.Alarm] {
        var rung: [Timetable.Alarm] = []
        while let alarm = table.ring(at: now) { rung.append(alarm) }
        return rung
    }

    @Test func `alarms ring in order of time, kind and number`() {
        var table = Timetable()
        table.set(JobID(3), at: time(5))
        table.set(.retry(RunID(1)), at: time(5))
        table.set(JobID(2), at: time(5))
        table.set(JobID(1), at: time(9))
        #expect(table.ring(at: time(4)) == nil)
        #expect(ringAll(&table, at: time(5)) == [.slot(JobID(2)), .slot(JobID(3)), .retry(RunID(1))])
        #expect(table.next == time(9))
    }

    @Test func `an alarm that was moved does not ring at its old time`() {
        var table = Timetable()
        table.set(JobID(1), at: time(5))
        table.set(JobID(1), at: time(8))
        #expect(ringAll(&table, at: time(7)).isEmpty)
        #expect(ringAll(&table, at: time(8)) == [.slot(JobID(1))])
    }

    @Test func `a staged alarm rings at its own time, after earlier ones that came later`() {
        var table = Timetable()
        for job in 1...4 { table.set(JobID(UInt32(job)), at: time(10 + Int64(job))) }
        #expect(table.stage(upTo: time(12)) == .slot(JobID(1)))
        #expect(table.stage(upTo: time(12)) == .slot(JobID(2)))
        #expect(table.stage(upTo: time(12)) == nil)
        #expect(table.next == time(11) && table.nextToStage == time(13) && table.count == 4)
        table.set(JobID(9), at: time(10))
        #expect(table.nextToStage == .distantFuture, "staged alarms stay in order")
        let rung = ringAll(&table, at: time(20))
        #expect(rung == [9, 1, 2, 3, 4].map { .slot(JobID($0)) })
        #expect(table.next == .distantFuture)
    }

    @Test func `a staged alarm that was moved does not ring at its old time`() {
        var table = Timetable()
        table.set(JobID(1), at: time(5))
        _ = table.stage(upTo: time(5))
        table.set(JobID(1), at: time(7))
        #expect(ringAll(&table, at: time(6)).isEmpty)
        #expect(ringAll(&table, at: time(7)) == [.slot(JobID(1))])
    }

    @Test func `no more than stagedMax alarms are taken ahead`() {
        var table = Timetable()
        for job in 0...Timetable.stagedMax { table.set(JobID(UInt32(job)), at: time(5)) }
        var staged = 0
        while table.stage(upTo: time(5)) != nil { staged += 1 }
        #expect(staged == Timetable.stagedMax)
        #expect(ringAll(&table, at: time(5)).count == Timetable.stagedMax + 1)
    }
}
