import Domain
import Testing

@testable import Journaling

struct CheckStateTests {
    /// A check with open starts, pings and a gap; one that is paused; one that is gone.
    private static func ledger() throws -> Ledger {
        var ledger = Ledger()
        var records = (1...3).map { number in
            Record.checkRegistered(
                CheckRegistered(
                    check: CheckID(number),
                    scheduler: 1,
                    address: Sealed(keyID: 7, bytes: [UInt8(number)]),
                    definition: SampleRecord.checkDefinition.packed(),
                    standing: CheckStanding()
                )
            )
        }
        var standing = CheckStanding()
        standing.expected = SampleRecord.noon + .hours(1)
        standing.deadline = standing.expected + .microsecond
        for (kind, run) in [(PingKind.start, UInt64(1)), (.start, 2), (.success, 1), (.log, 3)] {
            var ping = SampleRecord.ping
            ping.kind = kind
            ping.run = UniqueID(high: 0, low: run)
            records.append(
                .checkPinged(
                    CheckPinged(
                        check: CheckID(1),
                        ping: ping,
                        duration: kind == .success ? .seconds(2) : nil,
                        standing: standing,
                        previous: .zero
                    )
                )
            )
        }
        records += [
            .checkUnwatched(
                CheckUnwatched(
                    check: CheckID(1),
                    since: SampleRecord.noon,
                    until: SampleRecord.now,
                    deadline: SampleRecord.now + .hours(1)
                )
            ),
            .checkPaused(CheckPaused(check: CheckID(2))), .checkRemoved(CheckRemoved(check: CheckID(3))),
            .pingKeySet(PingKeySet(scheduler: 1, key: Sealed(keyID: 7, bytes: [9]))),
        ]
        for (index, record) in records.enumerated() {
            let entry = Entry(
                sequence: Sequence(UInt64(index + 1)),
                time: SampleRecord.now + .seconds(Int64(index)),
                account: 1,
                visibility: .account,
                record: record
            )
            try ledger.apply(entry, at: .none)
        }
        return ledger
    }

    @Test func `a snapshot gives the checks back`() throws {
        let ledger = try Self.ledger()
        let state = try LedgerState(LedgerState.pack(ledger))
        #expect(state.checks == ledger.checks)
        #expect(state.checks.checksEver == 3)
        #expect(state.checks.entries[CheckID(1)]?.starts.count == 1)
        #expect(state.checks.entries[CheckID(1)]?.recent.count == 4)
        #expect(state.checks.entries[CheckID(2)]?.isPaused == true)
        #expect(state.checks.entries[CheckID(3)] == nil)
    }

    @Test func `a truncated or altered state never traps`() throws {
        let bytes = LedgerState.pack(try Self.ledger())
        for count in 0..<bytes.count { _ = try? LedgerState(Array(bytes.prefix(count))) }
        for index in bytes.indices {
            var altered = bytes
            altered[index] ^= 0x15
            _ = try? LedgerState(altered)
        }
    }

    @Test func `a record about a check that is not there is refused`() throws {
        var ledger = Ledger()
        let record = Record.checkPaused(CheckPaused(check: CheckID(4)))
        let entry = Entry(
            sequence: Sequence(1),
            time: SampleRecord.now,
            account: 1,
            visibility: .account,
            record: record
        )
        #expect(throws: LedgerError.unknownCheck(CheckID(4), sequence: Sequence(1))) {
            try ledger.apply(entry, at: .none)
        }
    }
}

extension Span {
    fileprivate static let microsecond = Span(microseconds: 1)
}
