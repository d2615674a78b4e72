import Domain
import Journaling
import Simulation
import Testing

/// The checkers of checks, of who is told when, and of blackouts are shown what they are there to find.
struct CheckCheckerTests {
    /// Two checks that nobody pings.
    private static let history = Result {
        let world = Simulator(seed: 1, pace: .quick)
        try world.start()
        for minutes: Int64 in [5, 7] {
            var definition = CheckDefinition()
            definition.period = .minutes(minutes)
            definition.grace = .minutes(1)
            world.watch(definition)
        }
        try world.pass(.minutes(30))
        try world.checkEverything()
        return world.witness.entries
    }

    private func index(of name: String, in entries: [Entry]) throws -> Int {
        try #require(entries.firstIndex { $0.record.name == name })
    }

    @Test func `checks that stay silent make a sound history`() throws {
        let entries = try Self.history.get()
        try AlertOracle.judge(entries)
        #expect(entries.count { $0.record.name == "alertOpened" } == 2)
    }

    @Test(arguments: ["checkLapsed", "alertOpened", "messageIntended"])
    func `a record that is owed and is not there is found`(name: String) throws {
        var entries = try Self.history.get()
        let index = try index(of: name, in: entries)
        entries[index].record = .clockStepped(
            ClockStepped(from: entries[index].time, to: entries[index].time)
        )
        #expect(throws: Violation.self) { try AlertOracle.judge(entries) }
    }

    @Test func `silence that is judged too early, or as something else, is found`() throws {
        let entries = try Self.history.get()
        let index = try index(of: "checkLapsed", in: entries)
        guard case .checkLapsed(let lapsed) = entries[index].record else { return }
        var early = entries
        early[index].time = entries[index].time - .minutes(2)
        #expect(throws: Violation.self) { try AlertOracle.judge(early) }
        var other = (entries, lapsed)
        other.1.lapse = .timedOut
        other.0[index].record = .checkLapsed(other.1)
        #expect(throws: Violation.self) { try AlertOracle.judge(other.0) }
        var lenient = (entries, lapsed)
        lenient.1.standing.deadline = entries[index].time + .minutes(1)
        lenient.0[index].record = .checkLapsed(lenient.1)
        #expect(throws: Violation.self) { try AlertOracle.judge(lenient.0) }
    }

    @Test func `a message that is held for no reason, or tells whom it does not concern, is found`() throws {
        var entries = try Self.history.get()
        let index = try index(of: "messageIntended", in: entries)
        guard case .messageIntended(var intended) = entries[index].record else { return }
        intended.notBefore = entries[index].time + .minutes(5)
        entries[index].record = .messageIntended(intended)
        #expect(throws: Violation.self) { try AlertOracle.judge(entries) }
        var rules = ChannelRules()
        rules.level = .off
        let off = ChannelConfigured(name: intended.channel, settings: nil, rules: rules, isPaused: false)
        entries = try Self.history.get()
        entries[try self.index(of: "checkRegistered", in: entries) - 1].record = .channelConfigured(off)
        #expect(throws: Violation.self) { try AlertOracle.judge(entries) }
    }

    @Test func `a message that leaves in a blackout or in quiet hours is found`() throws {
        let world = Simulator(seed: 1, pace: .quick)
        try world.liveALittle()
        let entries = world.witness.entries
        let meant = try #require(
            entries.first {
                if case .messageIntended(let record) = $0.record { record.channel == "hook" } else { false }
            }
        )
        let last = try #require(entries.last)
        let start = last.time
        let time = BlackoutTime.once(from: start, to: start + .hours(1))
        var rules = ChannelRules()
        let minute = UInt16(start.seconds / 60 % 1440)
        let zone = "UTC"
        rules.quiet = QuietHours(from: minute, to: (minute + 60) % 1440, zone: zone, criticalPasses: false)
        let call = ReceivedCall(
            intent: meant.sequence,
            key: "k",
            host: "hook.example",
            target: "/alerts",
            body: [],
            at: .zero
        )
        for record in [
            Record.blackoutSet(Blackout(name: "a", time: time)),
            .channelConfigured(
                ChannelConfigured(name: "hook", settings: nil, rules: rules, isPaused: false)
            ),
        ] {
            var witness = world.witness
            let entry = Entry(
                sequence: last.sequence.next,
                time: start,
                account: 0,
                visibility: .operator,
                record: record
            )
            try witness.take(entry, .none)
            func check(_ from: Span, _ to: Span) throws {
                try witness.checkSilence(of: [call], since: start + from, now: start + to)
            }
            #expect(throws: Violation.self) { try check(.minutes(2), .minutes(4)) }
            // It may have been on its way before, or leave right after.
            try check(.zero - .minutes(2), .minutes(1))
            try check(.minutes(59), .minutes(62))
        }
        try world.stop()
    }

    @Test func `a slot that runs in a blackout, or is excluded outside of one, is found`() throws {
        let world = Simulator(seed: 1, pace: .quick)
        try world.liveALittle()
        var entries = world.witness.entries
        let index = try index(of: "slotDecided", in: entries)
        guard case .slotDecided(let slot) = entries[index].record else { return }
        let time = BlackoutTime.once(from: .distantPast, to: .distantFuture)
        // What the record before it said is nothing to slots.
        let before = try #require(entries[..<index].lastIndex { $0.record.job == nil })
        entries[before].record = .blackoutSet(Blackout(name: "a", time: time))
        #expect(throws: Violation.self) { _ = try SlotOracle.judge(entries) }
        entries = world.witness.entries
        entries[index].record = .slotsDecided(
            SlotsDecided(
                job: slot.job,
                revision: slot.revision,
                first: slot.slot,
                last: slot.slot,
                count: 1,
                result: .excluded,
                reason: .blackout,
                into: nil,
                cursor: slot.cursor,
                next: slot.next
            )
        )
        #expect(throws: Violation.self) { _ = try SlotOracle.judge(entries) }
        try world.stop()
    }
}
