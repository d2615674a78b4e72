import Domain
import Testing

@testable import Journaling

struct AccountStateTests {
    private static let start = Timestamp(microseconds: 1_767_225_600_123_456)

    /// Every record that leaves something behind, a job under the account's scheduler among them.
    private static func ledger() throws -> Ledger {
        var ledger = Ledger()
        let scheduler = Record.schedulerRegistered(
            SchedulerRegistered(number: 5, account: 2, name: "", username: "U", salt: [1], passwordHash: [2])
        )
        let job = Record.jobRegistered(
            JobRegistered(
                job: JobID(1),
                scheduler: 5,
                definition: SampleRecord.definition.packed(),
                cursor: start,
                next: start
            )
        )
        let kept = SampleRecord.accountRecords.filter {
            switch $0 {
            case .accountClosed, .schedulerDecommissioned, .serviceDeregistered, .postDelivered, .postFailed,
                .postDead, .userForgotten:
                false
            default: true
            }
        }
        for (index, record) in ([scheduler] + kept.map { .account($0) } + [job]).enumerated() {
            let entry = Entry(
                sequence: Sequence(UInt64(index + 1)),
                time: start + .seconds(Int64(index)),
                account: 0,
                visibility: .operator,
                record: record
            )
            try ledger.apply(entry, at: .none)
        }
        return ledger
    }

    private static func reread(_ ledger: Ledger) throws -> AccountTable {
        try LedgerState(LedgerState.pack(ledger)).accounts(jobs: ledger.jobs)
    }

    @Test func `a snapshot holds what the records say`() throws {
        var ledger = try Self.ledger()
        #expect(ledger.accounts.jobs(of: 2) == 1)
        #expect(ledger.accounts.posts.count == 1)
        #expect(ledger.schedulers[5]?.username == "U1")
        #expect(ledger.accounts.usedLinks.count == 1)
        #expect(ledger.accounts.accounts[2]?.users.count == 1)
        #expect(ledger.accounts.accounts[2]?.grant?.isCode == true)
        #expect(try Self.reread(ledger) == ledger.accounts)
        let post = try #require(ledger.accounts.posts.keys.first)
        let last: [AccountRecord] = [
            .postDead(PostDead(post: post, reason: "answered 404")),
            .schedulerDecommissioned(SchedulerDecommissioned(account: 2, scheduler: 5)),
            .accountClosed(AccountClosed(account: 2)),
            .serviceDeregistered(ServiceDeregistered(marketplace: .engineYardV1)),
        ]
        for record in last {
            let entry = Entry(
                sequence: ledger.sequence.next,
                time: Self.start + .hours(1),
                account: 0,
                visibility: .operator,
                record: .account(record)
            )
            try ledger.apply(entry, at: .none)
        }
        #expect(ledger.schedulers[5] == nil)
        #expect(ledger.accounts.accounts[2]?.closedAt == Self.start + .hours(1))
        #expect(try Self.reread(ledger) == ledger.accounts)
    }

    @Test func `a folder without a marketplace has no trace of one`() throws {
        let ledger = Ledger()
        #expect(ledger.accounts.isEmpty)
        #expect(try Self.reread(ledger) == AccountTable())
    }

    @Test func `a record about nobody is refused`() {
        var ledger = Ledger()
        func apply(_ record: AccountRecord) throws {
            let entry = Entry(
                sequence: Sequence(1),
                time: Self.start,
                account: 0,
                visibility: .operator,
                record: .account(record)
            )
            try ledger.apply(entry, at: .none)
        }
        #expect(throws: LedgerError.unknownAccount(2, sequence: Sequence(1))) {
            try apply(.accountClosed(AccountClosed(account: 2)))
        }
        ledger = Ledger()
        #expect(throws: LedgerError.unknownPost(Sequence(9), sequence: Sequence(1))) {
            try apply(.postDead(PostDead(post: Sequence(9), reason: "")))
        }
    }
}
