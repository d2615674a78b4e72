import NIOCore
import NIOPosix
import Synchronization

/// A target for calls that answers `200 ok` to everything, and remembers how late each call with `due=` in
/// its request line arrived. One thread, keep-alive, nothing else.
///
/// `GET /report?from=MS&to=MS` answers what it saw of calls due in that range; `GET /count` the number of
/// calls.
final class EchoSink: Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel
    private let log = ArrivalLog()
    let port: Int

    /// Calls so far.
    var count: Int { log.count }

    init() async throws {
        let log = log
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EchoHandler(log: log))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        port = channel.localAddress?.port ?? 0
    }

    func waitForEnd() async throws {
        try await channel.closeFuture.get()
    }
}

/// What arrived, by due time; touched by the one event loop alone, the lock is for the compiler's peace.
private final class ArrivalLog: Sendable {
    private let state = Mutex(State())

    private struct State {
        var count = 0
        /// (due, lateness), both in milliseconds.
        var arrivals: [(due: Int64, late: Int32)] = []
    }

    func note(due: Int64?, now: Int64) {
        state.withLock { state in
            state.count += 1
            if let due { state.arrivals.append((due, Int32(clamping: now - due))) }
        }
    }

    var count: Int { state.withLock { $0.count } }

    /// `<calls> <early> <p50> <p99> <max> <first ms> <last ms>` of calls due in `[from, to)`.
    func report(from: Int64, to: Int64) -> String {
        let (late, last) = state.withLock { state in
            let chosen = state.arrivals.filter { from <= $0.due && $0.due < to }
            return (chosen.map(\.late).sorted(), chosen.map { $0.due + Int64($0.late) }.max() ?? 0)
        }
        guard let longest = late.last else { return "0 0 0 0 0 0" }
        let early = late.prefix { $0 < 0 }.count
        return
            "\(late.count) \(early) \(late[late.count / 2]) \(late[late.count * 99 / 100]) \(longest) \(last)"
    }
}

/// Splits the stream into requests just well enough for a bench: heads end in an empty line, bodies have a
/// length.
private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)
    private let log: ArrivalLog
    private var pending: [UInt8] = []

    init(log: ArrivalLog) {
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        pending += Self.unwrapInboundIn(data).readableBytesView
        var out: [UInt8] = []
        var start = 0
        while let request = Request(pending[start...]) {
            start += request.byteCount
            respond(to: request, into: &out)
        }
        pending.removeFirst(start)
        if !out.isEmpty {
            context.writeAndFlush(
                Self.wrapOutboundOut(context.channel.allocator.buffer(bytes: out)),
                promise: nil
            )
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func respond(to request: Request, into out: inout [UInt8]) {
        var text: String?
        if request.line.starts(with: "GET /report".utf8) {
            text = log.report(
                from: request.number(after: "from=") ?? 0,
                to: request.number(after: "to=") ?? .max
            )
        } else if request.line.starts(with: "GET /count".utf8) {
            text = "\(log.count)"
        } else {
            log.note(due: request.number(after: "due="), now: WallClock.milliseconds)
        }
        guard let text else { return out += Self.answer }
        out += Array("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)".utf8)
    }

    private struct Request {
        var line: ArraySlice<UInt8>
        var byteCount: Int

        /// Nil until all of it is there.
        init?(_ bytes: ArraySlice<UInt8>) {
            var index = bytes.startIndex
            var lineEnd: Int?
            var length = 0
            while let end = bytes[index...].firstIndex(of: 0x0a) {
                let line = bytes[index..<end]
                index = end + 1
                if lineEnd == nil { lineEnd = end }
                if line.isEmpty || line.elementsEqual([0x0d]) {
                    guard bytes.endIndex - index >= length, let lineEnd else { return nil }
                    self.line = bytes[bytes.startIndex..<lineEnd]
                    byteCount = index + length - bytes.startIndex
                    return
                }
                if line.count > 15,
                    line.prefix(15).elementsEqual("content-length:".utf8)
                        || line.prefix(15).elementsEqual("Content-Length:".utf8)
                {
                    let digits = line.dropFirst(15).filter { (0x30...0x39).contains($0) }
                    length = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
                }
            }
            return nil
        }

        /// The number behind `name` in the request line.
        func number(after name: StaticString) -> Int64? {
            let wanted = Array(String(describing: name).utf8)
            guard line.count > wanted.count else { return nil }
            for start in line.startIndex...(line.endIndex - wanted.count)
            where line[start] == wanted[0] && line[start..<start + wanted.count].elementsEqual(wanted) {
                let digits = line[(start + wanted.count)...].prefix { (0x30...0x39).contains($0) }
                guard !digits.isEmpty, digits.count < 19 else { return nil }
                return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
            }
            return nil
        }
    }
}
