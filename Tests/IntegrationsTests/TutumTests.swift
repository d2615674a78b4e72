import Domain
import Integrations
import Testing

/// Messages, credentials and the pace of coming back, as `reference/streams-hooks-status.md` §1 has them.
struct TutumTests {
    private func message(_ text: String) -> TutumMessage? { TutumMessage(Array(text.utf8)) }

    @Test func `an event's line has the tutorial's five fields in its order`() {
        let text = """
            {"type":"container","action":"update","parents":["/api/v1/service/5/","/api/v1/stack/7/"],\
            "resource_uri":"/api/v1/container/9/","state":"Running"}
            """
        guard case .event(let event)? = message(text) else {
            Issue.record("no event")
            return
        }
        #expect(
            event.line
                == "container:update:Running:/api/v1/container/9/:/api/v1/service/5/,/api/v1/stack/7/"
        )
        #expect(event.sequence == nil, "Tutum does not count")
    }

    @Test func `auth, error and notifications are told apart`() {
        #expect(message(#"{"type":"auth"}"#) == .auth)
        #expect(
            message(#"{"type":"error","data":{"errorMessage":"UNAUTHORIZED"}}"#) == .error("UNAUTHORIZED")
        )
        #expect(TutumMessage.isRefusal("UNAUTHORIZED"))
        #expect(!TutumMessage.isRefusal("SLOW_CONSUMER"))
        if case .notifications? = message(#"{"type":"user-notifications"}"#) {} else { Issue.record("none") }
        for text in ["", "null", "[]", #"{"action":"create"}"#, #"{"type":"#] {
            #expect(message(text) == nil)
        }
    }

    @Test func `an event of a server that counts has its sequence`() {
        guard case .event(let event)? = message(#"{"type":"run","action":"create","seq":12}"#) else {
            Issue.record("no event")
            return
        }
        #expect(event.sequence == 12)
        #expect(event.line == "run:create:::")
    }

    @Test func `the whole Authorization value goes before name and key`() {
        let both = ["TUTUM_AUTH": "Basic x", "TUTUM_TOKEN": "apikey", "TUTUM_USERNAME": "username"]
        #expect(TutumLogin(environment: both)?.header == "Basic x")
        let key = TutumLogin(environment: ["TUTUM_TOKEN": "apikey", "TUTUM_USERNAME": "username"])
        #expect(key?.header == "Basic dXNlcm5hbWU6YXBpa2V5")
        #expect(TutumLogin(environment: ["TUTUM_TOKEN": "apikey"]) == nil)
        #expect(TutumLogin(environment: ["TUTUM_AUTH": ""]) == nil)
    }

    @Test func `the wait doubles from a second to a minute, and begins anew after a minute of health`() {
        var pace = ReconnectPace()
        let waits = (0..<8).map { _ in pace.next(healthy: .zero, asked: nil, chance: 1) }
        #expect(waits.map(\.microseconds) == [1, 2, 4, 8, 16, 32, 60, 60].map { $0 * 1_000_000 })
        #expect(pace.next(healthy: .seconds(59), asked: nil, chance: 1) == .seconds(60))
        #expect(pace.next(healthy: .seconds(60), asked: nil, chance: 1) == .seconds(1))
        #expect(pace.next(healthy: .zero, asked: nil, chance: 0) == .zero)
        #expect(
            pace.next(healthy: .zero, asked: .seconds(90), chance: 0) == .seconds(90),
            "Retry-After counts"
        )
    }
}
