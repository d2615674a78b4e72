import Domain
import Testing

@testable import Journaling

struct ReactionStateTests {
    private static func ledger() throws -> Ledger {
        var ledger = Ledger()
        let job = JobDefinition(callback: Callback(target: .steps), schedule: [])
        let now = Timestamp(microseconds: 1_767_225_600_123_456)
        func happening(_ kind: SourceHappening.Kind, _ outage: UInt64) -> RunCause {
            let message = kind == .message ? Array("{}".utf8) : []
            return RunCause(
                SourceHappening(source: "tutum", kind: kind, at: now, message: message, outage: outage),
                depth: 1
            )
        }
        func opened(_ cause: RunCause) -> Record {
            .runOpened(
                RunOpened(job: JobID(1), revision: 1, trigger: .stream, scheduledAt: now, cause: cause)
            )
        }
        let noted = OutageNoted(
            job: JobID(1),
            source: "other",
            outage: 3,
            detail: "reset",
            at: now,
            due: now + .seconds(60)
        )
        let records: [Record] = [
            .jobRegistered(
                JobRegistered(
                    job: JobID(1),
                    scheduler: 1,
                    definition: job.packed(),
                    cursor: now,
                    next: .distantFuture
                )
            ),
            opened(happening(.message, 0)), opened(happening(.close, 2)),
            .reaction(.outageNoted(noted)),
            .runClosed(
                RunClosed(job: JobID(1), run: Sequence(3), result: .ok, report: AttemptReport(n: 1))
            ),
        ]
        for (index, record) in records.enumerated() {
            let entry = Entry(
                sequence: Sequence(UInt64(index + 1)),
                time: now,
                account: 0,
                visibility: .account,
                record: record
            )
            try ledger.apply(entry, at: .none)
        }
        return ledger
    }

    @Test func `a snapshot holds causes of open runs and outages to the last bit`() throws {
        let ledger = try Self.ledger()
        #expect(ledger.reactions.causes.keys.sorted() == [Sequence(2)])
        #expect(ledger.reactions.outages[JobID(1)]?["tutum"]?.isOutstanding == true)
        #expect(ledger.reactions.outages[JobID(1)]?["tutum"]?.told == 2)
        #expect(ledger.reactions.outages[JobID(1)]?["other"]?.noted?.outage == 3)
        let bytes = LedgerState.pack(ledger)
        let state = try LedgerState(bytes)
        #expect(state.reactions == ledger.reactions)
        #expect(state.openRuns == ledger.openRuns)
        for index in bytes.indices {
            var altered = bytes
            altered[index] ^= 0x41
            _ = try? LedgerState(altered).reactions
        }
    }
}
