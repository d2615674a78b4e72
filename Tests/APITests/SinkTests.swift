import Domain
import Effects
import Testing

struct SinkTests {
    private let now = Timestamp(seconds: 1_767_225_600)

    private func call(_ sink: inout Sink, _ target: String, id: String = "") -> SinkReply {
        let headers = id.isEmpty ? [] : [(name: "Webhook-Id", value: id)]
        return sink.receive(method: "POST", target: target, headers: headers, body: [1, 2, 3], now: now)
    }

    private func statuses(_ sink: inout Sink, _ target: String, _ times: Int, id: String = "") -> [UInt16] {
        (0..<times).map { _ in call(&sink, target, id: id).status }
    }

    @Test func `it answers as its path says`() {
        var sink = Sink()
        let reply = call(&sink, "/_sink/418?delay=250ms&after=2s&bytes=5")
        #expect(reply.status == 418)
        #expect(reply.body == Array("xxxxx".utf8))
        #expect(reply.delay == .milliseconds(250))
        #expect(reply.after == .seconds(2))
        let hanging = ["hang=1", "hang", "hang=0", ""].map { call(&sink, "/_sink/200?\($0)").hangs }
        #expect(hanging == [true, true, false, false])
        let empty = call(&sink, "/_sink/204").body
        #expect(empty.isEmpty)
    }

    @Test func `fail_first counts each run by itself`() {
        var sink = Sink()
        let target = "/_sink/200?fail_first=2"
        let (a, b) = (statuses(&sink, target, 4, id: "a"), statuses(&sink, target, 3, id: "b"))
        #expect(a == [503, 503, 200, 200])
        #expect(b == [503, 503, 200])
        let nameless = statuses(&sink, target, 3)
        #expect(nameless == [503, 503, 200])
        sink.clear()
        let cleared = statuses(&sink, target, 1, id: "a")
        #expect(cleared == [503])
    }

    @Test(arguments: [
        "/_sink/", "/_sink/99", "/_sink/600", "/_sink/x", "/_sink/200?delay=x", "/_sink/200?bytes=-1", "/x",
    ])
    func `what it does not understand is 400`(target: String) {
        var sink = Sink()
        let status = call(&sink, target).status
        #expect(status == 400)
    }

    @Test func `it remembers the last calls and no more`() {
        var sink = Sink()
        for number in 0..<(Sink.capturedMax * 3) { _ = call(&sink, "/_sink/200?n=\(number)") }
        #expect(sink.captured.count == Sink.capturedMax)
        #expect(sink.captured.last?.number == Sink.capturedMax * 3)
        #expect(sink.captured.last?.target == "/_sink/200?n=\(Sink.capturedMax * 3 - 1)")
        #expect(sink.captured.last?.body == [1, 2, 3])
    }

    @Test func `counters are bounded too`() {
        var sink = Sink()
        for number in 0..<(Sink.countersMax * 2) { _ = call(&sink, "/_sink/200?fail_first=1&n=\(number)") }
        let newest = call(&sink, "/_sink/200?fail_first=1&n=\(Sink.countersMax * 2 - 1)").status
        let oldest = call(&sink, "/_sink/200?fail_first=1&n=0").status
        #expect([newest, oldest] == [200, 503])
    }
}
