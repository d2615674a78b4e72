import Alerting
import Domain
import Testing

struct OutboxTests {
    private let first = MessageID(1)
    private let second = MessageID(2)
    private let other = MessageID(3)

    @Test func `a resolve waits for its trigger, however often that is tried`() {
        var outbox = Outbox()
        let isHead = outbox.add(first, channel: "slack", key: "job/1")
        let isSecondHead = outbox.add(second, channel: "slack", key: "job/1")
        #expect(isHead)
        #expect(!isSecondHead)
        outbox.makeReady(first)
        outbox.makeReady(second)
        #expect(outbox.send("slack") == first)
        #expect(outbox.send("slack") == nil)
        outbox.ended(first)
        outbox.makeReady(second)
        #expect(outbox.send("slack") == nil)
        outbox.makeReady(first)
        #expect(outbox.send("slack") == first)
        #expect(outbox.remove(first) == second)
        outbox.makeReady(second)
        #expect(outbox.send("slack") == second)
        #expect(outbox.remove(second) == nil)
    }

    @Test func `other alerts and other channels do not wait`() {
        var outbox = Outbox()
        for (id, channel, key) in [
            (first, "slack", "job/1"), (second, "mail", "job/1"), (other, "slack", "job/2"),
        ] {
            let isHead = outbox.add(id, channel: channel, key: key)
            #expect(isHead)
            outbox.makeReady(id)
        }
        #expect(outbox.channelsToServe == ["mail", "slack"])
        #expect(outbox.send("slack") == first)
        #expect(outbox.send("slack") == other)
        #expect(outbox.send("mail") == second)
        #expect(outbox.channelsToServe.isEmpty)
    }

    @Test func `a channel is called a few times at once`() {
        var outbox = Outbox()
        for number in 1...10 {
            _ = outbox.add(MessageID(UInt64(number)), channel: "slack", key: "job/\(number)")
            outbox.makeReady(MessageID(UInt64(number)))
            outbox.makeReady(MessageID(UInt64(number)))
        }
        var sent: [MessageID] = []
        while let id = outbox.send("slack") { sent.append(id) }
        #expect(sent == [1, 2, 3, 4].map { MessageID($0) })
        #expect(outbox.remove(MessageID(2)) == nil)
        #expect(outbox.send("slack") == MessageID(5))
    }

    @Test func `what is kept after all lets the others go, and leaves when it is made ready again`() {
        var outbox = Outbox()
        for (id, key) in [(first, "job/1"), (second, "job/1"), (other, "job/2")] {
            _ = outbox.add(id, channel: "slack", key: key)
        }
        outbox.makeReady(first)
        outbox.makeReady(other)
        #expect(outbox.first("slack") == first)
        outbox.makeUnready(first)
        #expect(outbox.send("slack") == other)
        #expect(outbox.send("slack") == nil)
        #expect(outbox.head(of: second) == first)
        outbox.makeReady(first)
        #expect(outbox.send("slack") == first)
    }

    @Test func `a message sent anew stands before those that have not left, and not before one that has`() {
        var outbox = Outbox()
        _ = outbox.add(second, channel: "slack", key: "job/1")
        outbox.makeReady(second)
        #expect(outbox.hasRoom(for: first, channel: "slack", key: "job/1"))
        _ = outbox.add(first, channel: "slack", key: "job/1")
        #expect(outbox.send("slack") == nil)
        outbox.makeReady(first)
        #expect(outbox.send("slack") == first)
        #expect(!outbox.hasRoom(for: MessageID(0), channel: "slack", key: "job/1"))
    }
}
