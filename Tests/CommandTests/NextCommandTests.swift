import Cron
import Testing

@testable import chronatog

struct NextCommandTests {
    private let now = Instant(seconds: 1_767_225_600)

    @Test func `a fixed time in a gap runs at its end`() throws {
        var question = NextQuestion(expression: "30 2 * * *")
        question.zone = "America/New_York"
        question.from = "2026-03-07T12:00:00Z"
        #expect(try question.instants(now: now).map(\.rfc3339) == ["2026-03-08T07:00:00Z"])
        question.dst = "literal"
        #expect(try question.instants(now: now).map(\.rfc3339) == ["2026-03-09T06:30:00Z"])
    }

    @Test func `fewer come when the schedule ends`() throws {
        var question = NextQuestion(expression: "R2/2026-02-01T00:00Z/PT1H")
        question.count = 5
        #expect(try question.instants(now: now).count == 2)
    }

    struct Line: Sendable, CustomTestStringConvertible {
        var question: String
        var answer: String
        var testDescription: String { question }
    }

    @Test(arguments: [
        Line(
            question: #"{"expression":"0 0 * * *","from":"2026-01-01T00:00:00Z","count":2}"#,
            answer: #"{"instants":["2026-01-02T00:00:00Z","2026-01-03T00:00:00Z"]}"#
        ),
        Line(
            question: #"{"expression":"0 0 * * *","from":"2026-01-01T00:00:00Z","zone":"Europe/Lodnon"}"#,
            answer: "Europe/London"
        ),
        Line(question: #"{"expression":"0 0 * *"}"#, answer: #"{"error":""#),
        Line(question: #"{"expression":"0 0 * * *","cuont":2}"#, answer: "did you mean count?"),
        Line(question: #"{"expression":"0 0 * * *","count":0}"#, answer: "count takes 1 to"),
        Line(question: #"{"zone":"UTC"}"#, answer: "expression is missing"),
        Line(question: "nonsense", answer: "not JSON"),
        Line(question: "[]", answer: "must be a JSON object"),
    ])
    func `a line is answered by a line`(_ row: Line) {
        let answer = String(decoding: NextLines.answer(Array(row.question.utf8)[...]), as: UTF8.self)
        #expect(answer.contains(row.answer))
        #expect(answer.hasSuffix("}\n") && !answer.dropLast().contains("\n"))
    }
}
