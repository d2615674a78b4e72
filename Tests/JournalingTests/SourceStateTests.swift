import Domain
import Testing

@testable import Journaling

struct SourceStateTests {
    private static let start = Timestamp(microseconds: 1_767_225_600_123_456)

    private static func ledger(_ records: [SourceRecord]) throws -> Ledger {
        var ledger = Ledger()
        for (index, record) in records.enumerated() {
            let entry = Entry(
                sequence: ledger.sequence.next,
                time: start + .seconds(Int64(index)),
                account: 0,
                visibility: .operator,
                record: .source(record)
            )
            try ledger.apply(entry, at: .none)
        }
        return ledger
    }

    private static func set(_ name: String, isPaused: Bool = false) -> SourceRecord {
        let sealed = Sealed(keyID: 7, bytes: [1, 2])
        return .set(SourceSet(name: name, settings: sealed, address: "wss://h/e", isPaused: isPaused))
    }

    private static let outage: [SourceRecord] = [
        set("a"), .opened(SourceOpened(name: "a", outage: 0)),
        .lost(SourceLost(name: "a", outage: 1, reason: "it closed with 1006")),
        .lost(SourceLost(name: "a", outage: 1, reason: "it answered 401", isRefused: true)),
        .overflowed(SourceOverflowed(name: "a", events: 5)),
        set("b", isPaused: true), set("c"), .removed(SourceRemoved(name: "c")),
    ]

    @Test func `an outage begins with its first loss and lasts until the stream is open`() throws {
        var source = try #require(try Self.ledger(Self.outage).sources["a"])
        #expect(source.lostSince == Self.start + .seconds(2))
        #expect(source.isRefused)
        #expect(source.overflowed == 5)
        let resumed = Self.outage + [Self.set("a")]
        source = try #require(try Self.ledger(resumed).sources["a"])
        #expect(!source.isRefused)
        #expect(source.lostSince == Self.start + .seconds(2))
        let opened = resumed + [.opened(SourceOpened(name: "a", outage: 1))]
        source = try #require(try Self.ledger(opened).sources["a"])
        #expect(source.isOpen)
        #expect(source.lostSince == nil)
        #expect(source.outages == 1)
    }

    @Test func `a snapshot gives watched streams back, and no alteration traps`() throws {
        let ledger = try Self.ledger(Self.outage)
        #expect(ledger.sources.keys.sorted() == ["a", "b"])
        let bytes = LedgerState.pack(ledger)
        #expect(try LedgerState(bytes).sources == ledger.sources)
        for index in bytes.indices {
            var altered = bytes
            altered[index] ^= 0x15
            _ = try? LedgerState(altered)
            _ = try? LedgerState(Array(bytes.prefix(index)))
        }
    }

    @Test func `a record about a stream that is not watched changes nothing`() throws {
        let ledger = try Self.ledger([.opened(SourceOpened(name: "x", outage: 0))])
        #expect(ledger.sources.isEmpty)
    }
}
