import Domain
import Testing

struct ReactionTests {
    private static let event = """
        {"type":"container","action":"update","state":"Running","resource_uri":"/api/v1/container/9/",\
        "parents":["/api/v1/service/1/","/api/v1/stack/2/"],"data":{"n":[1,{"x":"y"}]}}
        """

    private func happening(_ kind: SourceHappening.Kind, _ message: String = "") -> SourceHappening {
        SourceHappening(
            source: "tutum",
            kind: kind,
            at: Timestamp(seconds: 0),
            message: Array(message.utf8),
            outage: 1
        )
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var isWanted: Bool
        var change: @Sendable (inout StreamTrigger) -> Void

        init(_ name: String, _ isWanted: Bool, _ change: @escaping @Sendable (inout StreamTrigger) -> Void) {
            testDescription = name
            self.isWanted = isWanted
            self.change = change
        }
    }

    static let rows = [
        Row("no filter", true) { _ in },
        Row("its type", true) { $0.types = ["service", "container"] },
        Row("another type", false) { $0.types = ["service"] },
        Row("its action and state", true) {
            $0.actions = ["update"]
            $0.states = ["Running"]
        },
        Row("another state", false) { $0.states = ["Stopped"] },
        Row("a parent's kind", true) { $0.parents = ["stack"] },
        Row("a parent", true) { $0.parents = ["/api/v1/service/1/"] },
        Row("another parent", false) { $0.parents = ["/api/v1/service/2/"] },
        Row("another stream", false) { $0.source = "other" },
        Row("closes", false) { $0.on = .close },
    ]

    @Test(arguments: rows) func `a trigger wants what all its filters let through`(_ row: Row) {
        var trigger = StreamTrigger(source: "tutum", on: .message)
        row.change(&trigger)
        let event = happening(.message, Self.event)
        #expect(trigger.wants(event, StreamFacts(event.message)) == row.isWanted)
    }

    @Test func `values are named by the event's words, by paths, and by what was looked up`() {
        var values = EventValues(RunCause(happening(.message, Self.event), depth: 1))
        values.bound["stack"] = .object([.init("name", .string("web")), .init("gone", .null)])
        values.missing = ["node"]
        #expect(values.value("action_past") == .string("updated"))
        #expect(values.value("event.data.n.1.x") == .string("y"))
        #expect(values.value("parents")?.plainText == "/api/v1/service/1/,/api/v1/stack/2/")
        #expect(values.value("stack.name") == .string("web"))
        #expect(values.value("stack.gone") == .string(""))
        #expect(values.value("node.name") == .string(EventValues.unknown))
        #expect(values.value("nobody.name") == nil)
        #expect(EventValues.past(of: "restart") == "restarted")
    }

    @Test func `a definition with triggers is known by one look at its end`() throws {
        let plain = JobDefinition(callback: Callback(target: .sink("/_sink/200")), schedule: ["@hourly"])
        var reacting = plain
        let trigger = StreamTrigger(source: "tutum", on: .open)
        reacting.reaction = Reaction(triggers: [trigger], steps: [JobStep(.note, [.init("text", "x")])])
        #expect(!Reaction.mayStand(in: plain.packed()))
        #expect(Reaction.mayStand(in: reacting.packed()))
        #expect(try JobDefinition(packed: reacting.packed()) == reacting)
        #expect(try JobDefinition(packed: plain.packed()).reaction == nil)
    }

    @Test func `a step's message comes back from its text`() throws {
        let message = StepMessage(.pagerDuty, [.init("key", "a"), .init("details.x.y", "1")])
        let read = StepMessage(try JSONReader.value(of: message.json.text))
        #expect(read == message)
        #expect(read?.members(of: "details") == [.init("x.y", "1")])
    }
}
