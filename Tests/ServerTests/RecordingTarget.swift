import NIOCore
import NIOPosix

/// A web server on a loopback port that writes down every call and answers a little later: 200, if not told
/// otherwise; those for `/silent` never.
final class RecordingTarget: Sendable {
    struct Call: Sendable {
        let method: String
        let path: String
        /// As they came, each `name: value`.
        let headers: [String]
        let key: String
        /// RFC 3339, a whole second in UTC: in the order of time as text.
        let scheduledAt: String
        let body: String

        /// Empty when there is none.
        func header(_ name: String) -> String { Handler.value(of: name, headers.map { $0[...] }) }
    }

    let port: UInt16
    private let delay: TimeAmount
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    /// Its contents belong to the only event loop.
    private let book: NIOLoopBound<Book>

    fileprivate final class Book {
        var calls: [Call] = []
        var waiters: [(isMeant: @Sendable (Call) -> Bool, promise: EventLoopPromise<Call>)] = []
    }

    /// - Parameter answering: the whole answer, as it goes over the wire.
    init(
        answersAfter delay: TimeAmount,
        answering: @escaping @Sendable (Call) -> String = { _ in
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        }
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.any()
        let book = try await loop.submit { NIOLoopBound(Book(), eventLoop: loop) }.get()
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(ChannelOptions.backlog, value: 1024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(book.value, delay, answering)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = UInt16(channel.localAddress?.port ?? 0)
        self.delay = delay
        self.group = group
        self.book = book
    }

    func stop() async throws {
        try await channel.close().get()
        try await group.shutdownGracefully()
    }

    func calls() async throws -> [Call] {
        try await group.any().submit { self.book.value.calls }.get()
    }

    /// The first call of a kind, made already or not.
    ///
    /// - Throws: if none comes within ten seconds.
    func call(where isMeant: @escaping @Sendable (Call) -> Bool) async throws -> Call {
        let loop = group.any()
        return try await loop.flatSubmit {
            let promise = loop.makePromise(of: Call.self)
            let book = self.book.value
            if let call = book.calls.first(where: isMeant) {
                promise.succeed(call)
            } else {
                book.waiters.append((isMeant, promise))
                // A promise that was kept stays so.
                loop.scheduleTask(in: .seconds(10)) {
                    promise.fail(Obstacle("the call that was waited for did not come"))
                }
            }
            return promise.futureResult
        }.get()
    }

    fileprivate final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let book: Book
        private let delay: TimeAmount
        private let answering: @Sendable (Call) -> String
        private var received = ""

        init(_ book: Book, _ delay: TimeAmount, _ answering: @escaping @Sendable (Call) -> String) {
            self.book = book
            self.delay = delay
            self.answering = answering
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            while let end = received.firstRange(of: "\r\n\r\n") {
                let lines = received[..<end.lowerBound].split(separator: "\r\n")
                let length = Int(Self.value(of: "content-length", lines)) ?? 0
                let rest = received.utf8[end.upperBound...]
                guard rest.count >= length else { return }
                let call = record(lines, body: String(decoding: rest.prefix(length), as: UTF8.self))
                received = String(decoding: rest.dropFirst(length), as: UTF8.self)
                if book.calls.last?.path == "/silent" { continue }
                context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
                    let answer = ByteBuffer(string: self.answering(call))
                    context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
                }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func record(_ lines: [Substring], body: String) -> Call {
            let call = Call(
                method: String(lines.first?.split(separator: " ").first ?? ""),
                path: String(lines.first?.split(separator: " ").dropFirst().first ?? ""),
                headers: lines.dropFirst().map { String($0) },
                key: Self.value(of: "idempotency-key", lines),
                scheduledAt: Self.value(of: "chronatog-scheduled-at", lines),
                body: body
            )
            book.calls.append(call)
            for waiter in book.waiters where waiter.isMeant(call) { waiter.promise.succeed(call) }
            return call
        }

        static func value(of name: String, _ lines: [Substring]) -> String {
            let line = lines.first { $0.lowercased().hasPrefix("\(name): ") }
            return String(line?.dropFirst(name.count + 2) ?? "")
        }
    }
}
