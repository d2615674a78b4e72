import Domain
import Effects
import Testing

@testable import Counterparts
@testable import Integrations

struct EmailTests {
    private static let settings =
        #"{"kind":"email","server":"smtp.example.com","user":"cron","password":"pa55word","#
        + #""from":"Chronatog <cron@example.com>","to":["ops@example.com","Zoë Ümlaut <zoe@example.org>"]}"#

    @Test func `open, acknowledge and resolve are one thread`() throws {
        var stub = MailStub()
        var story = try Story(Self.settings)
        var sequence: UInt64 = 4711
        for kind in [AlertMessage.Kind.open, .remind, .acknowledge, .resolve] {
            sequence += 60
            let verdict = story.post(Story.message(kind, sequence: sequence)) { stub.answer($0) }
            #expect(verdict.isDelivered, "\(verdict)")
            let text = String(decoding: story.mails.last?.message ?? [], as: UTF8.self)
            try Golden.expect(text, "email", "\(kind.word).eml")
        }
        let ids = stub.letters.map { $0.header("Message-ID") }
        #expect(Set(ids).count == 4)
        #expect(stub.letters.map { $0.header("In-Reply-To") } == [nil, ids[0], ids[1], ids[2]])
        #expect(
            stub.letters[3].header("References") == [ids[0], ids[2]].compactMap { $0 }.joined(separator: " ")
        )
        #expect(stub.letters[0].header("To")?.contains("Zoë Ümlaut <zoe@example.org>") == true)
        #expect(
            stub.letters[0].header("Subject") == "[critical] nightly-report <A&B> failed 3 times in a row"
        )
        #expect(stub.letters[3].header("Subject")?.hasPrefix("Resolved: ") == true)
        #expect(story.mails[0].server.login?.password == "pa55word")
        #expect(!story.mails.contains { String(decoding: $0.message, as: UTF8.self).contains("pa55word") })
    }

    @Test func `an attempt repeated is the same letter`() throws {
        var story = try Story(Self.settings)
        let message = Story.message(.open)
        let failed = story.post(message) { _ in .failed(Failure(.closed, "closed")) }
        #expect(failed.isRetry)
        story.now = story.now + .seconds(500)
        _ = story.post(message) { _ in .failed(Failure(.closed, "closed")) }
        #expect(story.mails[0] == story.mails[1])
    }

    @Test func `any text reaches its reader`() throws {
        var stub = MailStub()
        var story = try Story(Self.settings)
        let title = "Sauvegarde échouée: ☃ \u{1F600} " + String(repeating: "très long ", count: 30)
        let details = [
            "line one\nline two =20 .", ".", String(repeating: "é", count: 500), "ends in a blank ", "",
        ]
        let message = Story.message(.open, title: title + "\r\nBcc: evil@example.com", details: details)
        #expect(story.post(message) { stub.answer($0) }.isDelivered)
        let text = String(decoding: story.mails[0].message, as: UTF8.self)
        try Golden.expect(text, "email", "any-text.eml")
        let letter = try #require(stub.letters.first)
        #expect(letter.header("Bcc") == nil)
        #expect(
            letter.header("Subject")?.hasPrefix("[critical] Sauvegarde échouée: ☃ \u{1F600} très") == true
        )
        #expect(letter.body.contains("line one\nline two =20 .\n.\n" + String(repeating: "é", count: 500)))
        #expect(letter.body.contains("ends in a blank \n"))
    }

    @Test func `only those who were not served get the letter again`() throws {
        var stub = MailStub()
        stub.busy = ["zoe@example.org"]
        var story = try Story(Self.settings)
        let message = Story.message(.open)
        #expect(story.post(message) { stub.answer($0) }.isRetry)
        stub.busy = []
        #expect(story.post(message) { stub.answer($0) }.isDelivered)
        #expect(
            story.mails.map(\.recipients) == [["ops@example.com", "zoe@example.org"], ["zoe@example.org"]]
        )
        #expect(stub.letters.map { $0.header("In-Reply-To") } == [nil, nil])
    }

    @Test func `a recipient that does not exist is a dead letter that names him`() throws {
        var stub = MailStub()
        stub.unknown = ["zoe@example.org"]
        var story = try Story(Self.settings)
        let verdict = story.post(Story.message(.open)) { stub.answer($0) }
        #expect(verdict.isDead)
        #expect(verdict.reason?.contains("zoe@example.org: 550 5.1.1 no such user") == true)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var stage: MailAnswer.Stage
        var code: UInt16
        var ending: String
        var testDescription: String { "\(code) at \(stage.rawValue)" }
        init(_ stage: MailAnswer.Stage, _ code: UInt16, _ ending: String) {
            self.stage = stage
            self.code = code
            self.ending = ending
        }
    }

    static let refusals = [
        Row(.greeting, 421, "retry"), Row(.greeting, 554, "dead"), Row(.security, 502, "broken"),
        Row(.security, 454, "retry"), Row(.login, 535, "broken"), Row(.login, 454, "retry"),
        Row(.sender, 550, "dead"), Row(.recipients, 450, "retry"), Row(.recipients, 550, "dead"),
        Row(.message, 452, "retry"), Row(.message, 554, "dead"),
    ]

    @Test(arguments: refusals)
    func `a reply of four hundred is tried again, one of five hundred is final`(_ row: Row) throws {
        var story = try Story(Self.settings)
        let verdict = story.post(Story.message(.open)) { _ in
            .answered(MailAnswer(stage: row.stage, code: row.code, text: "no, pa55word"))
        }
        let ending = verdict.isRetry ? "retry" : verdict.isBroken ? "broken" : verdict.isDead ? "dead" : "ok"
        #expect(ending == row.ending)
        #expect(verdict.reason?.contains("pa55word") == false)
    }
}
