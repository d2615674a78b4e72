import Domain
import Effects
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// The shell around `SMTPConversation`: looks the name up, judges and tries its addresses in order, moves
/// bytes, and holds the deadlines.
///
/// because every property is touched on the desk's loop only, it may be named in the loop's closures.
final class SMTPSession: @unchecked Sendable {
    private let mail: Mail
    private let desk: SMTPDesk
    private let deliver: (MailOutcome) -> Void
    private var machine: SMTPConversation
    private var addresses: [IPAddress] = []
    private var link: SMTPLink?
    private var address = ""
    private var timings = Timings()
    private let startedAt = uptime()
    private var phaseStartedAt = uptime()
    private var totalLimit: Scheduled<Void>?
    private var phaseLimit: Scheduled<Void>?
    private var isOver = false

    init(_ mail: Mail, desk: SMTPDesk, deliver: @escaping (MailOutcome) -> Void) {
        self.mail = mail
        self.desk = desk
        self.deliver = deliver
        machine = SMTPConversation(mail)
    }

    private var host: String { mail.server.host }
    private var label: String { "the mail server \(host) port \(mail.server.port)" }
    private var place: String { address.isEmpty || address == host ? label : "\(label) (\(address))" }

    func start() {
        let total = mail.deadlines.total
        totalLimit = schedule(total) {
            self.fail(
                Failure(.timeoutTotal, "\(self.label) had not taken the letter within \(total.text)")
            )
        }
        let limit = mail.deadlines.name
        arm(limit, .timeoutConnect) { "the address of \(self.host) was not found within \(limit.text)" }
        guard Host.isPlausible(host) else { return fail(Failure(.name, "\(label) has no host name")) }
        desk.names.addresses(of: host, on: desk.loop) { answer in self.isResolved(answer) }
    }

    private func isResolved(_ answer: NameLookup.Answer) {
        guard !isOver else { return }
        timings.name = lap()
        switch answer {
        case .failure(let fault): fail(Failure(.name, "\(host) did not resolve: \(fault.reason)"))
        case .success(let found):
            let refusals = found.map { desk.egress.judge(address: $0, port: mail.server.port) }
            addresses = zip(found, refusals).filter { $0.1 == nil }.map(\.0)
            guard !addresses.isEmpty else {
                let reason = refusals.lazy.compactMap { $0?.sentence }.first ?? "it has no address"
                return fail(Failure(.egress, "\(label) was not called: \(reason)"))
            }
            connectNext()
        }
    }

    /// One address after the other (RFC 5321 §5.1); each gets the whole limit.
    private func connectNext() {
        let next = addresses.removeFirst()
        address = next.text
        let limit = mail.deadlines.connect
        arm(limit, .timeoutConnect) { "\(self.place) did not accept the connection within \(limit.text)" }
        do {
            let link = SMTPLink(self, tls: mail.server.security == .tls ? try tls() : nil)
            self.link = link
            let bound = NIOLoopBound(link, eventLoop: desk.loop)
            let target = try next.socketAddress(port: mail.server.port)
            ClientBootstrap(group: desk.loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connectTimeout(.hours(24))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try bound.value.install(in: channel) }
                }
                .connect(to: target)
                .assumeIsolated()
                .whenComplete { result in
                    if case .failure(let error) = result { self.notConnected(bound.value, error) }
                }
        } catch {
            fail(failure(error, isTLS: false))
        }
    }

    private func tls() throws -> NIOSSLClientHandler {
        guard let handler = try desk.tlsHandler(host: host) else {
            throw SMTPTrustFault.nobody
        }
        return handler
    }

    private func notConnected(_ link: SMTPLink, _ error: any Error) {
        guard !isOver, self.link === link else { return }
        if addresses.isEmpty {
            fail(failure(error, isTLS: false))
        } else {
            connectNext()
        }
    }

    // MARK: - What the link reports

    func isConnected(_ link: SMTPLink) {
        guard !isOver, self.link === link else { return link.close() }
        timings.connect = lap()
        awaitReply()
    }

    func isSecured(_ link: SMTPLink, _ certificate: NIOSSLCertificate?) {
        guard !isOver, self.link === link else { return link.close() }
        timings.tls = lap()
        guard let certificate, CertificateIdentity(certificate).covers(host) else {
            return fail(Failure(.tls, "the certificate of \(place) is not for \(host)"))
        }
        // With TLS from the first byte the greeting comes next, by itself.
        if mail.server.security == .startTLS { perform(machine.isSecured()) }
    }

    func received(_ bytes: [UInt8], from link: SMTPLink) {
        guard !isOver, self.link === link else { return }
        if timings.firstByte == 0 { timings.firstByte = max(1, lap()) }
        perform(machine.receive(bytes))
    }

    func isClosed(_ link: SMTPLink, _ error: (any Error)?) {
        guard !isOver, self.link === link else { return }
        if let error {
            fail(failure(error, isTLS: link.isTLS))
        } else {
            perform(machine.isClosed())
        }
    }

    private func perform(_ actions: [SMTPConversation.Action]) {
        for action in actions where !isOver {
            switch action {
            case .send(let bytes):
                awaitReply()
                link?.send(bytes)
            case .startTLS: startTLS()
            case .answered(let answer):
                end(.answered(answer))?.quit()
            case .failed(let failure): fail(failure)
            }
        }
    }

    private func startTLS() {
        _ = lap()
        do {
            try link?.addTLS(tls())
        } catch {
            fail(failure(error, isTLS: true))
        }
    }

    // MARK: - Ends

    func giveUp() {
        let what = machine.isUndecided ? "may or may not have the letter: Chronatog stopped" : "was given up"
        fail(Failure(machine.isUndecided ? .unknown : .closed, "\(label) \(what)"))
    }

    private func failure(_ error: any Error, isTLS: Bool) -> Failure {
        if error is SMTPTrustFault {
            return Failure(.tls, "\(label) was not called: no certificate authority is trusted here")
        }
        let remedy = "its security may have to be starttls, or its port 465"
        return NetworkFault.failure(error, at: place, host: host, isTLS: isTLS, plain: remedy)
    }

    private func fail(_ failure: Failure) {
        guard !isOver else { return }
        end(.failed(failure))?.close()
    }

    /// Gives back the connection, to be closed afterwards, for its end may be reported from within; it and
    /// the session hold each other no longer.
    private func end(_ result: MailOutcome.Result) -> SMTPLink? {
        isOver = true
        defer { link = nil }
        totalLimit?.cancel()
        phaseLimit?.cancel()
        timings.total = uptime().microseconds(since: startedAt)
        deliver(MailOutcome(id: mail.id, result: result, timings: timings, address: address))
        desk.ended(self)
        return link
    }

    /// The server has this long for its next word.
    private func awaitReply() {
        let limit = mail.deadlines.firstByte
        arm(limit, .timeoutFirstByte) {
            "\(self.place) did not send \(self.machine.waitsFor) within \(limit.text)"
        }
    }

    private func arm(_ limit: Span, _ kind: FailureKind, _ sentence: @escaping () -> String) {
        phaseLimit?.cancel()
        phaseLimit = schedule(limit) { self.fail(Failure(kind, sentence())) }
    }

    private func schedule(_ limit: Span, _ task: @escaping () -> Void) -> Scheduled<Void> {
        let bound = NIOLoopBound(task, eventLoop: desk.loop)
        return desk.loop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(uptime().adding(limit)))) {
            bound.value()
        }
    }

    private func lap() -> UInt32 {
        let now = uptime()
        defer { phaseStartedAt = now }
        return now.microseconds(since: phaseStartedAt)
    }
}

/// No certificate authority is trusted here.
enum SMTPTrustFault: Error {
    case nobody
}

/// One connection of a session.
final class SMTPLink: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let session: SMTPSession
    private var tls: NIOSSLClientHandler?
    private var context: ChannelHandlerContext?
    private var lastError: (any Error)?

    var isTLS: Bool { tls != nil }

    init(_ session: SMTPSession, tls: NIOSSLClientHandler?) {
        self.session = session
        self.tls = tls
    }

    func install(in channel: any Channel) throws {
        if let tls { try channel.pipeline.syncOperations.addHandler(tls) }
        try channel.pipeline.syncOperations.addHandler(self)
    }

    func addTLS(_ handler: NIOSSLClientHandler) throws {
        tls = handler
        try context?.pipeline.syncOperations.addHandler(handler, position: .first)
    }

    func send(_ bytes: [UInt8]) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    /// Says good-bye, which nobody waits for, and closes.
    func quit() {
        send(Array("QUIT\r\n".utf8))
        close()
    }

    func close() { context?.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { session.isConnected(self) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { session.isConnected(self) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            session.isSecured(self, tls?.peerCertificate)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        session.received(Array(unwrapInboundIn(data).readableBytesView), from: self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lastError = error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { session.isClosed(self, lastError) }
}
