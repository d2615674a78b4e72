import Domain
import Effects
import Integrations
import Testing

@testable import Counterparts

/// An xMatters HTTP trigger: URL key, Basic or bearer; a form's body when recipients are named.
private struct XMattersStub {
    var requests = 0
    var accepts: (ChannelRequest) -> Bool

    mutating func answer(_ request: ChannelRequest) -> Answer {
        guard request.method == "POST",
            request.address.path == "/api/integration/1/functions/3a9c-77/triggers"
        else { return .text(404, #"{"code":404}"#) }
        guard accepts(request) else { return .text(401, #"{"code":401,"reason":"Unauthorized"}"#) }
        guard let json = request.json, case .object? = json["properties"],
            ["LOW", "MEDIUM", "HIGH"].contains(json["priority"]?.string),
            json["recipients"]?.array?.allSatisfy({ $0["targetName"]?.string != nil }) ?? true
        else { return .text(400, #"{"code":400}"#) }
        requests += 1
        return .text(202, #"{"requestId":"request-\#(requests)"}"#)
    }
}

struct XMattersTests {
    private static let url = "https://acme.xmatters.com/api/integration/1/functions/3a9c-77/triggers"

    @Test func `the request id of the opening message goes with all later ones`() throws {
        var stub = XMattersStub { $0.address.query == "apiKey=k3y-in-url" }
        var story = try Story(
            #"{"kind":"xmatters","url":"\#(Self.url)?apiKey=k3y-in-url","recipients":["Night shift"]}"#
        )
        for kind in AlertMessage.Kind.allCases where kind != .success {
            #expect(story.tell(kind) { stub.answer($0) }.isDelivered)
            try Golden.expect(story.requests.last?.text ?? "", "xmatters", "\(kind.word).txt")
        }
        #expect(story.memory.facts["request_id"] == "request-1")
        #expect(story.requests.last?.json?["properties"]?["open_request_id"]?.string == "request-1")
    }

    @Test func `user and bearer are credentials too`() throws {
        var basic = XMattersStub { $0.header("Authorization") == "Basic dXNlcm5hbWU6YXBpa2V5" }
        let withUser = "https://username:apikey@" + Self.url.dropFirst(8)
        var story = try Story(#"{"kind":"xmatters","url":"\#(withUser)"}"#)
        #expect(story.tell(.open) { basic.answer($0) }.isDelivered)
        #expect(story.requests[0].text.contains("username") == false)
        var bearer = XMattersStub { $0.header("Authorization") == "Bearer t0ken" }
        var other = try Story(#"{"kind":"xmatters","url":"\#(Self.url)","bearer":"t0ken"}"#)
        #expect(other.tell(.open) { bearer.answer($0) }.isDelivered)
    }

    @Test func `bad credentials break the channel, limits rest it, the rest is tried again`() throws {
        var story = try Story(#"{"kind":"xmatters","url":"\#(Self.url)?apiKey=k3y-in-url"}"#)
        for status: UInt16 in [401, 403, 404] {
            let verdict = story.opened(answer: .text(status, "no apiKey=k3y-in-url"))
            #expect(verdict.isBroken)
            #expect(verdict.reason?.contains("k3y") == false)
        }
        #expect(story.opened(answer: .text(400, "bad")).isDead)
        #expect(story.opened(answer: .text(429, "")).pausedUntil == story.now + .seconds(60))
        #expect(story.opened(answer: .text(500, "")).isRetry)
    }
}
