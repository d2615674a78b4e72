import API
import Domain
import Effects
import NIOCore
import NIOPosix
import Testing
import WebSocket
import Wire

/// A site on a real port, and the product's own client to watch it with.
struct StreamRig {
    let rig: SiteRig
    let port: Int
    let client: WebSocketClient

    static func with(
        _ change: (inout APIOptions) -> Void = { _ in },
        disk: MemoryDisk = MemoryDisk(),
        _ body: (StreamRig) async throws -> Void
    ) async throws {
        let client = WebSocketClient(egress: .loopbackOnly, trust: .nobody)
        try await LiveSite.serving(change, disk: disk) { port, rig in
            try await body(StreamRig(rig: rig, port: port, client: client))
        }
        await client.shutdown()
    }

    /// Opens `/v1/events` as somebody (empty: nobody).
    func watch(
        _ query: String = "",
        path: String = "/v1/events",
        as authorization: String = "Bearer \(SiteRig.token)",
        lines: [String] = [],
        change: (inout WebSocketRequest) -> Void = { _ in }
    ) -> Watcher {
        var request = WebSocketRequest(
            origin: Origin(isTLS: false, host: "127.0.0.1", port: UInt16(port)),
            target: path + (query.isEmpty ? "" : "?\(query)")
        )
        let login = authorization.isEmpty ? [] : ["Authorization: \(authorization)"]
        request.headerLines = Array((login + lines).map { "\($0)\r\n" }.joined().utf8)
        change(&request)
        return Watcher(client, request)
    }

    /// Runs a job so many times, which makes two events each, and waits until all are durable.
    func run(_ job: String, times: Int = 1) async throws {
        for _ in 0..<times { _ = await rig.send("POST", "/chronatogapi/1/jobs/\(job)/run?overlap=allow") }
        // Time stands still, and without it the last answer does not arrive.
        try await rig.clock(#"{"advance":"10ms"}"#)
    }

    /// A plain request over a socket of its own, until the server closes or `until` was read.
    func exchange(_ text: String, until end: String? = nil) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        var answer = ""
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            for try await buffer in inbound {
                answer += String(buffer: buffer)
                if let end, answer.contains(end) { break }
            }
        }
        return answer
    }
}

/// What one subscriber is told.
final class Watcher: Sendable {
    private let signals: AsyncStream<WebSocketSignal>
    let link: WebSocketLink

    init(_ client: WebSocketClient, _ request: WebSocketRequest) {
        let (signals, feed) = AsyncStream<WebSocketSignal>.makeStream()
        self.signals = signals
        link = client.open(request) { signal in
            feed.yield(signal)
            if signal.isLast { feed.finish() }
        }
    }

    /// The next signal; nil after the last.
    func next() async -> WebSocketSignal? {
        var iterator = signals.makeAsyncIterator()
        return await iterator.next()
    }

    /// The next message.
    func message() async throws -> JSON {
        while let signal = await next() {
            switch signal {
            case .open, .trace: continue
            case .text(let bytes): return try JSONReader.value(of: bytes)
            default: throw Ended(signal: signal)
            }
        }
        throw Ended(signal: nil)
    }

    /// The next so many events, what is not one left out.
    func events(_ count: Int) async throws -> [JSON] {
        var events: [JSON] = []
        while events.count < count {
            let message = try await message()
            if message["seq"] != nil, message["type"]?.string != "auth" { events.append(message) }
        }
        return events
    }

    /// Skips what comes until the end.
    func end() async -> WebSocketSignal? {
        while let signal = await next() { if signal.isLast { return signal } }
        return nil
    }

    struct Ended: Error {
        let signal: WebSocketSignal?
    }
}
