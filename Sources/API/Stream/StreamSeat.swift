internal import Domain
internal import Engine
internal import NIOCore
internal import Streaming
internal import WebSocket

/// One subscriber's connection, from the end of its handshake on: the only handler in its pipeline that
/// reads or writes.
///
/// It is live, and written to by the hub; or it reads the journal at its own pace, from where it was, until
/// it has caught up. A peer that does not read is not written to: what is kept for it is bounded by the
/// channel's water marks and one batch, and after `stalledMax` it is told why and let go. Where it was is in
/// the last event it got. Confined to its channel's loop.
final class StreamSeat: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What its task is to do next.
    enum Order: Sendable {
        case read(after: Sequence)
        case end
    }

    private enum Mode {
        case reading
        case live
        /// The last word is said.
        case ending
        case gone
    }

    let selection: Selection
    var format: StreamFormat { selection.format }
    /// Everything up to here was sent, or is not for this one.
    private(set) var last: Sequence
    /// Set where the credentials may be revoked: asked before each batch, the one that tells of it included.
    var mayStay: (@Sendable () -> Bool)?
    private let hub: EventHub
    private let limits: StreamLimits
    private var machine: WebSocketMachine?
    private var mode = Mode.reading
    private var context: ChannelHandlerContext?
    private var order: EventLoopPromise<Order>?
    private var pulse: Scheduled<Void>?
    private var patience: Scheduled<Void>?
    private var hasHeard = true

    init(
        _ subscription: Subscription,
        caller: Caller,
        after last: Sequence,
        hub: EventHub,
        _ limits: StreamLimits
    ) {
        selection = Selection(format: subscription.format, caller: caller, filter: subscription.filter)
        self.last = last
        self.hub = hub
        self.limits = limits
        if subscription.format.framing == .webSocket {
            machine = WebSocketMachine(.server, messageBytesMax: limits.messageBytesMax)
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        schedulePulse()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: Events out

    /// What is to be done next: at once, or when there is something.
    func nextOrder(on loop: any EventLoop) -> EventLoopFuture<Order> {
        let promise = loop.makePromise(of: Order.self)
        order = promise
        giveOrder()
        return promise.futureResult
    }

    private func giveOrder() {
        switch mode {
        case .reading where context?.channel.isWritable == true: order?.succeed(.read(after: last))
        case .reading, .live: return
        case .ending, .gone: order?.succeed(.end)
        }
        order = nil
    }

    /// A batch from the hub.
    func take(_ batch: EventBatch) {
        guard mode == .live, let context else { return }
        guard context.channel.isWritable else {
            // It reads too slowly: it goes on by itself, from where it is.
            mode = .reading
            hub.leave(self, on: context.eventLoop)
            return giveOrder()
        }
        write(batch)
    }

    /// A batch of what it had missed.
    func catchUp(_ batch: EventBatch) {
        guard mode == .reading, let context else { return }
        write(batch)
        if batch.isAtEnd, mode == .reading, hub.join(self, on: context.eventLoop) { mode = .live }
    }

    private func write(_ batch: EventBatch) {
        guard let context, batch.through > last else { return }
        guard mayStay?() ?? true else {
            return end(.policy, "UNAUTHORIZED", "The token has been revoked.")
        }
        let bytes = batch.bytes(selection, after: last)
        last = batch.through
        if bytes.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
    }

    /// Bytes of the handshake, and messages that are no events.
    func write(_ bytes: [UInt8]) {
        context?.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if mode == .reading || mode == .live {
            if context.channel.isWritable {
                patience?.cancel()
                patience = nil
                giveOrder()
            } else {
                wait(limits.stalledMax) { seat in
                    seat.end(
                        .slowConsumer,
                        "SLOW_CONSUMER",
                        "Nothing was read for too long; resume with since."
                    )
                }
            }
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: The peer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasHeard = true
        let buffer = unwrapInboundIn(data)
        guard let actions = machine?.receive(buffer.readableBytesUInt8Span) else { return }
        perform(actions)
    }

    private func perform(_ actions: [WebSocketMachine.Action]) {
        for action in actions {
            switch action {
            // Nobody asked for anything.
            case .text, .binary, .pong: break
            case .send(let frame): write(frame.bytes(mask: nil))
            case .over: stopGiving()
            case .hangUp: hangUp()
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: end(.goingAway, nil, "The server is shutting down.")
        case let event as ChannelEvent where event == .inputClosed: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        stopGiving()
        mode = .gone
        pulse?.cancel()
        patience?.cancel()
        giveOrder()
        context.fireChannelInactive()
    }

    // MARK: Liveness

    private func schedulePulse() {
        pulse = schedule(limits.pingEvery) { seat in
            guard seat.mode == .live || seat.mode == .reading else { return }
            guard let machine = seat.machine else {
                // A comment keeps proxies from taking silence for the end.
                seat.write(Array("3\r\n:\n\n\r\n".utf8))
                return seat.schedulePulse()
            }
            guard seat.hasHeard, machine.isOpen else { return seat.close() }
            seat.hasHeard = false
            seat.write(Frame(.ping).bytes(mask: nil))
            seat.schedulePulse()
        }
    }

    private func wait(_ span: Domain.Span, _ body: @escaping (StreamSeat) -> Void) {
        patience?.cancel()
        patience = schedule(span, body)
    }

    private func schedule(_ span: Domain.Span, _ body: @escaping (StreamSeat) -> Void) -> Scheduled<Void>? {
        guard let context else { return nil }
        let bound = NIOLoopBound((self, body), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: .microseconds(span.microseconds)) {
            let (seat, body) = bound.value
            body(seat)
        }
    }

    // MARK: Ends

    func dismiss() {
        end(.internalError, "INTERNAL", "The journal cannot be read; the server's log says why.")
    }

    /// Says why, and closes once that is written and the peer has answered, or not at all.
    /// - Parameter word: the `errorMessage` that goes before; nil for none.
    func end(_ code: CloseCode, _ word: String?, _ reason: String) {
        guard mode == .reading || mode == .live else { return }
        if let word { write(StreamMessage.error(word, reason, format)) }
        stopGiving()
        if let actions = machine?.close(code, word ?? reason) {
            perform(actions)
            wait(limits.closingMax) { $0.close() }
        } else {
            write(Array("0\r\n\r\n".utf8))
            hangUp()
        }
    }

    private func stopGiving() {
        guard mode == .reading || mode == .live, let context else { return }
        if mode == .live { hub.leave(self, on: context.eventLoop) }
        mode = .ending
        pulse?.cancel()
        giveOrder()
    }

    /// Closes once everything is written; at once when that takes too long.
    private func hangUp() {
        guard let context else { return }
        wait(limits.closingMax) { $0.close() }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound.value.close() }
    }

    private func close() { context?.close(promise: nil) }
}
