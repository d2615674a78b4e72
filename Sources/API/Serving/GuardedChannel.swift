internal import Domain
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// Hummingbird's HTTP/1.1 connection with our bounds around it.
struct GuardedChannel: ServerChildChannel {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    private let inner: HTTP1Channel
    private let limits: APILimits
    private let intakes: PingIntakes?

    /// - Parameter intakes: where pings go; nil where none are taken.
    init(
        _ limits: APILimits,
        _ intakes: PingIntakes? = nil,
        responder: @escaping HTTPChannelHandler.Responder
    ) {
        self.limits = limits
        self.intakes = intakes
        inner = HTTP1Channel(
            responder: responder,
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [RequestGuard(limits)],
                idleTimeout: .microseconds(limits.idleTimeout.microseconds),
                httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                    maxHeaderFieldSize: limits.headerBytesMax,
                    maxHeaderListSize: limits.headerBytesMax,
                    maxHeaderFieldCount: limits.headersMax
                )
            )
        )
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop
            .makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(ArrivalNotice()) }
            .flatMap { inner.setup(channel: channel, logger: logger) }
            .flatMapThrowing { value in
                let pipeline = channel.pipeline.syncOperations
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                try pipeline.addHandler(HeadCheck(limits), position: .after(decoder))
                if let intakes {
                    let guards = try pipeline.handler(type: HTTPConnectionStateHandler.self)
                    let lane = PingLane(intakes.intake(on: channel.eventLoop))
                    try pipeline.addHandler(lane, position: .after(guards))
                }
                return value
            }
    }

    func handle(value: Value, logger: Logger) async {
        await inner.handle(value: value, logger: logger)
    }
}
