import Domain
import NIOCore
import NIOPosix
import Synchronization
import WebSocket

/// A stream server in Tutum's dialect, as strict as the real ones: it looks at the handshake and at the
/// login in each of its forms, takes masked frames only, and answers pings. A test says how the next
/// handshakes are met, and drops or says things when it likes.
final class TutumServer: Sendable {
    /// How a handshake with a good login is met; beyond the list it is `welcome`.
    enum Manner: Sendable {
        /// Accepted, and `auth` is said.
        case welcome
        /// Accepted, and then told as Tutum tells it that the login is no good.
        case stranger
        case refuse(status: Int, retryAfter: String?)
        /// Accepted, with `auth`, and then cut in the middle of this message.
        case cut(String)
        /// Accepted, with `auth`, and then these messages, whatever they are.
        case speak([String])
    }

    struct Handshake: Sendable {
        var at: ContinuousClock.Instant
        var target: String
        var head: String
    }

    private struct State {
        var manners: [Manner]
        var login: (username: String, token: String)
        var isOpen: [ObjectIdentifier: any Channel] = [:]
        var faults: [String] = []
    }

    let handshakes = Collected<Handshake>()
    private let state: Mutex<State>
    private let group: MultiThreadedEventLoopGroup
    private let listener: Mutex<(any Channel)?>

    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }
    var url: String { "ws://127.0.0.1:\(port)/v1/events" }
    /// What a client did that no client may do.
    var faults: [String] { state.withLock { $0.faults } }

    init(_ manners: [Manner] = [], username: String = "me", token: String = "good") async throws {
        state = Mutex(State(manners: manners, login: (username, token)))
        listener = Mutex(nil)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Seat(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
    }

    func stop() async throws {
        try await listener.withLock { $0 }?.close().get()
        drop()
        try await group.shutdownGracefully()
    }

    /// The next handshakes are met so.
    func meet(_ manners: Manner...) { state.withLock { $0.manners += manners } }

    /// From now on another key is the right one.
    func change(token: String) { state.withLock { $0.login.token = token } }

    /// Everybody is thrown out, without a word.
    func drop() {
        for channel in state.withLock({ Array($0.isOpen.values) }) { channel.close(promise: nil) }
    }

    func say(_ text: String) {
        let bytes = Frame(.text, Array(text.utf8)).bytes(mask: nil)
        for channel in state.withLock({ Array($0.isOpen.values) }) {
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }
    }

    // MARK: Judging

    fileprivate func fault(_ text: String) { state.withLock { $0.faults.append(text) } }

    fileprivate func opened(_ channel: any Channel) {
        state.withLock { $0.isOpen[ObjectIdentifier(channel)] = channel }
    }

    fileprivate func closed(_ channel: any Channel) {
        state.withLock { $0.isOpen[ObjectIdentifier(channel)] = nil }
    }

    fileprivate enum Verdict {
        case answer(String)
        case accept(key: String, Manner)
    }

    fileprivate func judge(_ head: String) -> Verdict {
        let lines = head.split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        func values(_ name: String) -> [String] {
            lines.dropFirst().filter { $0.lowercased().hasPrefix("\(name):") }
                .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
        }
        guard words.count == 3, words[2] == "HTTP/1.1", values("host").count == 1 else {
            fault("no HTTP/1.1 request with one Host: \(lines.first ?? "")")
            return .answer("400 Bad Request\r\n")
        }
        let target = String(words[1])
        handshakes.add([Handshake(at: .now, target: target, head: head)])
        guard target.hasPrefix("/v1/events") else { return .answer("404 Not Found\r\n") }
        let verdict = WebSocket.Handshake.judge(method: String(words[0])) { name in
            values(name).flatMap { $0.split(separator: ",").map { String($0.drop { $0 == " " }) } }
        }
        guard case .accepted(let key) = verdict else {
            fault("no handshake: \(verdict)")
            return .answer("400 Bad Request\r\n")
        }
        let (manner, login) = state.withLock { state in
            (state.manners.isEmpty ? .welcome : state.manners.removeFirst(), state.login)
        }
        switch manner {
        case .refuse(let status, let retryAfter):
            return .answer("\(status) Said\r\n" + (retryAfter.map { "Retry-After: \($0)\r\n" } ?? ""))
        default: break
        }
        let basic = "Basic \(Base64.encode(Array("\(login.username):\(login.token)".utf8)))"
        let inQuery = ["token=\(login.token)&user=\(login.username)", "auth=\(basic)"]
            .map { $0.replacing(" ", with: "%20").replacing("=", with: "%3D") }
        let query = target.split(separator: "?").dropFirst().first.map { String($0) } ?? ""
        let isKnown =
            values("authorization") == [basic]
            || inQuery.contains { query.replacing("=", with: "%3D") == $0 }
        return isKnown ? .accept(key: key, manner) : .answer("401 Unauthorized\r\n")
    }
}

/// One client of the server.
private final class Seat: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: TutumServer
    private var head = ""
    private var machine: WebSocketMachine?

    init(_ server: TutumServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if machine == nil {
            head += String(buffer: buffer)
            if head.hasSuffix("\r\n\r\n") { shakeHands(context) }
            return
        }
        for action in machine?.receive(buffer.readableBytesUInt8Span) ?? [] {
            switch action {
            case .send(let frame): send(frame, context)
            case .text, .binary: server.fault("a client of events says nothing")
            case .over(let code, let reason):
                // It answers ours with the same code.
                let isOrderly = [.normal, .goingAway, .noStatus, .policy].contains(code)
                if !isOrderly { server.fault("it closed with \(code.rawValue) \(reason)") }
            case .hangUp: context.close(promise: nil)
            case .pong: break
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { server.closed(context.channel) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func shakeHands(_ context: ChannelHandlerContext) {
        switch server.judge(head) {
        case .answer(let text):
            write(Array("HTTP/1.1 \(text)Content-Length: 0\r\nConnection: close\r\n\r\n".utf8), context)
            context.flush()
            context.close(promise: nil)
        case .accept(let key, let manner):
            machine = WebSocketMachine(.server, messageBytesMax: 1 << 20)
            let accept = WebSocket.Handshake.accept(key: key)
            let lines = [
                "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Accept: \(accept)", "", "",
            ]
            write(Array(lines.joined(separator: "\r\n").utf8), context)
            server.opened(context.channel)
            play(manner, context)
            context.flush()
        }
    }

    private func play(_ manner: TutumServer.Manner, _ context: ChannelHandlerContext) {
        guard case .stranger = manner else {
            say(#"{"type":"auth"}"#, context)
            if case .speak(let texts) = manner { for text in texts { say(text, context) } }
            if case .cut(let text) = manner {
                let bytes = Frame(.text, Array(text.utf8)).bytes(mask: nil)
                write(Array(bytes.prefix(bytes.count / 2)), context)
                context.flush()
                context.close(promise: nil)
            }
            return
        }
        say(#"{"type":"error","data":{"errorMessage":"UNAUTHORIZED"}}"#, context)
        send(.close(.policy, "unauthorized"), context)
    }

    private func say(_ text: String, _ context: ChannelHandlerContext) {
        send(Frame(.text, Array(text.utf8)), context)
    }

    private func send(_ frame: Frame, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: frame.bytes(mask: nil))), promise: nil)
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }
}
