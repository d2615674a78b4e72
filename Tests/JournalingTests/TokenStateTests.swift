import Domain
import Testing

@testable import Journaling

struct TokenStateTests {
    @Test func `tokens outlast a snapshot, removed ones do not, and no dump shows a digest`() throws {
        var ledger = Ledger()
        let digest = [UInt8](repeating: 0xAB, count: 32)
        let records: [TokenRecord] = [
            .added(AccessToken(name: "a", role: .trigger, job: JobID(2), digest: digest)),
            .added(AccessToken(name: "b", role: .read, digest: digest)),
            .removed(TokenRemoved(name: "b", role: .read)),
        ]
        for record in records {
            let entry = Entry(
                sequence: ledger.sequence.next,
                time: Timestamp(microseconds: 1_767_225_600_123_456),
                account: 0,
                visibility: .operator,
                record: .token(record)
            )
            try ledger.apply(entry, at: .none)
            #expect(!JSON.object(record.members).text.contains("abab"))
        }
        #expect(ledger.tokens.keys.sorted() == ["a"])
        let bytes = LedgerState.pack(ledger)
        #expect(try LedgerState(bytes).tokens == ledger.tokens)
        for index in bytes.indices {
            _ = try? LedgerState(Array(bytes.prefix(index)))
        }
    }
}
