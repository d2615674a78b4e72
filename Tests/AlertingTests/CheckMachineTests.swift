import Domain
import Testing

@testable import Alerting

struct CheckMachineTests {
    private static let id = CheckID(1)
    private static let zero = Timestamp(seconds: 1_767_225_600)

    /// One check, fed with what happens: the ledger's part is `CheckTable`'s own.
    private struct Story {
        var definition = CheckDefinition()
        var ledger = Ledger()
        var now = CheckMachineTests.zero
        var verdicts: [CheckMachine.Verdict] = []

        init(_ change: (inout CheckDefinition) -> Void = { _ in }) throws {
            definition.period = .hours(1)
            definition.grace = .minutes(10)
            change(&definition)
            let standing = CheckMachine.begin(definition, expected: now + definition.period)
            try apply(
                .checkRegistered(
                    CheckRegistered(
                        check: CheckMachineTests.id,
                        scheduler: 1,
                        address: Sealed(keyID: 1, bytes: []),
                        definition: definition.packed(),
                        standing: standing
                    )
                )
            )
        }

        var entry: CheckEntry {
            get throws { try #require(ledger.checks.entries[CheckMachineTests.id]) }
        }

        mutating func apply(_ record: Record) throws {
            let entry = Entry(
                sequence: ledger.sequence.next,
                time: now,
                account: 1,
                visibility: .account,
                record: record
            )
            try ledger.apply(entry, at: .none)
        }

        mutating func ping(_ kind: PingKind, run: UniqueID? = nil) throws {
            let (record, verdict) = CheckMachine.take(
                Ping(kind, run: run),
                CheckMachineTests.id,
                try entry,
                definition,
                now: now,
                next: { now + definition.period }
            )
            try apply(.checkPinged(record))
            verdicts.append(verdict)
        }

        /// Lets time pass, and judges each deadline on the way.
        mutating func pass(_ span: Span) throws {
            let end = now + span
            for _ in 0..<100 {
                let deadline = try entry.standing.deadline
                guard deadline <= end else { break }
                now = deadline
                let found = CheckMachine.lapse(
                    CheckMachineTests.id,
                    try entry,
                    definition,
                    now: now,
                    next: { now + definition.period }
                )
                let (record, verdict) = try #require(found)
                try apply(.checkLapsed(record))
                verdicts.append(verdict)
            }
            now = end
        }
    }

    @Test func `a check that is never heard from opens once, a grace after the expected instant`() throws {
        var story = try Story()
        try story.pass(.minutes(69))
        #expect(story.verdicts.isEmpty)
        try story.pass(.minutes(1))
        #expect(story.verdicts == [.open(.missed)])
        try story.pass(.days(30))
        #expect(story.verdicts == [.open(.missed)], "silence that goes on is one record")
        try story.ping(.success)
        #expect(story.verdicts == [.open(.missed), .resolve])
        #expect(try story.entry.standing.status == .up)
    }

    @Test func `a reported failure opens at once, the next success resolves`() throws {
        var story = try Story()
        try story.ping(.success)
        try story.ping(.fail)
        try story.ping(.fail)
        try story.ping(.success)
        // The second asks for an alert, too: the first one's may have been resolved by hand.
        #expect(story.verdicts == [.nothing, .open(.failing), .open(.failing), .resolve])
    }

    @Test func `failures_to_open and successes_to_resolve count ends in a row`() throws {
        var story = try Story {
            $0.failuresToOpen = 3
            $0.successesToResolve = 2
        }
        try story.ping(.fail)
        try story.ping(.success)
        try story.ping(.fail)
        try story.pass(.minutes(70))
        #expect(story.verdicts == [.nothing, .nothing, .nothing, .nothing])
        try story.pass(.minutes(70))
        #expect(story.verdicts.last == .open(.missed))
        try story.ping(.success)
        #expect(story.verdicts.last == .nothing)
        try story.ping(.success)
        #expect(story.verdicts.last == .resolve)
    }

    @Test func `a start without an end times out after the longest runtime, a crash loop too`() throws {
        var story = try Story { $0.maxRuntime = .minutes(30) }
        try story.ping(.start)
        try story.pass(.minutes(20))
        try story.ping(.start)
        try story.pass(.minutes(9))
        #expect(story.verdicts == [.nothing, .nothing])
        try story.pass(.minutes(1))
        #expect(story.verdicts.last == .open(.timedOut))
        #expect(try story.entry.starts.isEmpty)
    }

    @Test func `an end is matched with the start of its own run`() throws {
        let (a, b) = (UniqueID(high: 1, low: 1), UniqueID(high: 2, low: 2))
        var story = try Story()
        try story.ping(.start, run: a)
        try story.pass(.minutes(2))
        try story.ping(.start, run: b)
        try story.pass(.minutes(1))
        try story.ping(.success, run: a)
        #expect(try story.entry.lastDuration == .minutes(3))
        #expect(try story.entry.starts.map(\.run) == [b])
        try story.ping(.success)
        #expect(try story.entry.starts.isEmpty, "an end without a name ends them all")
        #expect(try story.entry.lastDuration == nil)
    }

    @Test func `a log is kept and changes nothing`() throws {
        var story = try Story()
        let before = try story.entry.standing
        try story.ping(.log)
        #expect(try story.entry.standing == before)
        #expect(try story.entry.recent.map(\.kind) == [.log])
        #expect(try story.entry.lastPing == nil)
    }

    /// What an absence of ours means for a check, applied to it.
    private func excuse(_ story: inout Story, since: Span, until: Span) throws -> CheckUnwatched? {
        story.now = Self.zero + until
        let gap = CheckMachine.unwatched(
            Self.id,
            try story.entry,
            story.definition,
            since: Self.zero + since,
            until: story.now,
            next: { [story] in story.now + story.definition.period }
        )
        if let gap { try story.apply(.checkUnwatched(gap)) }
        return gap
    }

    @Test func `what was expected while nobody listened is not waited for, and the next one is`() throws {
        var story = try Story()
        let gap = try #require(try excuse(&story, since: .minutes(59), until: .hours(5)))
        #expect(gap.expected == Self.zero + .hours(6))
        #expect(gap.deadline == Self.zero + .hours(6) + .minutes(10))
        #expect(gap.isTold)
        try story.pass(.minutes(69))
        #expect(story.verdicts.isEmpty)
        try story.pass(.minutes(1))
        #expect(story.verdicts == [.open(.missed)])
    }

    @Test func `a check that is judged again within the hour is not spoken of`() throws {
        var story = try Story { $0.period = .minutes(5) }
        let gap = try #require(try excuse(&story, since: .minutes(4), until: .minutes(6)))
        #expect(gap.expected == Self.zero + .minutes(11))
        #expect(!gap.isTold)
    }

    @Test func `what was late before nobody listened gets its grace once more, and no more`() throws {
        var story = try Story()
        let gap = try #require(try excuse(&story, since: .minutes(65), until: .minutes(66)))
        #expect(gap.expected == nil)
        #expect(gap.deadline == Self.zero + .minutes(76))
        try story.pass(.minutes(10))
        #expect(story.verdicts == [.open(.missed)])
    }

    @Test func `a run whose time ran out while nobody listened may have ended in vain`() throws {
        var story = try Story { $0.maxRuntime = .minutes(30) }
        try story.ping(.start)
        let gap = try #require(try excuse(&story, since: .minutes(20), until: .minutes(40)))
        #expect(gap.forgetsStarts)
        #expect(try story.entry.starts.isEmpty)
        #expect(try story.entry.standing.expected == Self.zero + .hours(1), "that is still to come")
    }

    @Test func `nothing was expected in a gap that ends before`() throws {
        var story = try Story()
        #expect(try excuse(&story, since: .zero, until: .minutes(30)) == nil)
    }

    @Test func `an instant in a blackout is left out, and is no bad end`() throws {
        var story = try Story()
        let end = Self.zero + .hours(3)
        story.now = try story.entry.standing.deadline
        let found = CheckMachine.lapse(
            Self.id,
            try story.entry,
            story.definition,
            now: story.now,
            exclusion: { _ in CheckMachine.Exclusion(blackout: "moving house", next: end + .hours(1)) },
            next: { end }
        )
        let (record, verdict) = try #require(found)
        #expect(verdict == .nothing)
        #expect(record.lapse == .excluded)
        #expect(record.blackout == "moving house")
        #expect(record.since == Self.zero + .hours(1))
        try story.apply(.checkLapsed(record))
        #expect(try story.entry.excludedBy == "moving house")
        #expect(try story.entry.standing.failures == 0)
        #expect(try story.entry.standing.deadline == end + .hours(1) + .minutes(10))
        try story.ping(.success)
        #expect(try story.entry.excludedBy.isEmpty)
    }

    @Test func `the latest pings are kept, and no more`() throws {
        var story = try Story()
        for _ in 0..<(CheckEntry.recentMax + 5) { try story.ping(.success) }
        #expect(try story.entry.recent.count == CheckEntry.recentMax)
        #expect(try story.entry.pings == UInt64(CheckEntry.recentMax + 5))
        for number in 1...40 { try story.ping(.start, run: UniqueID(high: 0, low: UInt64(number))) }
        #expect(try story.entry.starts.count == CheckEntry.startsMax)
    }

    @Test func `an alert's key says its check`() {
        #expect(CheckID(alertKey: CheckMachine.key(of: CheckID(12))) == CheckID(12))
        #expect(CheckID(alertKey: "job/12") == nil)
    }
}
