import Domain
import Effects
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import WebSocket

/// The shell around a client's `WebSocketMachine`: looks the name up, judges and tries its addresses in
/// order, shakes hands, moves bytes, and holds the deadlines.
///
/// because every property is touched on the desk's loop only, it may be named in the loop's closures.
final class WebSocketSession: @unchecked Sendable {
    private enum Phase {
        case connecting
        case shakingHands(HandshakeReply)
        case open
        case over
    }

    private let request: WebSocketRequest
    private let desk: WebSocketDesk
    private let receive: @Sendable (WebSocketSignal) -> Void
    private let key: String
    private var machine: WebSocketMachine
    private var phase = Phase.connecting
    private var addresses: [IPAddress] = []
    private var address = ""
    private var wire: WebSocketWire?
    private var openingLimit: Scheduled<Void>?
    private var pulse: Scheduled<Void>?
    private var hasHeard = false
    private var random = SystemRandomNumberGenerator()

    var loop: any EventLoop { desk.loop }
    private var host: String { request.origin.host }
    private var label: String { RequestWriter.authority(of: request.origin) }
    private var place: String { address.isEmpty || address == host ? label : "\(label) (\(address))" }

    init(
        _ request: WebSocketRequest,
        desk: WebSocketDesk,
        receive: @escaping @Sendable (WebSocketSignal) -> Void
    ) {
        self.request = request
        self.desk = desk
        self.receive = receive
        machine = WebSocketMachine(.client, messageBytesMax: request.messageBytesMax)
        var random = SystemRandomNumberGenerator()
        key = Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }

    // MARK: Opening

    func start() {
        desk.began(self)
        let limit = request.openingMax
        openingLimit = schedule(limit) {
            $0.fail(Failure(.timeoutConnect, "\($0.place) did not open a stream within \(limit.text)"))
        }
        guard Host.isPlausible(host), !request.target.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f })
        else {
            return fail(Failure(.name, "the stream's URL holds what no URL may hold"))
        }
        desk.names.addresses(of: host, on: loop) { answer in self.isResolved(answer) }
    }

    private func isResolved(_ answer: NameLookup.Answer) {
        guard case .connecting = phase else { return }
        switch answer {
        case .failure(let fault): fail(Failure(.name, "\(host) did not resolve: \(fault.reason)"))
        case .success(let found):
            let refusals = found.map { desk.egress.judge(address: $0, port: request.origin.port) }
            addresses = zip(found, refusals).filter { $0.1 == nil }.map(\.0)
            guard !addresses.isEmpty else {
                let reason = refusals.lazy.compactMap { $0?.sentence }.first ?? "it has no address"
                return fail(Failure(.egress, "\(label) was not called: \(reason)"))
            }
            connectNext()
        }
    }

    private func connectNext() {
        let next = addresses.removeFirst()
        address = next.text
        do {
            var tls: NIOSSLClientHandler?
            if request.origin.isTLS {
                guard let handler = try desk.tlsHandler(host: host) else {
                    return fail(
                        Failure(.tls, "\(label) was not called: no certificate authority is trusted here")
                    )
                }
                tls = handler
            }
            let wire = WebSocketWire(self, tls: tls)
            self.wire = wire
            let bound = NIOLoopBound(wire, eventLoop: loop)
            ClientBootstrap(group: loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connectTimeout(.hours(24))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try bound.value.install(in: channel) }
                }
                .connect(to: try next.socketAddress(port: request.origin.port))
                .assumeIsolated()
                .whenComplete { result in
                    if case .failure(let error) = result { self.notConnected(bound.value, error) }
                }
        } catch {
            fail(NetworkFault.failure(error, at: place, host: host, isTLS: request.origin.isTLS))
        }
    }

    private func notConnected(_ wire: WebSocketWire, _ error: any Error) {
        guard case .connecting = phase, self.wire === wire else { return }
        guard addresses.isEmpty else { return connectNext() }
        fail(NetworkFault.failure(error, at: place, host: host, isTLS: false))
    }

    /// Connected, and secured where that is wanted.
    func isReady(_ wire: WebSocketWire, _ certificate: NIOSSLCertificate?) {
        guard case .connecting = phase, self.wire === wire else { return wire.close() }
        if request.origin.isTLS, certificate.map({ CertificateIdentity($0).covers(host) }) != true {
            return fail(Failure(.tls, "the certificate of \(place) is not for \(host)"))
        }
        phase = .shakingHands(HandshakeReply(key: key))
        let head = Handshake.request(
            target: request.target,
            host: RequestWriter.authority(of: request.origin),
            key: key,
            headerLines: request.headerLines
        )
        if request.isTraced { receive(.trace("--- request\n\(Self.masked(head))")) }
        wire.send(head)
    }

    // MARK: Bytes

    func received(_ buffer: ByteBuffer, from wire: WebSocketWire) {
        guard self.wire === wire else { return }
        hasHeard = true
        switch phase {
        case .connecting, .over: return
        case .open: perform(machine.receive(buffer.readableBytesUInt8Span))
        case .shakingHands(var reply):
            let progress = reply.consume(buffer.readableBytesUInt8Span)
            phase = .shakingHands(reply)
            if request.isTraced, progress != .wantsMore { receive(.trace("--- answer\n\(reply.text)")) }
            judge(progress, buffer)
        }
    }

    private func judge(_ progress: HandshakeReply.Progress, _ buffer: ByteBuffer) {
        switch progress {
        case .wantsMore: return
        case .broken(let reason): fail(Failure(.closed, "\(place) is no event stream: \(reason)"))
        case .refused(let status, let retryAfter): end(.refused(status: status, retryAfter: retryAfter))
        case .accepted(let consumed):
            openingLimit?.cancel()
            phase = .open
            receive(.open)
            schedulePulse()
            var rest = buffer
            rest.moveReaderIndex(forwardBy: consumed)
            if rest.readableBytes > 0 { perform(machine.receive(rest.readableBytesUInt8Span)) }
        }
    }

    private func perform(_ actions: [WebSocketMachine.Action]) {
        for action in actions {
            guard case .open = phase else { return }
            switch action {
            case .text(let bytes):
                if request.isTraced { receive(.trace("<<< text \(String(decoding: bytes, as: UTF8.self))")) }
                receive(.text(bytes))
            case .binary(let bytes):
                if request.isTraced { receive(.trace("<<< binary \(bytes.count) bytes")) }
            case .pong: if request.isTraced { receive(.trace("<<< pong")) }
            case .send(let frame): send(frame)
            case .over(let code, let reason): isOver(code, reason)
            case .hangUp: wire?.close()
            }
        }
    }

    private func send(_ frame: Frame) {
        if request.isTraced { receive(.trace(">>> \(frame.opcode) \(frame.payload.count) bytes")) }
        wire?.send(frame.bytes(mask: UInt32.random(in: .min ... .max, using: &random)))
    }

    /// The server hangs up; a server that does not is not waited for.
    private func isOver(_ code: CloseCode, _ reason: String) {
        let left = wire
        end(.closed(code, reason: reason), closes: false)
        let bound = NIOLoopBound(left, eventLoop: loop)
        loop.scheduleTask(in: .seconds(2)) { bound.value?.close() }
    }

    func isClosed(_ wire: WebSocketWire, _ error: (any Error)?) {
        guard self.wire === wire else { return }
        switch phase {
        case .connecting where !addresses.isEmpty: connectNext()
        case .connecting:
            fail(NetworkFault.failure(error, at: place, host: host, isTLS: request.origin.isTLS))
        case .shakingHands: fail(Failure(.closed, "\(place) closed the connection during the handshake"))
        case .open: end(.closed(.abnormal, reason: "the connection broke"))
        case .over: return
        }
    }

    // MARK: Liveness and ends

    private func schedulePulse() {
        guard request.pingEvery > .zero else { return }
        pulse = schedule(request.pingEvery) { session in
            session.hasHeard = false
            session.send(Frame(.ping))
            session.pulse = session.schedule(session.request.pongMax) { session in
                guard session.hasHeard else {
                    return session.end(.closed(.abnormal, reason: "the server does not answer pings"))
                }
                session.schedulePulse()
            }
        }
    }

    func close(_ code: CloseCode) {
        switch phase {
        case .open:
            perform(machine.close(code))
            pulse?.cancel()
            pulse = schedule(.seconds(2)) { $0.end(.closed(code, reason: "")) }
        case .connecting, .shakingHands: fail(Failure(.closed, "the stream was given up"))
        case .over: return
        }
    }

    func giveUp() { fail(Failure(.closed, "the stream was given up")) }

    private func fail(_ failure: Failure) { end(.failed(failure)) }

    private func end(_ signal: WebSocketSignal, closes: Bool = true) {
        if case .over = phase { return }
        phase = .over
        openingLimit?.cancel()
        pulse?.cancel()
        let left = wire
        wire = nil
        desk.ended(self)
        receive(signal)
        if closes { left?.close() }
    }

    private func schedule(_ limit: Domain.Span, _ task: @escaping (WebSocketSession) -> Void) -> Scheduled<
        Void
    > {
        let bound = NIOLoopBound(task, eventLoop: loop)
        return loop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(uptime().adding(limit)))) {
            [weak self] in
            if let self { bound.value(self) }
        }
    }

    /// Credentials are for the server alone.
    private static func masked(_ head: [UInt8]) -> String {
        let lines = String(decoding: head, as: UTF8.self).split(
            separator: "\r\n",
            omittingEmptySubsequences: true
        )
        return lines.map { line in
            if line.lowercased().hasPrefix("authorization:") { return "Authorization: ***" }
            guard line.hasPrefix("GET "), let mark = line.firstIndex(of: "?") else { return String(line) }
            let query = line[line.index(after: mark)...].prefix { $0 != " " }
            let shown = query.split(separator: "&").map { pair in
                let name = pair.prefix { $0 != "=" }
                return ["token", "auth"].contains(name) ? "\(name)=***" : String(pair)
            }
            return "\(line[...mark])\(shown.joined(separator: "&")) HTTP/1.1"
        }.joined(separator: "\n")
    }
}

/// One connection of a session.
final class WebSocketWire: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Let go at the connection's end, which ends the cycle of the two.
    private var session: WebSocketSession?
    private let tls: NIOSSLClientHandler?
    private var context: ChannelHandlerContext?
    private var lastError: (any Error)?

    init(_ session: WebSocketSession, tls: NIOSSLClientHandler?) {
        self.session = session
        self.tls = tls
    }

    func install(in channel: any Channel) throws {
        if let tls { try channel.pipeline.syncOperations.addHandler(tls) }
        try channel.pipeline.syncOperations.addHandler(self)
    }

    func send(_ bytes: [UInt8]) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    func close() { context?.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        session = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if tls == nil { session?.isReady(self, nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            session?.isReady(self, tls?.peerCertificate)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        session?.received(unwrapInboundIn(data), from: self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lastError = error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { session?.isClosed(self, lastError) }
}
