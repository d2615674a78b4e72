import Domain
import Testing

@Suite struct SourceTests {
    private static let wish =
        #"{"url":"wss://stream.example.com","username":"me","token":"topsecret","alert_after":"2m"}"#

    @Test func `a stream is made, shown without its secrets, changed, paused and removed`() async throws {
        let rig = try await SiteRig()
        let path = "/chronatogapi/1/streams/tutum"
        let made = await rig.send("PUT", path, Self.wish)
        #expect(made.status == 200)
        #expect(!made.text.contains("topsecret"))
        #expect(made.text.contains(#""url":"wss://stream.example.com/v1/events""#))
        #expect(made.text.contains(#""login":"me""#))
        #expect(made.text.contains(#""alert_after":"2m""#))
        let other = #"{"url":"wss://stream.example.com/x","alert_after":"off"}"#
        let changed = await rig.send("PUT", path, other)
        #expect(changed.text.contains(#""login":"me""#), "the login of the same server is kept")
        #expect(changed.text.contains(#""alert_after":"off""#))
        #expect(await rig.send("POST", "\(path)/resume").status == 409)
        #expect(await rig.send("POST", "\(path)/pause").text.contains(#""state":"paused""#))
        #expect(await rig.send("POST", "\(path)/resume").text.contains(#""state":"connecting""#))
        let object = await rig.send("GET", "/api/v1/connection/tutum")
        #expect(object.text.contains(#""state":"Connecting""#))
        let metrics = await rig.send("GET", "/-/metrics")
        #expect(metrics.text.contains("chronatog_stream_up{stream=\"tutum\"} 0"))
        let missing = await rig.send("GET", "/chronatogapi/1/streams/tutm")
        #expect(missing.status == 404)
        #expect(missing.text.contains("Did you mean tutum?"))
        #expect(await rig.send("DELETE", path).status == 200)
        let gone = await rig.send("GET", "/api/v1/connection/tutum")
        #expect(gone.text.contains(#""state":"Terminated""#))
        #expect(await rig.send("GET", "/chronatogapi/1/streams").json == .array([]))
        await rig.stop()
    }

    @Test func `what cannot be a stream is refused by field, and only the operator is asked`() async throws {
        let rig = try await SiteRig()
        let path = "/chronatogapi/1/streams/tutum"
        for (body, field) in [
            (#"{"url":"ftp://h"}"#, "url"), (#"{"url":"wss://10.0.0.1"}"#, "url"),
            (#"{"url":"wss://h","username":"a"}"#, "token"), (#"{"url":"wss://h","tokn":"a"}"#, "tokn"),
            (#"{"url":"wss://h","alert_after":"31d"}"#, "alert_after"),
        ] {
            let answer = await rig.send("PUT", path, body)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.text.contains(#""field":"\#(field)""#), "\(answer.text)")
        }
        #expect(await rig.send("PUT", "/chronatogapi/1/streams/A%20b", Self.wish).status == 422)
        let other = "Basic \(Base64.encode(Array("Udefault:Pdefault".utf8)))"
        #expect(await rig.send("GET", "/chronatogapi/1/streams", as: other).status != 200)
        await rig.stop()
    }
}
