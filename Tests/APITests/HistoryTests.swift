import API
import Cron
import Domain
import Testing

/// The folding of records into runs and slots, without an engine.
struct HistoryTests {
    private let job = JobID(1)

    private func entry(_ sequence: UInt64, _ record: Record) -> Entry {
        Entry(
            sequence: Sequence(sequence),
            time: Timestamp(seconds: Int64(sequence)),
            account: 1,
            visibility: .account,
            record: record
        )
    }

    private func slot(_ seconds: Int64, line: UInt8 = 0) -> Slot {
        Slot(
            line: line,
            instant: Timestamp(seconds: seconds),
            local: LocalDateTime(seconds: seconds),
            fold: 0
        )
    }

    private func opened(_ sequence: UInt64) -> Entry {
        entry(
            sequence,
            .runOpened(RunOpened(job: job, revision: 1, trigger: .manual, scheduledAt: Timestamp(seconds: 0)))
        )
    }

    private func closed(_ sequence: UInt64, _ run: UInt64, _ result: SlotResult = .ok) -> Entry {
        let report = AttemptReport(n: 1, status: 200)
        return entry(
            sequence,
            .runClosed(RunClosed(job: job, run: Sequence(run), result: result, report: report))
        )
    }

    @Test func `a run takes its own records and no others`() throws {
        var run = try #require(RunHistory(opening: opened(5)))
        let failed = AttemptReport(n: 1, status: 500, failure: Failure(.status, "500"))
        run.add(
            entry(
                6,
                .attemptFailed(
                    AttemptFailed(job: job, run: Sequence(5), report: failed, retryAt: Timestamp(seconds: 9))
                )
            )
        )
        run.add(closed(7, 4))
        #expect(run.isOpen)
        #expect(run.retryAt == Timestamp(seconds: 9))
        run.add(entry(8, .attemptIntended(AttemptIntended(job: job, run: Sequence(5), n: 2))))
        #expect(run.retryAt == nil)
        let last = AttemptReport(n: 2, status: 200)
        run.add(entry(9, .runClosed(RunClosed(job: job, run: Sequence(5), result: .ok, report: last))))
        #expect(run.result == .ok)
        #expect(run.attempts.map(\.n) == [1, 2])
        #expect(run.endedAt == Timestamp(seconds: 9))
    }

    @Test func `a list stops when it has enough and all of it is closed`() {
        var list = RunList(limit: 2)
        let records = [opened(1), opened(2), opened(3), closed(4, 2), closed(5, 1), opened(6)]
        let goesOn = records.map { list.add($0) }
        #expect(goesOn == [true, true, true, true, false, false])
        #expect(list.hasMore)
        #expect(list.answer.map(\.id) == [Sequence(1), Sequence(2)])
        #expect(list.answer.allSatisfy { !$0.isOpen })
    }

    @Test func `the tail of a long history is kept, and no more than twice of it held`() {
        var list = RunList(limit: 3, isTail: true)
        for number in 1...100 as ClosedRange<UInt64> {
            let goesOn = [list.add(opened(number * 2)), list.add(closed(number * 2 + 1, number * 2))]
            #expect(goesOn == [true, true])
            #expect(list.runs.count <= 6)
        }
        #expect(list.answer.map(\.id.value) == [196, 198, 200])
    }

    @Test func `a window keeps the first slots whatever their order`() {
        for seed in 0..<20 as Range<UInt64> {
            var order = Array(0..<200 as Range<Int64>)
            for index in order.indices.reversed() {
                order.swapAt(
                    index,
                    Int(StableHash.below(UInt64(index + 1), StableHash.mix(seed, UInt64(index))))
                )
            }
            var window = SlotWindow(
                from: Timestamp(seconds: 50),
                to: Timestamp(seconds: 150),
                after: SlotPlace(slot(59)),
                limit: 10
            )
            for number in order {
                var row = SlotHistory(undecided: slot(number), of: job)
                row.run = Sequence(UInt64(number))
                window.add(row)
            }
            for number in order { window.close(Sequence(UInt64(number)), result: .ok) }
            let (rows, hasMore) = window.finish()
            #expect(rows.map { $0.slot.instant.seconds } == Array(60..<70))
            #expect(rows.allSatisfy { $0.result == .ok })
            #expect(hasMore)
        }
    }

    @Test func `a window that holds all says that there is no more`() {
        var window = SlotWindow(from: .distantPast, to: .distantFuture, limit: 3)
        for number in 0..<3 as Range<Int64> { window.add(SlotHistory(undecided: slot(number), of: job)) }
        let (_, hasMore) = window.finish()
        #expect(!hasMore)
    }

    @Test func `a stretch is expanded by the definition that decided it`() throws {
        var definition = JobDefinition(
            callback: Callback(target: .sink("/_sink/200")),
            schedule: ["30 1 * * *"]
        )
        definition.zone = "America/New_York"
        let cursor = Timestamp(seconds: 1_793_000_000)  // 2026-10-26
        let records = ListedRecords([
            entry(
                1,
                .jobRegistered(
                    JobRegistered(
                        job: job,
                        scheduler: 1,
                        definition: definition.packed(),
                        cursor: cursor,
                        next: cursor
                    )
                )
            )
        ])
        var history = JobHistory(job, zones: .embedded, records: records)
        history.add(records.entries[0])
        let compiled = history.times(ofRevision: 1)
        let times = try #require(compiled)
        let slots = times.lines[0].occurrences(
            after: Instant(seconds: cursor.seconds),
            before: Instant(seconds: cursor.seconds + 10 * 86_400)
        ).filter { $0.disposition == .run }.map {
            Slot(
                line: 0,
                instant: Timestamp(seconds: $0.instant.seconds),
                local: $0.local,
                fold: UInt8($0.fold)
            )
        }
        #expect(slots.count == 10)
        let record = SlotsDecided(
            job: job,
            revision: 1,
            first: slots[0],
            last: slots[9],
            count: 10,
            result: .paused,
            reason: .jobPaused,
            cursor: slots[9].instant,
            next: .distantFuture
        )
        var expanded: [Slot] = []
        history.expand(record, at: Sequence(2)) {
            expanded.append($0); return true
        }
        #expect(expanded == slots)
        expanded = []
        history.expand(record, at: Sequence(2), from: slots[4].instant) {
            expanded.append($0); return expanded.count < 3
        }
        #expect(expanded == Array(slots[4..<7]))
    }
}

/// Records in an array.
struct ListedRecords: RecordSource {
    let entries: [Entry]

    init(_ entries: [Entry]) { self.entries = entries }

    func scan(from: Sequence, job: JobID?, newest: Position, _ body: (Entry) throws -> Bool) throws {
        for entry in entries where entry.sequence >= from && (job == nil || entry.record.job == job) {
            guard try body(entry) else { return }
        }
    }

    func scanBack(from newest: Position, of job: JobID, _ body: (Entry) throws -> Bool) throws {
        for entry in entries.reversed() where entry.record.job == job {
            guard try body(entry) else { return }
        }
    }

    func sequence(firstAtOrAfter time: Timestamp) throws -> Sequence { Sequence(1) }

    var historyStart: HistoryStart { HistoryStart(sequence: Sequence(1), time: .distantPast) }

    func find(_ sequence: Sequence) throws -> Entry? { entries.first { $0.sequence == sequence } }
}
