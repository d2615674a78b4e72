import Domain
import Testing

@testable import Journaling

struct AlertStateTests {
    private static let start = Timestamp(microseconds: 1_767_225_600_123_456)
    private static let job = JobID(1)

    private static func ledger(_ records: [Record]) throws -> Ledger {
        var ledger = Ledger()
        for (index, record) in records.enumerated() {
            let entry = Entry(
                sequence: Sequence(UInt64(index + 1)),
                time: start + .seconds(Int64(index)),
                account: 1,
                visibility: .account,
                record: record
            )
            try ledger.apply(entry, at: .none)
        }
        return ledger
    }

    /// One alert acknowledged, one resolved; messages waiting, tried, dead; a channel that rests.
    private static let records: [Record] = [
        .jobRegistered(
            JobRegistered(
                job: job,
                scheduler: 1,
                definition: SampleRecord.definition.packed(),
                cursor: start,
                next: start
            )
        ),
        .slotsDecided(
            SlotsDecided(
                job: job,
                revision: 1,
                first: SampleRecord.slot(line: 0, at: start, offset: 0, fold: 0),
                last: SampleRecord.slot(line: 0, at: start, offset: 0, fold: 0),
                count: 3,
                result: .limitExpired,
                reason: .limitWait,
                cursor: start,
                next: start
            )
        ),
        opened("job/1"),
        intended(3, "slack", .open),
        .messageFailed(
            MessageFailed(
                job: job,
                message: Sequence(4),
                report: MessageReport(attempt: 1, remember: ["a": "1"], limits: ["": start + .days(1)]),
                reason: "busy",
                retryAt: start + .minutes(1)
            )
        ),
        intended(3, "pagerduty", .open),
        .messageDead(
            MessageDead(
                job: job,
                message: Sequence(6),
                report: MessageReport(attempt: 1),
                reason: "no",
                isBroken: true
            )
        ),
        .alertAcknowledged(AlertAcknowledged(job: job, alert: Sequence(3))),
        .alertResolved(AlertResolved(job: job, alert: Sequence(3), end: .recovered)),
        opened("job/1"),
        .messageIntended(MessageIntended(job: nil, alert: .zero, channel: "slack", kind: .test)),
        .channelConfigured(SampleRecord.configured),
        later(10, "night", .open),
        later(10, "night", .remind),
        .messagesGrouped(MessagesGrouped(leader: Sequence(13), members: [Sequence(14)])),
        .messageIntended(
            MessageIntended(job: nil, check: CheckID(3), alert: .zero, channel: "slack", kind: .success)
        ),
        .messageFailed(
            MessageFailed(
                job: nil,
                message: Sequence(16),
                report: MessageReport(attempt: 1, remember: ["served": "a@x.example"]),
                reason: "one is busy",
                retryAt: start + .minutes(1)
            )
        ),
    ]

    private static func opened(_ key: String) -> Record {
        .alertOpened(
            AlertOpened(
                job: job,
                key: key,
                severity: .error,
                cause: .missed,
                title: "t",
                details: ["d"],
                jobName: "n"
            )
        )
    }

    private static func intended(_ alert: UInt64, _ channel: String, _ kind: MessageKind) -> Record {
        .messageIntended(MessageIntended(job: job, alert: Sequence(alert), channel: channel, kind: kind))
    }

    private static func later(_ alert: UInt64, _ channel: String, _ kind: MessageKind) -> Record {
        .messageIntended(
            MessageIntended(
                job: job,
                alert: Sequence(alert),
                channel: channel,
                kind: kind,
                notBefore: start + .hours(7)
            )
        )
    }

    @Test func `a snapshot holds alerts, messages, channels and failures to the last bit`() throws {
        let ledger = try Self.ledger(Self.records)
        #expect(ledger.alerts.messages.count == 6)
        #expect(ledger.alerts.messages[Sequence(13)]?.members == [Sequence(14)])
        #expect(ledger.alerts.messages[Sequence(16)]?.facts == ["served": "a@x.example"])
        #expect(ledger.alerts.configured.keys.sorted() == ["night"])
        #expect(ledger.alerts.failures == [Self.job: 3])
        #expect(ledger.alerts.open == ["job/1": Sequence(10)])
        #expect(ledger.alerts.alerts[Sequence(3)]?.end == .recovered)
        let bytes = LedgerState.pack(ledger)
        let state = try LedgerState(bytes)
        #expect(state.alerts == ledger.alerts)
    }

    @Test func `what was not sent mends nothing and overtakes nothing, but for an end`() throws {
        func needless(_ kind: MessageKind) throws -> AlertTable {
            var records = Array(Self.records[...6])
            records.append(Self.intended(3, "pagerduty", kind))
            records.append(
                .messageDelivered(
                    MessageDelivered(
                        job: Self.job,
                        message: Sequence(8),
                        report: MessageReport(attempt: 1),
                        isNeedless: true
                    )
                )
            )
            return try Self.ledger(records).alerts
        }
        let seen = try needless(.acknowledge)
        #expect(seen.channels["pagerduty"]?.brokenBecause == "no")
        #expect(seen.messages[Sequence(6)]?.isOvertaken == false)
        let over = try needless(.resolve)
        #expect(over.channels["pagerduty"]?.brokenBecause == "no")
        #expect(over.messages[Sequence(6)]?.isOvertaken == true)
    }

    @Test func `a damaged state never traps`() throws {
        let bytes = LedgerState.pack(try Self.ledger(Self.records))
        for count in 0..<bytes.count { _ = try? LedgerState(Array(bytes[..<count])) }
        for bit in 0..<bytes.count * 8 {
            var altered = bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            _ = try? LedgerState(altered).alerts
        }
    }

    @Test func `records about what is not there are refused`() throws {
        #expect(throws: LedgerError.unknownAlert(Sequence(9), sequence: Sequence(2))) {
            _ = try Self.ledger([Self.records[0], Self.intended(9, "slack", .open)])
        }
        let resent = Record.messageResent(MessageResent(job: nil, message: Sequence(9)))
        #expect(throws: LedgerError.unknownMessage(Sequence(9), sequence: Sequence(1))) {
            _ = try Self.ledger([resent])
        }
    }

    @Test func `of alerts that are resolved and told of, the latest are kept`() throws {
        var records = Array(Self.records[...1])
        for _ in 0..<(AlertTable.doneMax + 3) {
            let alert = UInt64(records.count + 1)
            records += [Self.opened("job/1"), Self.intended(alert, "slack", .open)]
            records += [Self.delivered(alert + 1), Self.intended(alert, "slack", .resolve)]
            records.append(
                .alertResolved(AlertResolved(job: Self.job, alert: Sequence(alert), end: .recovered))
            )
            records.append(Self.delivered(alert + 3))
        }
        let table = try Self.ledger(records).alerts
        #expect(table.messages.isEmpty && table.open.isEmpty)
        #expect(table.alerts.count == AlertTable.doneMax)
        #expect(table.alerts[Sequence(3)] == nil)
        let state = try LedgerState(LedgerState.pack(try Self.ledger(records)))
        #expect(state.alerts == table)
    }

    private static func delivered(_ message: UInt64) -> Record {
        let report = MessageReport(attempt: 1)
        return .messageDelivered(MessageDelivered(job: job, message: Sequence(message), report: report))
    }

    @Test func `no more dead messages are kept than a person will read`() throws {
        var records = [Self.records[0], Self.records[1], Self.opened("job/1")]
        for _ in 0..<(AlertTable.deadMax + 5) {
            records.append(Self.intended(3, "slack", .remind))
            records.append(
                .messageDead(
                    MessageDead(
                        job: Self.job,
                        message: Sequence(UInt64(records.count)),
                        report: MessageReport(attempt: 1),
                        reason: "no"
                    )
                )
            )
        }
        let table = try Self.ledger(records).alerts
        #expect(table.dead.count == AlertTable.deadMax)
        #expect(table.messages.count == AlertTable.deadMax)
    }
}
