import Domain
import Simulation
import Testing

/// A checker that cannot fail is worthless: each is shown what it is there to find.
struct CheckerTests {
    /// A world that was sound so far.
    private static func world(_ seed: UInt64 = 1) throws -> Simulator {
        let world = Simulator(seed: seed, pace: .quick)
        try world.liveALittle()
        try world.checkEverything()
        return world
    }

    /// The first life in which slots were decided by the stretch.
    private static let history = Result {
        for seed: UInt64 in 1...20 {
            let entries = try world(seed).witness.entries
            if entries.dropLast(40).contains(where: \.record.isSlotSettled) { return entries }
        }
        return []
    }

    /// What targets of jobs received; what channels did is `MessageWitness`'s.
    private static func calls(of world: Simulator) -> [ReceivedCall] {
        world.transport.received.filter { ["a.example", "b.example", "c.example"].contains($0.host) }
    }

    private func entries() throws -> [Entry] { try Self.history.get() }

    /// Takes a history as if it had just been read.
    private func read(_ entries: [Entry]) throws -> Witness {
        var witness = Witness()
        for entry in entries { try witness.take(entry, Position(entry.sequence.value)) }
        return witness
    }

    private func renumbered(_ entries: [Entry]) -> [Entry] {
        entries.enumerated().map { index, entry in
            var entry = entry
            entry.sequence = Sequence(UInt64(index + 1))
            return entry
        }
    }

    @Test func `a record that is left out is a gap`() throws {
        var entries = try entries()
        entries.remove(at: entries.count / 2)
        #expect(throws: Violation.self) { try read(entries) }
    }

    @Test func `a record that comes twice is a gap too`() throws {
        var entries = try entries()
        entries.insert(entries[entries.count / 2], at: entries.count / 2)
        #expect(throws: Violation.self) { try read(entries) }
    }

    @Test func `a slot that is decided twice is found`() throws {
        var entries = try entries()
        let index = try #require(entries.lastIndex { $0.record.isSlotDecided })
        entries.insert(entries[index], at: index)
        #expect(throws: Violation.self) { try SlotOracle.judge(renumbered(entries)) }
    }

    @Test func `a slot without a decision is found`() throws {
        var entries = try entries()
        let index = try #require(entries.dropLast(40).lastIndex { $0.record.isSlotSettled })
        entries.remove(at: index)
        #expect(throws: Violation.self) { try SlotOracle.judge(renumbered(entries)) }
    }

    @Test func `a decision about an instant that is no slot is found`() throws {
        var entries = try entries()
        let index = try #require(entries.lastIndex { $0.record.isSlotSettled })
        guard case .slotsDecided(var record) = entries[index].record else { return }
        record.first.instant = record.first.instant + .seconds(1)
        entries[index].record = .slotsDecided(record)
        #expect(throws: Violation.self) { try SlotOracle.judge(entries) }
    }

    @Test func `a ledger that is not what its records come to is found`() throws {
        let entries = try entries()
        let (whole, part) = (try read(entries), try read(entries.dropLast()))
        try whole.compare(whole.ledger)
        #expect(throws: Violation.self) { try whole.compare(part.ledger) }
    }

    @Test func `a call without a record before it is found`() throws {
        let world = try Self.world()
        var witness = world.witness
        let last = witness.ledger.sequence
        let real = try #require(Self.calls(of: world).last)
        try witness.note([real])
        func call(_ change: (inout ReceivedCall) -> Void) -> ArraySlice<ReceivedCall> {
            var call = real
            change(&call)
            return [call]
        }
        #expect(throws: Violation.self) { try witness.note(call { $0.intent = last.next }) }
        #expect(throws: Violation.self) { try witness.note(call { $0.intent = Sequence(1) }) }
        #expect(throws: Violation.self) { try witness.note(call { $0.target += "1" }) }
    }

    @Test func `two keys for one delivery, and one key for two, are found`() throws {
        let world = try Self.world()
        var witness = world.witness
        let calls = Self.calls(of: world)
        var other = try #require(calls.last)
        other.key = "msg_another"
        #expect(throws: Violation.self) { try witness.note([other]) }
        var shared = try #require(calls.last)
        shared.key = try #require(calls.first { $0.key != shared.key }).key
        #expect(throws: Violation.self) { try witness.note([shared]) }
    }

    @Test func `an answer without its record is found`() throws {
        var witness = try Self.world().witness
        let end = witness.ledger.sequence
        let before = Sequence(end.value - 1)
        #expect(throws: Violation.self) {
            try witness.note(
                Acknowledgement(record: "jobRemoved", job: JobID(1), since: end, sequence: end.next)
            )
        }
        #expect(throws: Violation.self) {
            try witness.note(
                Acknowledgement(record: "jobRemoved", job: JobID(1), since: before, sequence: end)
            )
        }
    }

    @Test func `a drive that only says that it has written is found at the next power cut`() throws {
        let world = try Self.world()
        world.disk.lieAboutSyncs()
        try world.liveALittle()
        try world.crash(power: .losesAll)
        #expect(throws: Violation.self) { try world.start() }
    }
}

extension Record {
    fileprivate var isSlotDecided: Bool {
        if case .slotDecided(let record) = self { record.reason != .fromQueue } else { false }
    }

    fileprivate var isSlotSettled: Bool {
        if case .slotsDecided = self { true } else { false }
    }
}
