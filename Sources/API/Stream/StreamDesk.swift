internal import Domain
internal import Engine
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1
internal import Streaming
internal import WebSocket

/// `/v1/events`: judges who comes, takes the connection over from HTTP, and reads for those who have to
/// catch up.
///
/// It runs in the task that Hummingbird has for the connection anyway. While a subscriber is live nothing
/// happens in that task: the hub writes to the seat on its loop.
struct StreamDesk: Sendable {
    private let site: Site
    private let hub: EventHub
    private var limits: StreamLimits { site.options.limits.streams }

    init(_ site: Site, _ hub: EventHub) {
        self.site = site
        self.hub = hub
    }

    /// What becomes of a request.
    enum Verdict: Sendable {
        /// It is not about the stream.
        case elsewhere
        case refused(Problem)
        case admitted(Admission)
    }

    struct Admission: Sendable {
        var subscription: Subscription
        /// nil: told so in Tutum's way, after the handshake.
        var caller: Caller?
        /// What the caller came with, if it may be revoked.
        var token: AccessToken?
        var after: Sequence
        var head: Sequence
        /// Alerts of the last minute.
        var news: [AlertView]
    }

    func judge(_ request: Request, from remoteAddress: String) async -> Verdict {
        // Most requests are about something else, and nothing of theirs is copied.
        let path = request.head.path ?? ""
        guard path.hasPrefix("/v1/") || path.hasPrefix("/api/") else {
            return .elsewhere
        }
        var own = APIRequest(
            method: request.method.rawValue,
            target: path,
            headers: request.headers.map { ($0.name.rawName, $0.value) },
            remoteAddress: remoteAddress
        )
        if let authority = request.head.authority { own.headers.append(("Host", authority)) }
        guard Subscription.isStream(own.path) else { return .elsewhere }
        do {
            own.query = try QueryFields(own.target)
            guard let subscription = try Subscription(own) else { return .elsewhere }
            return try await admit(subscription, own)
        } catch {
            var problem = Problem(wrapping: error)
            // The decoder reads no further on a connection that wanted to be something else.
            problem.headers.append(Problem.Header(name: "Connection", value: "close"))
            return .refused(problem)
        }
    }

    private func admit(_ subscription: Subscription, _ request: APIRequest) async throws -> Verdict {
        let head = try await site.engine.figures().sequence
        var admission = Admission(subscription: subscription, after: head, head: head, news: [])
        do {
            if request.comesFromForeignPage {
                throw Problem(.unauthorized, "Another site's page may not use this browser's credentials.")
            }
            let visitor = try await site.gate.admit(request.withQueryCredentials(), to: .look)
            let caller = visitor.caller
            admission.caller = caller
            admission.token = visitor.token
            if let since = subscription.since {
                guard since <= head else {
                    throw Problem(
                        "since",
                        "\(since) is beyond the last record, \(head): it is another folder's, or this one "
                            + "was put back to an earlier state",
                        hint: "leave it out, or begin again with 0"
                    )
                }
                let start = site.engine.durableRecords.historyStart
                if since > .zero, since.next < start.sequence { throw Problem.historyGone(before: start) }
                // Zero stands for "from wherever it begins".
                admission.after = max(since, Sequence(max(start.sequence.value, 1) - 1))
            }
            admission.news = try await news(for: caller)
        } catch let problem as Problem where problem.kind == .unauthorized && !subscription.refusesHandshake {
            admission.caller = nil
        }
        guard hub.enter() else { throw Problem.tooManySubscribers(limits.subscribersMax) }
        return .admitted(admission)
    }

    /// Alerts that were opened in the last minute.
    private func news(for caller: Caller) async throws -> [AlertView] {
        let since = try await site.now() - .seconds(60)
        let recent = try await site.engine.openAlerts().filter { $0.alert.openedAt > since }
        guard case .scheduler(let own) = caller, !recent.isEmpty else { return recent }
        let owners = try await site.owners(of: recent.map(\.alert.opened))
        return zip(recent, owners).filter { $0.1 == own }.map(\.0)
    }

    // MARK: Serving

    /// Every admission is served, once. Returns when the connection is closed.
    func serve(_ admission: Admission, on channel: any Channel) async throws {
        defer { hub.exit() }
        let (hub, limits, gate) = (hub, limits, site.gate)
        let bound = try await channel.eventLoop.flatSubmit {
            channel.eventLoop.makeCompletedFuture {
                let seat = StreamSeat(
                    admission.subscription,
                    caller: admission.caller ?? .scheduler(0),
                    after: admission.after,
                    hub: hub,
                    limits
                )
                if let token = admission.token { seat.mayStay = { gate.counts(token) } }
                try Self.takeOver(channel, seat, limits)
                Self.welcome(seat, admission)
                return NIOLoopBound(seat, eventLoop: channel.eventLoop)
            }
        }.get()
        if admission.caller != nil { try await read(admission.subscription.format, for: bound, on: channel) }
        try await channel.closeFuture.get()
    }

    private func read(
        _ format: StreamFormat,
        for bound: NIOLoopBound<StreamSeat>,
        on channel: any Channel
    ) async throws {
        let loop = channel.eventLoop
        while case .read(let last) = try await loop.flatSubmit({ bound.value.nextOrder(on: loop) }).get() {
            do {
                let batch = try await hub.read(after: last, formats: [format])
                try await loop.submit { bound.value.catchUp(batch) }.get()
            } catch {
                let problem = Problem(wrapping: error)
                try await loop.submit {
                    guard problem.kind == .historyGone else { return bound.value.dismiss() }
                    bound.value.end(.policy, "HISTORY_GONE", problem.detail)
                }.get()
            }
        }
    }

    private static func welcome(_ seat: StreamSeat, _ admission: Admission) {
        let subscription = admission.subscription
        switch subscription.format.framing {
        case .webSocket:
            var head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            head += "Sec-WebSocket-Accept: \(Handshake.accept(key: subscription.key))\r\n"
            if let name = subscription.subprotocol { head += "Sec-WebSocket-Protocol: \(name)\r\n" }
            seat.write(Array("\(head)Server: chronatog\r\n\r\n".utf8))
        case .serverSent:
            var out = Array(
                """
                HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
                X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\nServer: chronatog\r\n\r\n
                """.utf8
            )
            StreamFormat.appendChunk(Array("retry: 1000\n\n".utf8), to: &out)
            seat.write(out)
        }
        guard admission.caller != nil else {
            return seat.end(.policy, "UNAUTHORIZED", "The credentials are not known here.")
        }
        guard subscription.format == StreamFormat(dialect: .tutum, framing: .webSocket) else { return }
        seat.write(StreamMessage.auth(head: admission.head))
        seat.write(StreamMessage.notifications(admission.news))
    }

    /// HTTP ends here: from now on the seat alone reads and writes. What is left at the pipeline's end is
    /// Hummingbird's, which waits for a next request and hears of the connection's end.
    private static func takeOver(_ channel: any Channel, _ seat: StreamSeat, _ limits: StreamLimits) throws {
        let pipeline = channel.pipeline.syncOperations
        let marks = ChannelOptions.Types.WriteBufferWaterMark(
            low: limits.pendingBytesMax / 4,
            high: limits.pendingBytesMax
        )
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: marks)
        // What the kernel keeps for somebody who does not read is memory, too: megabytes, if it is let.
        let kept = SocketOptionValue(limits.pendingBytesMax)
        try channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: kept)
        try pipeline.addHandler(seat, position: .first)
        drop(ArrivalNotice.self, pipeline)
        drop(PingLane.self, pipeline)
        drop(HTTPConnectionStateHandler.self, pipeline)
        drop(RequestGuard.self, pipeline)
        drop(HTTP1ToHTTPServerCodec.self, pipeline)
        drop(HeadCheck.self, pipeline)
        drop(ByteToMessageHandler<HTTPRequestDecoder>.self, pipeline)
        drop(HTTPResponseEncoder.self, pipeline)
    }

    private static func drop<Handler: RemovableChannelHandler>(
        _ type: Handler.Type,
        _ pipeline: ChannelPipeline.SynchronousOperations
    ) {
        guard let handler = try? pipeline.handler(type: type) else { return }
        pipeline.removeHandler(handler, promise: nil)
    }
}

extension Problem {
    static func tooManySubscribers(_ max: Int) -> Problem {
        var problem = Problem(.busy, "\(max) subscribers are here already; come back later.")
        problem.headers = [Header(name: "Retry-After", value: "10")]
        return problem
    }
}
