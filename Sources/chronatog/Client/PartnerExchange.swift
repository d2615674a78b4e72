import Domain
import Effects
import Integrations
import Synchronization
import Wire

/// Requests to a partner, many at a time, over the product's own HTTP client.
final class PartnerExchange: Sendable {
    private let transport: HTTPTransport
    private let waiting = Mutex<[UInt64: CheckedContinuation<Outcome, Never>]>([:])
    private let lastID = Atomic<UInt64>(0)
    private static let answerBytesMax = 1 << 20
    private static let deadlines = Deadlines(
        name: .seconds(10),
        connect: .seconds(10),
        firstByte: .seconds(30),
        total: .seconds(30)
    )

    /// - Parameter isTLS: whether any of the requests will be https, so that trust roots are needed.
    init(isTLS: Bool) throws(CommandFailure) {
        let egress: EgressPolicy
        // A tool goes where its user says.
        do { egress = try EgressPolicy.parse("allow=0.0.0.0/0,allow=::/0") } catch {
            throw .failed(error.sentence)
        }
        let trust: TrustRoots
        do { trust = try isTLS ? TrustRoots.load() : .nobody } catch { throw .failed(error.sentence) }
        transport = HTTPTransport(egress: egress, trust: trust)
        transport.deliverOutcomes { [weak self] outcomes in
            for outcome in outcomes {
                self?.waiting.withLock { $0.removeValue(forKey: outcome.id) }?.resume(returning: outcome)
            }
        }
    }

    /// nil when nobody answered.
    func send(_ request: PartnerCheck.Request) async -> PartnerCheck.Reply? {
        guard let address = try? WebAddress(request.url) else { return nil }
        let id = lastID.add(1, ordering: .relaxed).newValue
        let out = ChannelRequest(
            request.method,
            address,
            headers: request.headers,
            body: request.body,
            keepHeader: request.keepHeader
        )
        let call = out.call(id: id, deadlines: Self.deadlines, keepBodyBytesMax: Self.answerBytesMax)
        let outcome = await withCheckedContinuation { continuation in
            waiting.withLock { $0[id] = continuation }
            transport.send([call])
        }
        guard case .answered(let answer) = outcome.result else { return nil }
        return PartnerCheck.Reply(
            status: Int(answer.status),
            keptHeader: answer.keptHeader,
            body: answer.body
        )
    }

    func close() async { await transport.shutdown(drain: .zero) }
}
