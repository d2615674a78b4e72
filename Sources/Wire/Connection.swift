import Domain
import Effects
import NIOCore
import NIOSSL
import NIOTLS

/// One connection, from being opened to its end; carries one call at a time.
///
/// The shell around `ResponseParser`. Confined to its lane's event loop.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Connecting, or at the TLS handshake.
        case opening(Opening)
        /// Waiting for the proxy's answer to CONNECT.
        case tunnelling(Opening)
        case open
        case closed
    }

    let pool: Pool
    /// The address it is pinned to, as the outcome shows it.
    let address: String
    /// Answers received so far; above zero the connection has been kept alive.
    private(set) var answerCount = 0
    private(set) var openedAt: Int64 = 0
    /// Present from the handshake until the peer's certificate has been looked at.
    private var tls: NIOSSLClientHandler?
    /// Since when it has been idle, for the sweep.
    var idleSince: Int64 = 0
    private var phase: Phase
    private var parser: ResponseParser
    private var exchange: Exchange?
    private var context: ChannelHandlerContext?
    /// A large request is still being written; an answer that comes before its end cannot keep the
    /// connection.
    private var isWriting = false
    /// What the network or TLS reported before the channel went down.
    private var lastError: (any Error)?

    init(pool: Pool, address: String, opening: Opening, tls: NIOSSLClientHandler?) {
        self.tls = tls
        self.pool = pool
        self.address = address
        phase = .opening(opening)
        parser = ResponseParser(limits: pool.lane.settings.answerLimits)
    }

    var isUsable: Bool {
        if case .open = phase { exchange == nil } else { false }
    }

    /// The peer's certificate is for the host that was asked for.
    func hasRightCertificate() -> Bool {
        defer { tls = nil }
        guard let certificate = tls?.peerCertificate else { return false }
        return CertificateIdentity(certificate).covers(pool.host)
    }

    /// The opening is over; from now on the pool owns the connection.
    func becomeOpen(now: Int64) {
        phase = .open
        openedAt = now
    }

    /// Sends a call. Nothing may follow this in the caller: a failing write comes back from within.
    func begin(_ exchange: Exchange, now: Int64) {
        guard let context else { return pool.lane.fail(exchange, Failure(.closed, "\(pool.label) is gone")) }
        self.exchange = exchange
        exchange.connection = self
        exchange.pool = nil
        exchange.state = .sent
        exchange.sentAt = now
        pool.lane.move(exchange, to: exchange.firstByteDue)
        parser.begin(
            answersHEAD: exchange.call.method == "HEAD",
            keepBodyBytesMax: exchange.call.keepBodyBytesMax,
            keepHeader: exchange.call.keepHeader
        )
        let lane = pool.lane
        RequestWriter.write(
            exchange.call,
            hostLine: pool.hostLine,
            absolutePrefix: pool.absolutePrefix,
            into: &lane.scratch
        )
        // Beyond this a socket's buffer may not take it at once, so it matters when the writing is done.
        if lane.scratch.readableBytes > 16 * 1024 {
            isWriting = true
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenSuccess { self.isWriting = false }
            let bytes = lane.scratch
            lane.scratch = ByteBuffer()
            context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
        } else {
            context.writeAndFlush(wrapOutboundOut(lane.scratch), promise: nil)
        }
    }

    /// Gives the call up: its answer would be for nobody, so the connection ends too.
    func drop(_ exchange: Exchange) {
        guard self.exchange === exchange else { return }
        detach(exchange)
        close()
    }

    /// Ends the connection; an opening one without telling its opening.
    func close() {
        let wasOpen = if case .open = phase { true } else { false }
        phase = .closed
        if wasOpen { pool.closed(self) }
        context?.close(promise: nil)
    }

    /// Asks the proxy for a tunnel before TLS begins.
    func openTunnel(for opening: Opening) {
        guard let context else { return }
        phase = .tunnelling(opening)
        parser.begin(answersHEAD: true, keepBodyBytesMax: 0)
        let authority = "\(RequestWriter.authority(of: pool.origin.asPlain))"
        context.writeAndFlush(
            wrapOutboundOut(
                ByteBuffer(string: "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\r\n")
            ),
            promise: nil
        )
    }

    // MARK: - Channel events, in the order in which they happen

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .opening(let opening) = phase, case .handshakeCompleted? = event as? TLSUserEvent {
            opening.isSecured(self)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if let exchange {
            read(buffer, for: exchange)
        } else if case .tunnelling(let opening) = phase {
            readTunnelAnswer(buffer, for: opening)
        } else {
            // Bytes nobody asked for: whatever is behind them cannot be trusted to be the next answer.
            close()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lastError = error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let before = phase
        phase = .closed
        switch before {
        case .opening(let opening), .tunnelling(let opening):
            opening.candidateFailed(self, NetworkFault.failure(lastError, at: pool, address: address))
        case .open:
            // The call first: while it may have to be sent again, its pool must not be taken for empty.
            if let exchange { ended(exchange) }
            pool.closed(self)
        case .closed:
            break
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    private func read(_ buffer: ByteBuffer, for exchange: Exchange) {
        if !parser.hasBegun {
            exchange.firstByteAt = uptime()
            pool.lane.move(exchange, to: exchange.totalDue)
        }
        switch parser.consume(buffer.readableBytesUInt8Span) {
        case .wantsMore:
            return
        case .finished(let consumed):
            detach(exchange)
            answerCount += 1
            pool.lane.answered(exchange, parser, from: self)
            if parser.keepsConnection && consumed == buffer.readableBytes && !isWriting {
                pool.release(self)
            } else {
                close()
            }
        case .broken(let fault):
            detach(exchange)
            pool.lane.fail(exchange, Failure(.closed, "\(pool.label) \(fault.predicate)"), address: address)
            close()
        }
    }

    /// The peer closed while a call was under way.
    private func ended(_ exchange: Exchange) {
        detach(exchange)
        let isTLSCut = if case NIOSSLError.uncleanShutdown? = lastError { true } else { false }
        switch parser.consumeEnd() {
        case .finished where !isTLSCut:
            pool.lane.answered(exchange, parser, from: self)
        case .broken(.nothing) where answerCount > 0 && !exchange.isSecondTry:
            pool.sendAgain(exchange)
        case .broken(let fault):
            pool.lane.fail(exchange, Failure(.closed, "\(pool.label) \(fault.predicate)"), address: address)
        case .finished, .wantsMore:
            let predicate = ResponseParser.Fault.cutInBody.predicate
            pool.lane.fail(exchange, Failure(.closed, "\(pool.label) \(predicate)"), address: address)
        }
    }

    private func readTunnelAnswer(_ buffer: ByteBuffer, for opening: Opening) {
        switch parser.consume(buffer.readableBytesUInt8Span) {
        case .wantsMore:
            return
        case .finished where (200...299).contains(parser.status):
            phase = .opening(opening)
            opening.hasTunnel(self)
        case .finished:
            phase = .closed
            let sentence = "the proxy answered \(parser.status) when asked for a tunnel to \(pool.label)"
            opening.candidateFailed(self, Failure(.refused, sentence))
            context?.close(promise: nil)
        case .broken(let fault):
            phase = .closed
            opening.candidateFailed(self, Failure(.closed, "the proxy for \(pool.label) \(fault.predicate)"))
            context?.close(promise: nil)
        }
    }

    private func detach(_ exchange: Exchange) {
        exchange.connection = nil
        self.exchange = nil
    }

    /// Puts TLS between the socket and this handler.
    func addTLS(_ handler: NIOSSLClientHandler) throws {
        tls = handler
        try context?.pipeline.syncOperations.addHandler(handler, position: .first)
    }
}

extension Origin {
    /// The same place without TLS, whose authority therefore always shows a port such as 443.
    fileprivate var asPlain: Origin { Origin(isTLS: false, host: host, port: port) }
}
