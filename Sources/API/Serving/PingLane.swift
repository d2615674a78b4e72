internal import Engine
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Answers pings on the connection's event loop, without a task, a hop or a route for each: what comes
/// together goes to the engine together (`PingIntake`), and its answers come back together.
///
/// It takes GET and POST without a body, on a connection that stays open and has no other request under way.
/// Any other request, a ping with a body among them, goes on to Hummingbird and `PingRoutes`, with the same
/// answers. It stands behind all guards of the connection, which see its requests and answers like those of
/// others; what follows a ping waits here until that is answered.
final class PingLane: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        /// What comes next may be a ping.
        case open
        /// The head of one has come, its end has not.
        case reading(PingArrival)
        /// One is with the engine.
        case waiting
    }

    /// What came after a ping that is not answered yet.
    private enum Held {
        case part(HTTPRequestPart)
        /// The client has said all that it wants to say.
        case inputClosed
    }

    private let intake: PingIntake
    private var context: ChannelHandlerContext?
    private var source = ""
    private var state = State.open
    /// Requests that went on and are not answered yet.
    private var others = 0
    private var held = CircularBuffer<Held>()
    private var owesRead = false

    init(_ intake: PingIntake) {
        self.intake = intake
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        source = context.remoteAddress?.ipAddress ?? ""
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        held.removeAll()
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .waiting = state { held.append(.part(part)) } else { take(part, context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Hummingbird would close its side at once, and the answer would have nowhere to go.
        if case .waiting = state, let event = event as? ChannelEvent, event == .inputClosed {
            held.append(.inputClosed)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Nobody gets to send more than one piece ahead of an answer.
    func read(context: ChannelHandlerContext) {
        if held.isEmpty { context.read() } else { owesRead = true }
    }

    private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch (part, state) {
        case (.head(let head), _):
            if others == 0, let arrival = ping(head) {
                state = .reading(arrival)
            } else {
                others += 1
                context.fireChannelRead(wrapInboundOut(part))
            }
        // It was announced as having none.
        case (.body, .reading): break
        case (.end, .reading(let arrival)):
            state = .waiting
            intake.add(arrival, from: self)
        default: context.fireChannelRead(wrapInboundOut(part))
        }
    }

    /// nil for what is no ping, or not one to be answered here.
    private func ping(_ head: HTTPRequest) -> PingArrival? {
        guard let target = head.path, target.utf8.starts(with: PingReading.prefix.utf8),
            head.method == .get || head.method == .post
        else { return nil }
        for field in head.headerFields {
            switch field.name {
            case .contentLength where field.value != "0": return nil
            // `HeadCheck` has written every way to say so like this.
            case .connection where field.value == "close": return nil
            case .transferEncoding, .expect, .upgrade: return nil
            default: break
            }
        }
        return try? PingReading(method: head.method.rawValue, target: target, source: source).arrival
    }

    // MARK: Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { others -= 1 }
        context.write(data, promise: promise)
    }

    /// The ping that was under way is answered; what came after it goes on.
    func answer(_ head: HTTPResponse, _ body: ByteBuffer) {
        guard let context else { return }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        state = .open
        guard !held.isEmpty else { return }
        while let next = held.popFirst() {
            switch next {
            case .part(let part): take(part, context)
            case .inputClosed: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            }
            if case .waiting = state { break }
        }
        context.fireChannelReadComplete()
        if held.isEmpty, owesRead {
            owesRead = false
            context.read()
        }
    }
}
