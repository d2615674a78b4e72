import NIOCore
import NIOPosix
import Synchronization
import WebSocket

/// A server in the place of Tutum's: each connection gets the next script.
final class TutumStub: Sendable {
    enum Step: Sendable {
        /// Accepts the handshake.
        case accept
        case say(String)
        /// Bytes as they are, whatever they may be.
        case bytes([UInt8])
        case hangUp
    }

    private struct State {
        var scripts: [[Step]]
        var requests: [String] = []
    }

    private let state: Mutex<State>
    private let listener: any Channel

    var port: Int { listener.localAddress?.port ?? 0 }
    /// The heads of all requests so far.
    var requests: [String] { state.withLock { $0.requests } }

    private init(_ scripts: [[Step]], _ listener: any Channel, _ state: consuming Mutex<State>) {
        self.listener = listener
        self.state = state
    }

    static func with(_ scripts: [[Step]], _ body: (TutumStub) async throws -> Void) async throws {
        let holder = Holder()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Playing { holder.stub.withLock { $0 } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let stub = TutumStub(scripts, listener, Mutex(State(scripts: scripts)))
        holder.stub.withLock { $0 = stub }
        do {
            try await body(stub)
        } catch {
            try await listener.close()
            throw error
        }
        try await listener.close()
    }

    private func script(for request: String) -> [Step] {
        state.withLock { state in
            state.requests.append(request)
            return state.scripts.isEmpty ? [.hangUp] : state.scripts.removeFirst()
        }
    }

    private final class Holder: Sendable {
        let stub = Mutex<TutumStub?>(nil)
    }

    private final class Playing: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let stub: () -> TutumStub?
        private var head = ""

        init(_ stub: @escaping () -> TutumStub?) { self.stub = stub }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !head.hasSuffix("\r\n\r\n") else { return }
            head += String(buffer: unwrapInboundIn(data))
            guard head.hasSuffix("\r\n\r\n") else { return }
            for step in stub()?.script(for: head) ?? [] { play(step, context) }
            context.flush()
        }

        private func play(_ step: Step, _ context: ChannelHandlerContext) {
            switch step {
            case .accept:
                let line = head.split(separator: "\r\n").first {
                    $0.lowercased().hasPrefix("sec-websocket-key:")
                }
                let key = String(line?.split(separator: " ").last ?? "")
                write(
                    Array(
                        """
                        HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: \(Handshake.accept(key: key))\r\n\r\n
                        """.utf8
                    ),
                    context
                )
            case .say(let text): write(Frame(.text, Array(text.utf8)).bytes(mask: nil), context)
            case .bytes(let bytes): write(bytes, context)
            case .hangUp:
                context.flush()
                context.close(promise: nil)
            }
        }

        private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
            context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        }
    }
}
