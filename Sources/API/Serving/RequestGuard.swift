internal import Domain
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// Asks the guard to close the connection as soon as the client has finished sending: the answer that is due
/// will never come (`/_sink/…?hang`).
struct NoAnswerComes {}

/// Bytes came in: the pipeline behind may not have made a request of them yet.
struct BytesArrived {}

/// First in the pipeline: tells `RequestGuard` of bytes that are not yet a whole request.
final class ArrivalNotice: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireUserInboundEventTriggered(BytesArrived())
        context.fireChannelRead(data)
    }
}

/// Answers what the HTTP decoder and the clock refuse, before any route sees it: 431 for a head that is too
/// large, 400 for what is not HTTP, 408 for a request that does not arrive. And closes a connection after an
/// answer that says so, reading on for a moment so that the client gets to see it.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        /// Between requests.
        case idle
        /// A request is arriving.
        case arriving
        /// It is here whole; the answer is on its way.
        case answering
        /// The last answer was written: whatever comes is thrown away.
        case closing
    }

    /// How long a client may go on sending before the connection is cut.
    private static let lingering = TimeAmount.seconds(2)

    private let timeout: TimeAmount
    private let limits: APILimits
    private var state = State.idle
    /// By when the request has to be here; nil when none is arriving.
    private var deadline: NIODeadline?
    /// Rings no later than the deadline. It is left standing when a request arrives in time, and looks again
    /// when it rings: to cancel one costs the event loop a look at all alarms of all connections.
    private var alarm: Scheduled<Void>?
    private var answersPending = 0
    private var closesAfterAnswer = false
    /// What follows the requests that are being answered was refused.
    private var closesOnceAnswered = false
    private var isInputClosed = false
    private var isAnswerless = false

    init(_ limits: APILimits) {
        self.limits = limits
        timeout = .microseconds(limits.requestTimeout.microseconds)
    }

    // MARK: In

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is BytesArrived:
            if case .idle = state { startDeadline(context) }
            return
        case let event as ChannelEvent where event == .inputClosed: isInputClosed = true
        case is ChannelShouldQuiesceEvent where isAnswerless: context.close(promise: nil)
        default: break
        }
        if isInputClosed, isAnswerless { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .closing = state { return }
        switch unwrapInboundIn(data) {
        case .head:
            state = .arriving
            answersPending += 1
            startDeadline(context)
        case .body: break
        case .end:
            state = answersPending > 0 ? .answering : .idle
            deadline = nil
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let refused = error as? HeadRefused {
            return refuse(context, Problem(.malformed, refused.reason))
        }
        guard let parsing = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        if case .closing = state { return }
        // In the middle of a body, or at the end of the stream, there is nobody to answer: the request is
        // dropped.
        if case .arriving = state { return context.fireErrorCaught(error) }
        if parsing == .invalidEOFState { return context.fireErrorCaught(error) }
        if parsing == .headerOverflow {
            refuse(
                context,
                Problem(
                    .headerTooLarge,
                    """
                    The request head is limited to \(limits.headerBytesMax) bytes and \
                    \(limits.headersMax) fields.
                    """
                )
            )
        } else {
            refuse(context, Problem(.malformed, "This is not HTTP/1.1: \(parsing)."))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.cancel()
        alarm = nil
        context.fireChannelInactive()
    }

    // MARK: Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .closing = state {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.headerFields[.connection] == "close" { closesAfterAnswer = true }
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            answersPending -= 1
            if closesAfterAnswer || closesOnceAnswered && answersPending == 0 {
                context.writeAndFlush(data, promise: promise)
                linger(context)
            } else {
                if case .answering = state, answersPending == 0 { state = .idle }
                context.write(data, promise: promise)
            }
        }
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard event is NoAnswerComes else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        isAnswerless = true
        if isInputClosed { context.close(promise: nil) }
        promise?.succeed(())
    }

    // MARK: Time

    /// The one that runs already stands.
    private func startDeadline(_ context: ChannelHandlerContext) {
        guard deadline == nil else { return }
        let end = NIODeadline.now() + timeout
        deadline = end
        if alarm == nil { setAlarm(context, at: end) }
    }

    private func setAlarm(_ context: ChannelHandlerContext, at time: NIODeadline) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        alarm = context.eventLoop.scheduleTask(deadline: time) {
            let (guardian, context) = bound.value
            guardian.ring(context)
        }
    }

    private func ring(_ context: ChannelHandlerContext) {
        alarm = nil
        guard let end = deadline else { return }
        if end > .now() { return setAlarm(context, at: end) }
        deadline = nil
        switch state {
        case .idle, .arriving:
            let allowed = limits.requestTimeout.text
            refuse(
                context,
                Problem(.slow, "A request has to arrive whole within \(allowed) (request-timeout).")
            )
        case .answering, .closing: break
        }
    }

    // MARK: Refusing

    private func refuse(_ context: ChannelHandlerContext, _ problem: Problem) {
        deadline = nil
        var isAwaited = false
        switch state {
        case .answering where !isAnswerless:
            // This answer would come between those that are under way: they are the last ones.
            closesOnceAnswered = true
            return
        case .answering: return context.close(promise: nil)
        case .arriving where answersPending > 1: return context.close(promise: nil)
        case .arriving: isAwaited = true
        case .idle, .closing: break
        }
        let reply = Reply.problem(problem)
        var head = HTTPResponse(status: .init(code: reply.status))
        for header in reply.headers {
            if let name = HTTPField.Name(header.name) { head.headerFields[name] = header.value }
        }
        head.headerFields[.server] = "chronatog"
        head.headerFields[.connection] = "close"
        head.headerFields[.contentLength] = "\(reply.body.count)"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: reply.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        linger(context)
        // Whoever waits for the rest of the request must not take what is there for the whole.
        if isAwaited { context.fireErrorCaught(RequestRefused()) }
    }

    /// Closing at once, with unread bytes in the socket, would reset the connection and take the answer with
    /// it.
    private func linger(_ context: ChannelHandlerContext) {
        state = .closing
        deadline = nil
        alarm?.cancel()
        context.close(mode: .output, promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        alarm = context.eventLoop.scheduleTask(in: Self.lingering) { bound.value.close(promise: nil) }
    }
}

/// The request was answered before it was whole.
struct RequestRefused: Error {}
