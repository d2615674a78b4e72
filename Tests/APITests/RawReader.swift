import Domain
import NIOCore
import NIOPosix
import Synchronization
import WebSocket

/// A WebSocket client that reads only when it is told to, from a socket that holds little.
final class RawReader: Sendable {
    private struct State {
        var head = HandshakeReply(key: "dGhlIHNhbXBsZSBub25jZQ==")
        var isOpen = false
        var machine = WebSocketMachine(.client, messageBytesMax: 1 << 20)
        var messages: [JSON] = []
        var code: CloseCode?
    }

    private let state = Mutex(State())
    private let over: AsyncStream<Void>
    private let tellOver: AsyncStream<Void>.Continuation

    init() { (over, tellOver) = AsyncStream.makeStream() }

    var result: (messages: [JSON], code: CloseCode?) { state.withLock { ($0.messages, $0.code) } }

    func untilOver() async throws { for await _ in over {} }

    func connect(_ port: Int, query: String, answersPings: Bool = true) async throws -> any Channel {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.so_rcvbuf), value: 4096)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Reading(self, answersPings))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let login = "Authorization: Bearer \(SiteRig.token)\r\n"
        let request = Handshake.request(
            target: "/v1/events?\(query)",
            host: "x",
            key: "dGhlIHNhbXBsZSBub25jZQ==",
            headerLines: Array(login.utf8)
        )
        try await channel.writeAndFlush(ByteBuffer(bytes: request))
        return channel
    }

    private func take(_ bytes: [UInt8], _ answersPings: Bool) -> [UInt8] {
        state.withLock { state in
            var rest = bytes
            if !state.isOpen {
                guard case .accepted(let count) = state.head.consume(bytes.span) else { return [] }
                state.isOpen = true
                rest = Array(bytes[count...])
            }
            var reply: [UInt8] = []
            for action in state.machine.receive(rest.span) {
                switch action {
                case .text(let text):
                    if let json = try? JSONReader.value(of: text) { state.messages.append(json) }
                case .send(let frame): if answersPings { reply += frame.bytes(mask: 1) }
                case .over(let code, _): state.code = code
                case .binary, .pong, .hangUp: break
                }
            }
            if state.code != nil { tellOver.finish() }
            return reply
        }
    }

    private final class Reading: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let reader: RawReader
        private let answersPings: Bool

        init(_ reader: RawReader, _ answersPings: Bool) {
            self.reader = reader
            self.answersPings = answersPings
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let reply = reader.take(Array(unwrapInboundIn(data).readableBytesView), answersPings)
            if !reply.isEmpty {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: reply)), promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { reader.tellOver.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
