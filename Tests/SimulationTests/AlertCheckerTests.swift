import Domain
import Journaling
import Simulation
import Testing

/// The checkers of alerts and messages are shown what they are there to find.
struct AlertCheckerTests {
    // MARK: Alerts

    private static let history = Result {
        let world = Simulator(seed: 1, pace: .quick)
        try world.liveALittle()
        try world.checkEverything()
        return world.witness.entries
    }

    /// The history with one record gone, and another in its place that says nothing.
    private func history(without isMeant: (Record) -> Bool) throws -> [Entry] {
        var entries = try Self.history.get()
        let index = try #require(entries.firstIndex { isMeant($0.record) })
        let silence = ClockStepped(from: entries[index].time, to: entries[index].time)
        entries[index].record = .clockStepped(silence)
        return entries
    }

    @Test func `a history in which alerts come and go is sound`() throws {
        let entries = try Self.history.get()
        try AlertOracle.judge(entries)
        #expect(entries.contains { $0.record.name == "alertResolved" })
    }

    @Test(arguments: ["alertOpened", "alertResolved", "messageIntended"])
    func `a record that is owed and is not there is found`(name: String) throws {
        let entries = try history { $0.name == name }
        #expect(throws: Violation.self) { try AlertOracle.judge(entries) }
    }

    @Test func `an alert that opened too early, or for another reason, is found`() throws {
        var entries = try Self.history.get()
        let index = try #require(entries.firstIndex { $0.record.name == "alertOpened" })
        // The end that opened it stands before it.
        var early = entries
        early[index - 1].record = .clockStepped(ClockStepped(from: early[index].time, to: early[index].time))
        #expect(throws: Violation.self) { try AlertOracle.judge(early) }
        guard case .alertOpened(var record) = entries[index].record else { return }
        record.cause = .unknown
        entries[index].record = .alertOpened(record)
        #expect(throws: Violation.self) { try AlertOracle.judge(entries) }
    }

    @Test func `a message that tells the same twice is found`() throws {
        var entries = try Self.history.get()
        let index = try #require(entries.firstIndex { $0.record.isResolving })
        let double = entries[index].record
        entries[index + 1].record = double
        #expect(throws: Violation.self) { try AlertOracle.judge(entries) }
    }

    // MARK: Messages

    /// An alert of job 1, its opening at the hook as record 2, its resolve as record 3.
    private struct Story {
        var witness = MessageWitness()
        var entries: [Entry] = []

        init() throws {
            let opened = AlertOpened(
                job: JobID(1),
                key: "job/1",
                severity: .error,
                cause: .failing,
                title: "t",
                details: [],
                jobName: "j"
            )
            try write(.alertOpened(opened))
            for kind in [MessageKind.open, .resolve] {
                let alert = Sequence(1)
                let intent = MessageIntended(job: JobID(1), alert: alert, channel: "hook", kind: kind)
                try write(.messageIntended(intent))
            }
        }

        mutating func write(_ record: Record) throws {
            let entry = Entry(
                sequence: Sequence(UInt64(entries.count + 1)),
                time: Timestamp(seconds: 1),
                account: 1,
                visibility: .operator,
                record: record
            )
            entries.append(entry)
            try witness.take(entry)
        }

        mutating func end(_ message: UInt64, attempt: UInt16 = 1, isDelivered: Bool) throws {
            let (id, report) = (Sequence(message), MessageReport(attempt: attempt))
            if isDelivered {
                try write(.messageDelivered(MessageDelivered(job: JobID(1), message: id, report: report)))
            } else {
                let dead = MessageDead(job: JobID(1), message: id, report: report, reason: "no")
                try write(.messageDead(dead))
            }
        }

        mutating func hear(_ message: UInt64, key: String? = nil, alert: String = "job/1") throws {
            let type = message == 2 ? "alertOpened" : "alertResolved"
            let call = ReceivedCall(
                intent: Sequence(message),
                key: key ?? "key-\(message)",
                host: "hook.example",
                target: "/alerts",
                body: Array(#"{"type":"\#(type)","data":{"alert":"\#(alert)"}}"#.utf8),
                at: .zero
            )
            try witness.check(call, to: "hook", entries)
        }
    }

    @Test func `messages in their order, again after a crash, are sound`() throws {
        var story = try Story()
        try story.hear(2)
        try story.hear(2)
        try story.end(2, isDelivered: true)
        try story.hear(3)
        try story.end(3, isDelivered: true)
    }

    @Test func `a resolve before its trigger came to its end is found`() throws {
        var story = try Story()
        #expect(throws: Violation.self) { try story.hear(3) }
        try story.hear(2)
        #expect(throws: Violation.self) { try story.hear(3) }
    }

    @Test func `a trigger after its resolve is found`() throws {
        var story = try Story()
        try story.end(2, isDelivered: false)
        try story.hear(3)
        // The resolve may have been taken, though nobody knows.
        try story.write(.messageResent(MessageResent(job: JobID(1), message: Sequence(2))))
        #expect(throws: Violation.self) { try story.hear(2) }
    }

    @Test func `only what is dead is discarded, and then it is not told`() throws {
        var story = try Story()
        let discarded = Record.messageDiscarded(MessageDiscarded(job: JobID(1), message: Sequence(2)))
        #expect(throws: Violation.self) { try story.write(discarded) }
        var other = try Story()
        try other.end(2, isDelivered: false)
        try other.write(discarded)
        #expect(throws: Violation.self) { try other.hear(2) }
    }

    @Test func `what is done with, or was never announced, is not told`() throws {
        var story = try Story()
        try story.hear(2)
        try story.end(2, isDelivered: true)
        #expect(throws: Violation.self) { try story.hear(2) }
        #expect(throws: Violation.self) { try story.hear(1) }
        #expect(throws: Violation.self) { try story.hear(9) }
    }

    @Test func `another key for the same message, or the same for another, is found`() throws {
        var story = try Story()
        try story.hear(2)
        #expect(throws: Violation.self) { try story.hear(2, key: "another") }
        #expect(throws: Violation.self) { try story.hear(2, alert: "job/2") }
        try story.end(2, isDelivered: true)
        #expect(throws: Violation.self) { try story.hear(3, key: "key-2") }
    }

    @Test func `a delivery that nobody saw, and an end after the end, are found`() throws {
        var story = try Story()
        try story.end(2, isDelivered: true)
        #expect(throws: Violation.self) { try story.witness.checkDeliveries() }
        try story.end(3, isDelivered: false)
        #expect(throws: Violation.self) { try story.end(3, isDelivered: false) }
    }
}

extension Record {
    fileprivate var isResolving: Bool {
        if case .messageIntended(let record) = self { record.kind == .resolve } else { false }
    }
}
