internal import NIOCore
internal import NIOHTTP1

/// What HTTP/1.1 demands of a request's head beyond its grammar (RFC 9112), which the decoder judges.
///
/// What is refused here is what has been used to make two servers on the way see two different requests.
enum HeadRules {
    /// Why the head is not accepted; nil when it is.
    static func fault(_ head: HTTPRequestHead) -> String? {
        let hosts = head.headers["host"].count
        if hosts > 1 { return "It has \(hosts) Host fields; one is allowed." }
        let isOld = head.version != .http1_1
        if hosts == 0, !isOld { return "It has no Host field, which HTTP/1.1 demands." }
        let codings = head.headers[canonicalForm: "transfer-encoding"]
        guard let coding = codings.first else { return nil }
        if isOld { return "HTTP/1.0 has no Transfer-Encoding." }
        guard codings.count == 1, coding.lowercased() == "chunked" else {
            return "The only transfer coding understood is chunked."
        }
        return nil
    }

    /// Whether the client waits for a word before it sends the body (RFC 9110, 10.1.1).
    static func waitsForContinue(_ head: HTTPRequestHead) -> Bool {
        head.version == .http1_1
            && head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }

    /// The body is announced as longer than this, and will be refused for it: pings never are.
    static func announces(moreThan bytesMax: Int, _ head: HTTPRequestHead) -> Bool {
        if head.uri.utf8.starts(with: PingReading.prefix.utf8) { return false }
        guard let length = head.headers.first(name: "content-length") else { return false }
        return (Int(length) ?? .max) > bytesMax
    }
}

/// The head of a request does not go any further; the answer says why.
struct HeadRefused: Error {
    var reason: String
}

/// Applies the rules of heads while the version is still known: behind it requests have none.
final class HeadCheck: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let bodyBytesMax: Int
    private var hasRefused = false
    private var answersPending = 0
    /// The last request waits for `100 Continue`, and others before it for their answers.
    private var owesContinue = false

    init(_ limits: APILimits) {
        bodyBytesMax = limits.bodyBytesMax
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // The rest of what was refused, and what came along with it.
        if hasRefused { return }
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        if let fault = HeadRules.fault(head) {
            hasRefused = true
            return context.fireErrorCaught(HeadRefused(reason: fault))
        }
        // HTTP/1.0, or `close` among other words: told in the one way that everybody behind looks for.
        if !head.isKeepAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        answersPending += 1
        if HeadRules.waitsForContinue(head), !HeadRules.announces(moreThan: bodyBytesMax, head) {
            owesContinue = true
            payContinue(context)
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        context.write(data, promise: promise)
        guard case .end = part else { return }
        answersPending = max(0, answersPending - 1)
        payContinue(context)
    }

    /// Not before all earlier answers: it would be taken for the beginning of the next one.
    private func payContinue(_ context: ChannelHandlerContext) {
        guard owesContinue, answersPending <= 1 else { return }
        owesContinue = false
        guard answersPending == 1 else { return }
        let word = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(word)), promise: nil)
    }
}
