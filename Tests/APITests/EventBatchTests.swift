import Domain
import Engine
import NIOCore
import Streaming
import Testing

@testable import API

/// One batch for all who watch: who gets which bytes of it.
struct EventBatchTests {
    private static let format = StreamFormat(dialect: .tutum, framing: .webSocket)

    /// Registrations of jobs 1 to 4, two for each of two schedulers, as records 11 to 14.
    private static func batch() -> EventBatch {
        let events = (1...4).map { number in
            let record = JobRegistered(
                job: JobID(UInt32(number)),
                scheduler: UInt32(1 + number % 2),
                definition: [],
                cursor: Timestamp(seconds: 0),
                next: .distantFuture
            )
            let entry = Entry(
                sequence: Sequence(10 + UInt64(number)),
                time: Timestamp(seconds: 0),
                account: 1,
                visibility: .account,
                record: .jobRegistered(record)
            )
            return StreamEvent(entry, owner: record.scheduler)
        }
        return EventBatch(
            events,
            after: Sequence(10),
            through: Sequence(14),
            isAtEnd: true,
            formats: [format],
            source: ""
        )
    }

    private func jobs(_ selection: Selection, after last: UInt64 = 10) -> [Int] {
        let text = String(buffer: Self.batch().bytes(selection, after: Sequence(last)))
        return (1...4).filter { text.contains("\"resource_uri\":\"/api/v1/job/\($0)/\"") }
    }

    @Test func `the operator gets all of it, and what is left of it after what it has`() {
        let all = Selection(format: Self.format, caller: .operator, filter: EventFilter())
        #expect(jobs(all) == [1, 2, 3, 4])
        #expect(jobs(all, after: 12) == [3, 4])
        #expect(jobs(all, after: 14) == [])
        #expect(jobs(all, after: 3) == [1, 2, 3, 4])
    }

    @Test func `a scheduler gets its own, a filter what it names, and another format nothing`() {
        let own = Selection(format: Self.format, caller: .scheduler(2), filter: EventFilter())
        #expect(jobs(own) == [1, 3])
        #expect(jobs(own, after: 11) == [3])
        var filter = EventFilter()
        filter.objects = ["/api/v1/job/1/", "/api/v1/job/4/"]
        #expect(jobs(Selection(format: Self.format, caller: .operator, filter: filter)) == [1, 4])
        #expect(jobs(Selection(format: Self.format, caller: .scheduler(2), filter: filter)) == [1])
        let other = StreamFormat(dialect: .cloudEvents, framing: .webSocket)
        #expect(jobs(Selection(format: other, caller: .operator, filter: EventFilter())) == [])
    }
}
