internal import Domain
package import Effects
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
package import Integrations
package import Logging
internal import NIOCore
internal import NIOPosix

/// The listener of `chronatog partner simulate`: every request goes to the simulator, bounded as our own are.
package struct SimulatorServer: Sendable {
    private let server: Server<GuardedChannel>
    private static let bodyBytesMax = 1 << 20

    package init(
        host: String,
        port: Int,
        time: any TimeSource,
        logger: Logger,
        answer: @escaping @Sendable (MarketplaceSimulator.Request) async -> MarketplaceSimulator.Reply
    ) {
        server = Server(
            childChannelSetup: GuardedChannel(APILimits()) { request, writer, _ in
                let asked = try await Self.own(request)
                let reply = await answer(asked)
                var fields = HTTPFields()
                for header in reply.headers {
                    if let name = HTTPField.Name(header.name) { fields[name] = header.value }
                }
                fields[.date] = HTTPDate.text(time.now)
                let response = Response(
                    status: HTTPResponse.Status(code: reply.status),
                    headers: fields,
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
                )
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: ServerConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { _ in },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger
        )
    }

    private static func own(_ request: Request) async throws -> MarketplaceSimulator.Request {
        var body: [UInt8] = []
        for try await buffer in request.body {
            guard body.count + buffer.readableBytes <= bodyBytesMax else { throw RequestRefused() }
            body.append(contentsOf: buffer.readableBytesView)
        }
        return MarketplaceSimulator.Request(
            method: request.method.rawValue,
            target: request.head.path ?? "/",
            headers: request.headers.map { ($0.name.rawName, $0.value) },
            body: body
        )
    }

    /// - Throws: what binding the port threw.
    package func run() async throws { try await server.run() }

    package func stop() async throws { try await server.shutdownGracefully() }
}
