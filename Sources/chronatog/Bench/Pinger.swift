import NIOCore
import NIOPosix
import Synchronization

/// Every connection of `bench ping`, and what they saw together.
final class Crowd: Sendable {
    private let requests: [[UInt8]]
    /// How many members there are, where each request is made once; nil where all are made again and again.
    private let connections: Int?
    private let state = Mutex(State())

    struct Seen: Sendable {
        /// By tenth of a millisecond; the last place holds whatever took longer.
        fileprivate var latencies = [UInt32](repeating: 0, count: placesMax)
        fileprivate(set) var others = 0

        fileprivate static let placesMax = 10_000

        var count: Int { latencies.reduce(0) { $0 + Int($1) } }

        /// Milliseconds, to the tenth.
        func quantile(_ percent: Int) -> String {
            let wanted = max(1, count * percent / 100)
            var sum = 0
            for (place, number) in latencies.enumerated() {
                sum += Int(number)
                if sum >= wanted { return "\((place + 1) / 10).\((place + 1) % 10)" }
            }
            return "0.0"
        }
    }

    private struct State {
        var seen = Seen()
        var members = 0
    }

    init(_ paths: [String], connections: Int? = nil) {
        self.connections = connections
        requests = paths.map { Array("GET \($0) HTTP/1.1\r\nHost: bench\r\n\r\n".utf8) }
    }

    /// What the next connection sends, beginning at its own place.
    func member() -> Member {
        let first = state.withLock { state in
            defer { state.members += 1 }
            return state.members
        }
        return Member(crowd: self, requests: requests, step: connections, next: first)
    }

    /// Opens so many connections, each of which begins to ping at once.
    func connect(_ count: Int, to port: Int, on group: any EventLoopGroup) async throws -> [any Channel] {
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Pinger(member()))
                }
            }
        var channels: [any Channel] = []
        for _ in 0..<count {
            channels.append(try await bootstrap.connect(host: "127.0.0.1", port: port).get())
        }
        return channels
    }

    func clear() { state.withLock { $0.seen = Seen() } }

    func seen() -> Seen { state.withLock { $0.seen } }

    fileprivate func note(_ latency: TimeAmount, isTaken: Bool) {
        let place = min(Int(latency.nanoseconds / 100_000), Seen.placesMax - 1)
        state.withLock { state in
            if isTaken { state.seen.latencies[place] += 1 } else { state.seen.others += 1 }
        }
    }

    /// One connection's turn.
    struct Member: Sendable {
        fileprivate let crowd: Crowd
        fileprivate let requests: [[UInt8]]
        /// From one of its own requests to the next; nil when it goes through all of them for ever.
        fileprivate let step: Int?
        fileprivate var next: Int

        /// nil when all of its own are made.
        fileprivate mutating func request() -> [UInt8]? {
            defer { next += step ?? 1 }
            if step != nil { return next < requests.count ? requests[next] : nil }
            return requests[next % requests.count]
        }
    }
}

/// Sends a request, waits for its answer, sends the next. Knows as much HTTP as our own answers need.
final class Pinger: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var member: Crowd.Member
    private var answer: [UInt8] = []
    private var sentAt = NIODeadline.now()

    init(_ member: Crowd.Member) {
        self.member = member
    }

    func channelActive(context: ChannelHandlerContext) { send(context) }

    private func send(_ context: ChannelHandlerContext) {
        guard let request = member.request() else { return context.close(promise: nil) }
        sentAt = .now()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        answer.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        // A ping's answer ends with its two-byte body.
        guard answer.count > 6, answer.suffix(6).elementsEqual("\r\n\r\nOK".utf8) else {
            return noteOther(context)
        }
        member.crowd.note(.now() - sentAt, isTaken: true)
        answer.removeAll(keepingCapacity: true)
        send(context)
    }

    /// Whatever else came, once it is whole or as good as that, is counted, and the connection goes on.
    private func noteOther(_ context: ChannelHandlerContext) {
        guard answer.count > 15, !answer.starts(with: "HTTP/1.1 200".utf8) else { return }
        member.crowd.note(.zero, isTaken: false)
        context.close(promise: nil)
    }
}
