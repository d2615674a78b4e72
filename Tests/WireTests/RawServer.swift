import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

@testable import Counterparts

/// A server that answers exactly the bytes a test says, on a loopback port of the system's choice.
final class RawServer: Sendable {
    enum Action: Sendable {
        case send(String)
        case close
        /// Goes on sending until the connection ends.
        case sendForever
        /// TLS begins after what was sent so far.
        case startTLS
    }

    struct Request: Sendable {
        /// Counts from 0 in the order of acceptance.
        let connection: Int
        /// Counts from 0 within the connection.
        let index: Int
        let text: String

        var line: String { String(text.prefix { $0 != "\r\n" }) }
    }

    typealias Script = @Sendable (Request) -> [Action]

    let requests = Collected<Request>()
    /// Numbers of the connections that have ended.
    let ended = Collected<Int>()
    private let accepted = Mutex(0)
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel = Mutex<(any Channel)?>(nil)
    let tls: NIOSSLContext?
    let script: Script

    var connectionCount: Int { accepted.withLock { $0 } }
    var port: UInt16 { UInt16(channel.withLock { $0?.localAddress?.port } ?? 0) }

    /// `tls` alone does not switch TLS on: `isTLSFromStart` does.
    init(
        tls: NIOSSLContext? = nil,
        isTLSFromStart: Bool = false,
        _ script: @escaping Script
    ) async throws {
        self.tls = tls
        self.script = script
        let bound = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                let number = self.accepted.withLock { count in
                    count += 1
                    return count - 1
                }
                return channel.eventLoop.makeCompletedFuture {
                    if isTLSFromStart, let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(self, number))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = bound }
    }

    func stop() async throws {
        try await channel.withLock { $0 }?.close().get()
        try await group.shutdownGracefully()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let server: RawServer
        private let number: Int
        private var received = ""
        private var count = 0

        init(_ server: RawServer, _ number: Int) {
            self.server = server
            self.number = number
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            while let request = nextRequest() {
                server.requests.add([request])
                for action in server.script(request) { perform(action, context) }
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            server.ended.add([number])
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func nextRequest() -> Request? {
            guard let head = received.firstRange(of: "\r\n\r\n") else { return nil }
            let length =
                received[..<head.lowerBound].split(separator: "\r\n")
                .first { $0.hasPrefix("Content-Length: ") }
                .flatMap { Int($0.dropFirst(16)) } ?? 0
            let end = received.utf8.index(
                head.upperBound,
                offsetBy: length,
                limitedBy: received.utf8.endIndex
            )
            guard let end else { return nil }
            let request = Request(connection: number, index: count, text: String(received[..<end]))
            count += 1
            received = String(received[end...])
            return request
        }

        private func perform(_ action: Action, _ context: ChannelHandlerContext) {
            switch action {
            case .send(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .close:
                context.close(promise: nil)
            case .sendForever:
                sendOn(context)
            case .startTLS:
                guard let tls = server.tls else { return }
                try? context.pipeline.syncOperations.addHandler(
                    NIOSSLServerHandler(context: tls),
                    position: .first
                )
            }
        }

        private func sendOn(_ context: ChannelHandlerContext) {
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenSuccess { self.sendOn(context) }
            let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 16 * 1024)
            context.writeAndFlush(wrapOutboundOut(piece), promise: written)
        }
    }
}
