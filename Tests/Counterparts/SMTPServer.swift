import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// `SMTPStub` behind a loopback socket; every connection gets a fresh copy of it.
final class SMTPServer: Sendable {
    /// Letters in the order in which they were taken.
    let letters = Collected<String>()
    let commands = Collected<String>()
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel = Mutex<(any Channel)?>(nil)

    var port: UInt16 { UInt16(channel.withLock { $0?.localAddress?.port } ?? 0) }

    init(_ stub: SMTPStub, tls: NIOSSLContext? = nil, isTLSFromStart: Bool = false) async throws {
        let bound = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if isTLSFromStart, let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(self, stub, tls))
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

        private let server: SMTPServer
        private var stub: SMTPStub
        private let tls: NIOSSLContext?
        private var line: [UInt8] = []
        private var known = 0

        init(_ server: SMTPServer, _ stub: SMTPStub, _ tls: NIOSSLContext?) {
            self.server = server
            self.stub = stub
            self.tls = tls
        }

        func channelActive(context: ChannelHandlerContext) {
            write(stub.greeting, context)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            for byte in unwrapInboundIn(data).readableBytesView {
                line.append(byte)
                guard line.suffix(2) == [13, 10] else { continue }
                let text = String(decoding: line.dropLast(2), as: UTF8.self)
                line = []
                take(text, context)
            }
        }

        private func take(_ text: String, _ context: ChannelHandlerContext) {
            let commandCount = stub.commands.count
            let reply = stub.answer(text)
            if stub.commands.count > commandCount { server.commands.add([text]) }
            if stub.letters.count > known {
                known = stub.letters.count
                server.letters.add([stub.letters[known - 1]])
            }
            guard let reply else { return }
            write(reply, context)
            if text == "STARTTLS", reply.hasPrefix("220"), let tls {
                stub.secured()
                try? context.pipeline.syncOperations.addHandler(
                    NIOSSLServerHandler(context: tls),
                    position: .first
                )
            }
            if text == "QUIT" { context.close(promise: nil) }
        }

        private func write(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
