import Domain
import Effects
import Integrations
import WebSocket
import Wire

/// Follows one stream for as long as it is wanted: comes back when it breaks, each time later, and goes on
/// after the last event it saw where the server counts them.
struct StreamFollower {
    enum News {
        case connected
        case authenticated
        case event(TutumEvent)
        case notifications(JSON)
        case trace(String)
        /// The connection is gone; it is opened again after this long.
        case lost(String, wait: Span)
    }

    let source: StreamSource
    let show: (News) -> Void
    var since: UInt64?
    var type: String?
    var isTraced = false
    /// Lets time pass.
    var pause: @Sendable (Span) async -> Void = { try? await Task.sleep(for: .microseconds($0.microseconds)) }
    private var pace = ReconnectPace()

    init(source: StreamSource, show: @escaping (News) -> Void) {
        self.source = source
        self.show = show
    }

    /// Messages kept while printing is slower than what comes; beyond that the connection is given up, and
    /// what was not kept is asked for again.
    private static let backlogMax = 20_000

    /// Returns after so many events.
    /// - Throws: when coming back is no use.
    mutating func run(limit: Int) async throws(CommandFailure) {
        let client = WebSocketClient(egress: try .anywhere(), trust: try trust())
        do throws(CommandFailure) {
            var left = limit
            while left > 0 { try await connect(client, &left) }
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    private mutating func connect(_ client: WebSocketClient, _ left: inout Int) async throws(CommandFailure) {
        let time = SystemTime()
        var healthySince: Span?
        var ending = Ending(sentence: "the stream ended")
        let (signals, feed) = AsyncStream.makeStream(
            of: WebSocketSignal.self,
            bufferingPolicy: .bufferingOldest(Self.backlogMax)
        )
        let link = client.open(request()) { signal in
            // Full: what follows would be missed without anybody knowing.
            if case .dropped = feed.yield(signal) { feed.finish() }
            if signal.isLast { feed.finish() }
        }
        loop: for await signal in signals {
            switch signal {
            case .open: show(.connected)
            case .trace(let text): show(.trace(text))
            case .text(let bytes):
                if case .auth? = TutumMessage(bytes) { healthySince = time.uptime }
                if let end = try take(bytes, &left) {
                    ending = end
                    break loop
                }
                if left == 0 { break loop }
            default:
                ending = try self.ending(signal)
                break loop
            }
        }
        link.close()
        guard left > 0 else { return }
        let healthy = healthySince.map { time.uptime - $0 } ?? .zero
        let wait = pace.next(healthy: healthy, asked: ending.retryAfter, chance: Double.random(in: 0...1))
        show(.lost(ending.sentence, wait: wait))
        await pause(wait)
    }

    private struct Ending {
        var sentence: String
        var retryAfter: Span?
    }

    /// - Returns: how it ends, when this message is the end.
    private mutating func take(_ bytes: [UInt8], _ left: inout Int) throws(CommandFailure) -> Ending? {
        switch TutumMessage(bytes) {
        case nil: return nil
        case .auth?: show(.authenticated)
        case .notifications(let json)?: show(.notifications(json))
        case .event(let event)?:
            since = event.sequence ?? since
            show(.event(event))
            left -= 1
        case .error(let word)? where TutumMessage.isRefusal(word): throw Self.refused(word)
        case .error(let word)?: return Ending(sentence: "the stream says \(word)")
        }
        return nil
    }

    private func ending(_ signal: WebSocketSignal) throws(CommandFailure) -> Ending {
        switch signal {
        case .refused(let status, retryAfter: _) where [401, 403].contains(status):
            throw Self.refused("UNAUTHORIZED")
        case .refused(let status, retryAfter: _) where Self.isFinal(status):
            throw .failed(
                "the stream was refused with \(status)",
                hint: status == 410 ? "its past is gone: begin again without --since" : "look at its address"
            )
        case .refused(let status, let retryAfter):
            let asked = retryAfter.flatMap { Int64($0) }.map { Span.seconds(min($0, 86_400)) }
            return Ending(sentence: "the stream answered \(status)", retryAfter: asked)
        case .failed(let failure): return Ending(sentence: failure.message)
        case .closed(let code, let reason):
            return Ending(
                sentence: "the stream closed (\(code.rawValue)\(reason.isEmpty ? "" : " \(reason)"))"
            )
        case .open, .text, .trace: return Ending(sentence: "the stream ended")
        }
    }

    /// The same request would be refused again; too many or too slow ones may not be.
    private static func isFinal(_ status: Int) -> Bool {
        (400...499).contains(status) && status != 408 && status != 429
    }

    private static func refused(_ word: String) -> CommandFailure {
        .failed(
            "the stream does not know these credentials (\(word))",
            hint: "give --token, or TUTUM_USERNAME and TUTUM_TOKEN, or TUTUM_AUTH"
        )
    }

    private func request() -> WebSocketRequest {
        var items: [(String, String)] = []
        if let since { items.append(("since", String(since))) }
        if let type { items.append(("type", type)) }
        var target = source.target
        if !items.isEmpty {
            let query = Query.text(items)
            target += target.contains("?") ? "&\(query.dropFirst())" : query
        }
        var request = WebSocketRequest(origin: source.origin, target: target)
        if let login = source.login {
            request.headerLines = Array("Authorization: \(login.header)\r\n".utf8)
        }
        request.isTraced = isTraced
        return request
    }

    private func trust() throws(CommandFailure) -> TrustRoots {
        guard source.origin.isTLS else { return .nobody }
        do { return try TrustRoots.load() } catch { throw .failed(error.sentence) }
    }
}
