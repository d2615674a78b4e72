import Domain
import Effects
import Integrations
import Testing

@testable import Counterparts

struct CachetTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var edition: CachetStub.Edition
        var component: String
        var name: String
        var testDescription: String { name }
        init(_ edition: CachetStub.Edition, component: String, _ name: String) {
            self.edition = edition
            self.component = component
            self.name = name
        }
    }

    static let rows = [
        Row(.twoThree, component: #"7,"details":true"#, "2.3-by-number"),
        Row(.twoFour, component: #""Reports""#, "2.4-by-name"),
        Row(.three, component: #""Reports""#, "3-by-name"),
        Row(.three, component: "7", "3-by-number"),
    ]

    private static func story(_ row: Row, _ more: String = "") throws -> Story {
        let version = row.edition == .three ? 3 : 2
        return try Story(
            #"{"kind":"cachet","version":\#(version),"url":"https://status.example.com","#
                + #""token":"t0k3n-of-20-letters","component":\#(row.component)\#(more)}"#
        )
    }

    private static func stub(_ row: Row) -> CachetStub {
        CachetStub(edition: row.edition, token: "t0k3n-of-20-letters")
    }

    @Test(arguments: rows)
    func `an incident goes from investigating over identified to fixed`(_ row: Row) throws {
        var stub = Self.stub(row)
        var story = try Self.story(row)
        var all = ""
        for kind in [AlertMessage.Kind.open, .remind, .acknowledge, .resolve] {
            let before = story.requests.count
            #expect(story.tell(kind) { stub.answer($0) }.isDelivered)
            let texts = story.requests[before...].map { $0.text + "\n" }.joined(separator: "\n")
            all += "=== \(kind.word)\n\(texts)\n"
            #expect(stub.incidents.count == 1)
            let incident = try #require(stub.incidents.first)
            let wanted: Int64 = kind == .acknowledge ? 2 : kind == .resolve ? 4 : 1
            #expect(incident.latest == wanted)
            #expect(stub.components.map(\.status) == [kind == .resolve ? 1 : 4, 1])
        }
        try Golden.expect(all, "cachet", "\(row.name).txt")
    }

    @Test(arguments: rows)
    func `an incident whose creation was not confirmed is found again`(_ row: Row) throws {
        var stub = Self.stub(row)
        stub.faults = [("incidents/", 500, false)]
        var story = try Self.story(row)
        let message = Story.message(.open)
        // The answer is lost after the incident was made.
        let lost = story.attempt(message) { request in
            let answer = stub.answer(request)
            return request.method == "POST" ? .failed(Failure(.closed, "closed")) : .answered(answer)
        }
        #expect(lost.isRetry)
        #expect(story.memory.facts["incident"] == nil)
        #expect(story.attempt(message) { .answered(stub.answer($0)) }.isDelivered)
        #expect(stub.incidents.count == 1)
        #expect(story.memory.facts["incident"] == "31")
    }

    @Test func `an alert that opens again is another incident`() throws {
        let row = Self.rows[1]
        var stub = Self.stub(row)
        var story = try Self.story(row)
        _ = story.tell(.open) { stub.answer($0) }
        _ = story.tell(.resolve) { stub.answer($0) }
        var again = Story.message(.open, sequence: 9000)
        again.openedAt = again.at
        #expect(story.attempt(again) { .answered(stub.answer($0)) }.isDelivered)
        #expect(stub.incidents.map(\.latest) == [4, 1])
    }

    @Test func `what was reached is kept when a later step fails`() throws {
        let row = Self.rows[0]
        var stub = Self.stub(row)
        stub.faults = [("components", 503, false)]
        var story = try Self.story(row)
        let message = Story.message(.open)
        #expect(story.attempt(message) { .answered(stub.answer($0)) }.isRetry)
        #expect(story.memory.facts["incident"] == "31")
        stub.log = []
        #expect(story.attempt(message) { .answered(stub.answer($0)) }.isDelivered)
        #expect(stub.log == ["PUT components/7"])
    }

    @Test func `a repeated update is not shown twice`() throws {
        let row = Self.rows[1]
        var stub = Self.stub(row)
        var story = try Self.story(row)
        #expect(story.tell(.open) { stub.answer($0) }.isDelivered)
        #expect(story.tell(.resolve) { stub.answer($0) }.isDelivered)
        #expect(story.tell(.resolve) { stub.answer($0) }.isDelivered)
        #expect(stub.incidents.first?.updates == [4])
    }

    @Test func `an incident deleted by hand does not keep the component from becoming well`() throws {
        let row = Self.rows[2]
        var stub = Self.stub(row)
        var story = try Self.story(row)
        _ = story.tell(.open) { stub.answer($0) }
        stub.incidents = []
        #expect(story.tell(.resolve) { stub.answer($0) }.isDelivered)
        #expect(stub.components.map(\.status) == [1, 1])
    }

    @Test func `a component is as bad as the worst alert that is open there`() throws {
        let row = Self.rows[0]
        var stub = Self.stub(row)
        var story = try Self.story(row)
        _ = story.tell(.open) { stub.answer($0) }
        #expect(story.tell(.resolve, worstOther: .error) { stub.answer($0) }.isDelivered)
        #expect(stub.incidents.first?.status == 4)
        #expect(stub.components.map(\.status) == [4, 1])
        var mild = try Self.story(row)
        _ = mild.tell(.open, severity: .warning, worstOther: .critical) { stub.answer($0) }
        #expect(stub.components.map(\.status) == [4, 1])
        _ = story.tell(.resolve, worstOther: .warning) { stub.answer($0) }
        #expect(stub.components.map(\.status) == [2, 1])
        _ = mild.tell(.resolve, worstOther: .info) { stub.answer($0) }
        #expect(stub.components.map(\.status) == [1, 1])
    }

    @Test func `what there is no need to send is no delivery`() throws {
        let row = Self.rows[0]
        var stub = Self.stub(row)
        var story = try Self.story(row)
        #expect(story.tell(.acknowledge) { stub.answer($0) }.ending == .needless)
        #expect(story.tell(.open) { stub.answer($0) }.ending == .delivered)
        #expect(story.tell(.remind) { stub.answer($0) }.ending == .needless)
        #expect(story.tell(.acknowledge) { stub.answer($0) }.ending == .delivered)
    }

    @Test(arguments: [rows[0], rows[1]])
    func `an incident's number is not used at another server`(_ row: Row) throws {
        var stub = Self.stub(row)
        var story = try Self.story(row)
        _ = story.tell(.open) { stub.answer($0) }
        #expect(story.memory.facts["incident"] == "31")
        var other = Self.stub(row)
        var elsewhere = try Story(
            #"{"kind":"cachet","url":"https://other.example.com","token":"t0k3n-of-20-letters","#
                + #""component":\#(row.component)}"#
        )
        // Somebody else's.
        _ = elsewhere.tell(.test) { other.answer($0) }
        elsewhere.memory = story.memory
        other.log = []
        #expect(elsewhere.tell(.acknowledge) { other.answer($0) }.ending == .needless)
        #expect(elsewhere.tell(.resolve) { other.answer($0) }.isDelivered)
        #expect(!other.log.contains { $0.contains("incidents") }, "\(other.log)")
        #expect(elsewhere.memory.facts["incident"]?.isEmpty != false || row.name == "2.3-by-number")
        other.log = []
        #expect(elsewhere.tell(.acknowledge) { other.answer($0) }.ending == .needless)
        #expect(elsewhere.tell(.remind) { other.answer($0) }.isDelivered)
        #expect(elsewhere.memory.facts["incident"] == "32")
    }

    @Test func `severity and settings choose the component's status`() throws {
        let row = Self.rows[0]
        var stub = Self.stub(row)
        var mild = try Self.story(row)
        _ = mild.tell(.open, severity: .warning) { stub.answer($0) }
        #expect(stub.components.map(\.status) == [2, 1])
        var chosen = try Self.story(row, #","component_status":"partial outage""#)
        _ = chosen.tell(.open) { stub.answer($0) }
        #expect(stub.components.map(\.status) == [3, 1])
    }

    @Test func `a test is seen by the page's own people only`() throws {
        let row = Self.rows[2]
        var stub = Self.stub(row)
        var story = try Self.story(row)
        #expect(story.tell(.test) { stub.answer($0) }.isDelivered)
        #expect(stub.incidents.first?.isVisible == false)
        #expect(stub.incidents.first?.status == 4)
        #expect(stub.components.map(\.status) == [1, 1])
        #expect(story.requests.allSatisfy { $0.json?["notifications"]?.bool != true })
    }

    @Test func `a component that is not there is a dead letter with the remedy`() throws {
        var stub = Self.stub(Self.rows[1])
        var story = try Self.story(Row(.twoFour, component: #""Reprots""#, ""))
        let verdict = story.tell(.open) { stub.answer($0) }
        #expect(verdict.isDead)
        #expect(verdict.reason?.hasPrefix(#"Cachet has no component named "Reprots""#) == true)
        #expect(stub.incidents.count == 1)
    }

    @Test func `a wrong token breaks the channel, a server error does not`() throws {
        let row = Self.rows[0]
        var stub = CachetStub(edition: .twoThree, token: "another")
        var story = try Self.story(row)
        #expect(story.tell(.open) { stub.answer($0) }.isBroken)
        #expect(story.opened(answer: .text(500, "")).isRetry)
        #expect(story.opened(answer: .text(429, "", retryAfter: "9")).pausedUntil == story.now + .seconds(9))
        #expect(story.opened(answer: .text(404, "")).isBroken)
        #expect(story.opened(answer: .text(422, "no")).isDead)
        #expect(story.attempt(Story.message(.open)) { _ in .answered(.text(200, "<html>")) }.isBroken)
    }
}
