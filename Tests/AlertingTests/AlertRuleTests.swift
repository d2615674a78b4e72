import Alerting
import Domain
import Testing

struct AlertRuleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var result: SlotResult
        var isGone = false
        var failures: UInt32 = 1
        var after: UInt32 = 1
        var isOpen = false
        var verdict: AlertRule.Verdict
    }

    static let rows: [Row] = [
        Row(testDescription: "a failure opens", result: .failed, verdict: .open(.failing)),
        Row(
            testDescription: "a second one does not",
            result: .failed,
            failures: 2,
            isOpen: true,
            verdict: .nothing
        ),
        Row(testDescription: "a success resolves", result: .ok, failures: 0, isOpen: true, verdict: .resolve),
        Row(testDescription: "a success of a well job", result: .ok, failures: 0, verdict: .nothing),
        Row(testDescription: "too few", result: .failed, failures: 2, after: 3, verdict: .nothing),
        Row(testDescription: "enough", result: .failed, failures: 3, after: 3, verdict: .open(.failing)),
        Row(testDescription: "off", result: .failed, failures: 9, after: 0, verdict: .nothing),
        Row(testDescription: "gone", result: .failed, isGone: true, after: 3, verdict: .open(.gone)),
        Row(testDescription: "held", result: .unknownHeld, verdict: .open(.unknown)),
        Row(testDescription: "missed", result: .missedWindow, failures: 4, verdict: .open(.missed)),
        Row(testDescription: "no place", result: .limitExpired, verdict: .open(.limitExpired)),
        Row(testDescription: "a pause is a choice", result: .paused, failures: 0, verdict: .nothing),
        Row(
            testDescription: "so is a skip",
            result: .overlapSkipped,
            failures: 0,
            isOpen: true,
            verdict: .nothing
        ),
    ]

    @Test(arguments: rows)
    func `an end opens, resolves, or does nothing`(_ row: Row) {
        let verdict = AlertRule.judge(
            row.result,
            isGone: row.isGone,
            failures: row.failures,
            after: row.after,
            isOpen: row.isOpen
        )
        #expect(verdict == row.verdict)
    }

    @Test func `the text says which job, how often, why, and what to do`() {
        let failure = Failure(.status, "answered 503")
        let text = AlertText(.failing, name: "report", failures: 3, failure: failure, status: 503)
        #expect(text.title == "report failed 3 times in a row")
        #expect(text.details.first == "answered 503")
        #expect(text.details.contains(FailureKind.status.nextStep))
    }
}
