internal import Domain
internal import Effects
internal import Synchronization
internal import Wire

/// How a client's requests travel. Conform to it to send them through a stack of your own, or into a server
/// in the same process.
public protocol ClientTransport: Sendable {
    /// Sends one request and waits for its answer, whatever its status.
    /// - Throws: `ChronatogError.unreachable` when no answer came.
    func send(_ request: ClientRequest) async throws(ChronatogError) -> ClientAnswer
}

public struct ClientRequest: Sendable, Hashable {
    /// Upper case.
    public var method: String
    /// Absolute.
    public var url: String
    public var headers: [String: String]
    public var body: [UInt8]

    public init(method: String, url: String, headers: [String: String], body: [UInt8]) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

public struct ClientAnswer: Sendable, Hashable {
    public var status: Int
    public var body: [UInt8]

    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Requests over the network, by the product's own HTTP client: pooled, with deadlines, redirects refused.
final class NetworkTransport: ClientTransport {
    private let transport: HTTPTransport
    private let waiting = Mutex<[UInt64: CheckedContinuation<Outcome, Never>]>([:])
    private let lastID = Atomic<UInt64>(0)
    private static let answerBytesMax = 64 << 20
    private static let deadlines = Deadlines(
        name: .seconds(10),
        connect: .seconds(10),
        firstByte: .seconds(30),
        total: .seconds(60)
    )

    init(_ serviceURL: String) throws(ChronatogError) {
        guard let target = Target(serviceURL) else {
            throw .unconfigured("\"\(serviceURL)\" is no http or https URL of a service")
        }
        let egress: EgressPolicy
        // A client goes where its owner says.
        do { egress = try EgressPolicy.parse("allow=0.0.0.0/0,allow=::/0") } catch {
            throw .unconfigured(error.sentence)
        }
        let trust: TrustRoots
        do { trust = try target.origin.isTLS ? TrustRoots.load() : .nobody } catch {
            throw .unconfigured(error.sentence)
        }
        transport = HTTPTransport(egress: egress, trust: trust)
        transport.deliverOutcomes { [weak self] outcomes in
            for outcome in outcomes {
                self?.waiting.withLock { $0.removeValue(forKey: outcome.id) }?.resume(returning: outcome)
            }
        }
    }

    func send(_ request: ClientRequest) async throws(ChronatogError) -> ClientAnswer {
        guard let target = Target(request.url) else { throw .notFound(url: request.url) }
        let id = lastID.add(1, ordering: .relaxed).newValue
        let lines = request.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
        let call = Call(
            id: id,
            origin: target.origin,
            method: request.method,
            target: target.path,
            headerLines: Array("User-Agent: chronatog-client\r\n\(lines)".utf8),
            body: request.body,
            deadlines: Self.deadlines,
            keepBodyBytesMax: Self.answerBytesMax
        )
        let outcome = await withCheckedContinuation { continuation in
            waiting.withLock { $0[id] = continuation }
            transport.send([call])
        }
        switch outcome.result {
        case .answered(let answer): return ClientAnswer(status: Int(answer.status), body: answer.body)
        case .failed(let failure): throw .unreachable(failure.message)
        }
    }
}

/// An absolute URL in its two halves.
private struct Target {
    var origin: Origin
    var path: String

    init?(_ url: String) {
        let isTLS = url.hasPrefix("https://")
        guard isTLS || url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            return nil
        }
        let rest = url.dropFirst(isTLS ? 8 : 7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        path = String(rest.dropFirst(authority.count))
        if !path.hasPrefix("/") { path = "/" + path }
        var host = authority
        var port: UInt16 = isTLS ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let number = UInt16(authority[authority.index(after: colon)...]) else { return nil }
            port = number
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("@") else { return nil }
        origin = Origin(isTLS: isTLS, host: host.lowercased(), port: port)
    }
}
