import Domain
import Effects
import Integrations
import NIOCore
import NIOPosix

/// A web server on a loopback port that lets a stub answer what it is asked.
final class CounterpartServer: Sendable {
    let port: UInt16
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel

    init(_ answer: @escaping @Sendable (ChannelRequest) -> Answer) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = UInt16(channel.localAddress?.port ?? 0)
    }

    func stop() async throws {
        try await channel.close().get()
        try await group.shutdownGracefully()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: @Sendable (ChannelRequest) -> Answer
        private var received: [UInt8] = []

        init(_ answer: @escaping @Sendable (ChannelRequest) -> Answer) {
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += unwrapInboundIn(data).readableBytesView
            while let request = takeRequest() {
                let text = Self.text(answer(request), to: request)
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: text)), promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        /// The first request that has arrived whole.
        private func takeRequest() -> ChannelRequest? {
            guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            let headers = lines.dropFirst().compactMap { line -> ChannelRequest.Header? in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                return ChannelRequest.Header(String(line[..<colon]), String(value))
            }
            let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) }
            guard received.count >= end.upperBound + (length ?? 0) else { return nil }
            let body = Array(received[end.upperBound...].prefix(length ?? 0))
            received.removeFirst(end.upperBound + (length ?? 0))
            let words = (lines.first ?? "").split(separator: " ")
            guard words.count == 3, let address = try? WebAddress("http://127.0.0.1\(words[1])") else {
                return nil
            }
            var request = ChannelRequest(String(words[0]), address, headers: headers, body: body)
            // What the caller's wire keeps of the answer cannot be seen from here.
            let isSentry = request.header("X-Sentry-Auth") != nil
            request.keepHeader =
                isSentry ? "x-sentry-rate-limits" : request.method == "GET" ? "etag" : "location"
            return request
        }

        private static func text(_ answer: Answer, to request: ChannelRequest) -> [UInt8] {
            var head = "HTTP/1.1 \(answer.status) Said\r\nContent-Length: \(answer.body.count)\r\n"
            if let seconds = answer.retryAfter { head += "Retry-After: \(seconds)\r\n" }
            if let value = answer.keptHeader { head += "\(request.keepHeader): \(value)\r\n" }
            return Array("\(head)\r\n".utf8) + answer.body
        }
    }
}
