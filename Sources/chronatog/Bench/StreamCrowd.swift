import API
import Domain
import Effects
import NIOCore
import NIOPosix
import Synchronization
import WebSocket

/// Many subscribers on one thread. All count what they get; every fiftieth looks at when its events happened:
/// reading a million messages a second would measure the reader, which shares its cores with the server.
final class StreamCrowd: Sendable {
    private let origin: Origin
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let tally = Tally()
    private let channels = Mutex<[any Channel]>([])

    struct Result: Sendable {
        var isCounting = false
        /// Messages of all.
        var received = 0
        /// Microseconds from an event's own time to its arrival, of every fiftieth subscriber.
        var delays: [Int64] = []

        /// In milliseconds.
        func quantile(_ share: Double) -> Double {
            let sorted = delays.sorted()
            guard !sorted.isEmpty else { return 0 }
            return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1000
        }
    }

    init(_ origin: Origin) {
        self.origin = origin
    }

    private final class Tally: Sendable {
        private let result = Mutex(Result())

        func begin() { result.withLock { $0.isCounting = true } }
        var now: Result { result.withLock { $0 } }
        var received: Int { result.withLock { $0.received } }

        func add(_ count: Int, _ delays: [Int64]) {
            result.withLock { result in
                guard result.isCounting else { return }
                result.received += count
                result.delays += delays
            }
        }
    }

    /// Connects them all and waits until each was let in.
    func gather(_ count: Int) async throws(CommandFailure) {
        do {
            for number in 0..<count {
                let isWatching = number.isMultiple(of: 50)
                let welcome = group.next().makePromise(of: Void.self)
                let channel = try await ClientBootstrap(group: group)
                    .channelInitializer { [tally] channel in
                        channel.eventLoop.makeCompletedFuture {
                            let one = Subscriber(isWatching: isWatching, tally: tally, welcome: welcome)
                            try channel.pipeline.syncOperations.addHandler(one)
                        }
                    }
                    .connect(host: origin.host, port: Int(origin.port)).get()
                channels.withLock { $0.append(channel) }
                let request = Handshake.request(
                    target: "/v1/events?type=run",
                    host: "bench",
                    key: "dGhlIHNhbXBsZSBub25jZQ==",
                    headerLines: Array("Authorization: Bearer bench\r\n".utf8)
                )
                try await channel.writeAndFlush(ByteBuffer(bytes: request))
                try await welcome.futureResult.get()
            }
        } catch {
            throw .failed(
                "the subscribers could not connect: \(error)",
                hint: "raise the limit: ulimit -n 8192"
            )
        }
    }

    func begin() { tally.begin() }

    /// Waits until nothing comes any more, and lets everybody go.
    func end() async -> Result {
        var last = -1
        for _ in 0..<40 {
            let now = tally.received
            if now == last { break }
            last = now
            try? await Task.sleep(for: .milliseconds(250))
        }
        let result = tally.now
        for channel in channels.withLock({ $0 }) { try? await channel.close() }
        try? await group.shutdownGracefully()
        return result
    }

    /// Reads the frames of a server that is trusted: unmasked, whole, short.
    private final class Subscriber: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let isWatching: Bool
        private let tally: Tally
        private let welcome: EventLoopPromise<Void>
        private var isIn = false
        private var left = ByteBuffer()

        init(isWatching: Bool, tally: Tally, welcome: EventLoopPromise<Void>) {
            self.isWatching = isWatching
            self.tally = tally
            self.welcome = welcome
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var piece = unwrapInboundIn(data)
            left.writeBuffer(&piece)
            if !isIn, !passHead() { return }
            var count = 0
            var delays: [Int64] = []
            let now = SystemTime().now
            while let length = frameLength(), left.readableBytes >= length.head + length.payload {
                if left.getInteger(at: left.readerIndex, as: UInt8.self) == 0x81 {
                    count += 1
                    if isWatching, let time = time(length) { delays.append((now - time).microseconds) }
                } else {
                    // A ping: who does not answer is given up.
                    let pong = ByteBuffer(bytes: Frame(.pong).bytes(mask: 1))
                    context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
                }
                left.moveReaderIndex(forwardBy: length.head + length.payload)
            }
            if left.readableBytes == 0 { left.clear() } else { left.discardReadBytes() }
            tally.add(count, delays)
        }

        func channelInactive(context: ChannelHandlerContext) { welcome.fail(ChannelError.eof) }

        /// The answer's head and the two messages after it are no events.
        private func passHead() -> Bool {
            let text = String(decoding: left.readableBytesView, as: UTF8.self)
            guard text.contains("user-notifications"), text.hasSuffix("}") else { return false }
            left.clear()
            isIn = true
            welcome.succeed()
            return false
        }

        private func frameLength() -> (head: Int, payload: Int)? {
            let start = left.readerIndex
            guard let short = left.getInteger(at: start + 1, as: UInt8.self) else { return nil }
            if short < 126 { return (2, Int(short)) }
            return left.getInteger(at: start + 2, as: UInt16.self).map { (4, Int($0)) }
        }

        /// What stands behind `"datetime":"`, found by the eight letters of the name.
        private func time(_ length: (head: Int, payload: Int)) -> Timestamp? {
            let name: UInt64 = 0x6461_7465_7469_6D65
            let start = left.readerIndex + length.head
            let isName = { [left] index in left.getInteger(at: index, as: UInt64.self) == name }
            guard length.payload > 40, let mark = (start..<start + length.payload - 40).first(where: isName),
                let text = left.getString(at: mark + 11, length: 29)
            else { return nil }
            return Timestamp(rfc3339: String(text.prefix { $0 != "\"" }))
        }
    }
}
