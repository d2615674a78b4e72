import Domain
import Effects
import Integrations
import Synchronization

/// A marketplace that lives where the network would be: checks signatures and takes what partners send, by
/// the rules of `reference/chronatog-and-partner-api.md` §3.8.
final class FakeMarketplace: Transport {
    static let auth = AuthHMAC(id: "123edf", key: "abc456")
    static let base = "http://services.engineyard.test"

    struct Post: Sendable {
        var method: String
        var path: String
        var body: JSON
    }

    private struct State {
        var posts: [Post] = []
        /// Refused with 503 while it fails.
        var failed = 0
        var failsPaths: String?
        var uniqueIDs: Set<String> = []
        var receiver: (@Sendable ([Outcome]) -> Void)?
    }

    private let state = Mutex(State())

    /// What it took.
    var posts: [Post] { state.withLock { $0.posts } }
    var failures: Int { state.withLock { $0.failed } }
    func posts(to suffix: String) -> [Post] { posts.filter { $0.path.hasSuffix(suffix) } }
    /// Answers 503 wherever the path ends so; nil ends that.
    func fail(_ suffix: String?) { state.withLock { $0.failsPaths = suffix } }

    /// Subjects of the messages that went to these.
    func subjects(to suffix: String) -> [String] {
        posts(to: suffix).compactMap { $0.body["message"]?["subject"]?.string }
    }

    func send(_ calls: [Call]) {
        let outcomes = calls.map { call in
            Outcome(id: call.id, result: .answered(answer(call)), timings: Timings(), address: "192.0.2.1")
        }
        state.withLock { $0.receiver }?(outcomes)
    }

    func abort(_ ids: [UInt64]) {}
    func shutdown(drain: Span) async {}

    func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {
        state.withLock { $0.receiver = receive }
    }

    private func answer(_ call: Call) -> Effects.Answer {
        let headers = String(decoding: call.headerLines, as: UTF8.self).split(separator: "\r\n")
        func header(_ name: String) -> String? {
            headers.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
        }
        let request = AuthHMAC.Request(
            method: call.method,
            contentType: header("Content-Type") ?? "",
            body: call.body,
            date: header("Date") ?? "",
            path: call.target
        )
        // The server's clock is driven, and this one goes with it.
        let zero = Timestamp(seconds: 0)
        let now = RetryAfter.parse(request.date, now: zero).map { zero + $0 } ?? zero
        return state.withLock { state -> Effects.Answer in
            guard
                (try? AuthHMAC.verify(
                    request,
                    header: header("Authorization"),
                    known: [Self.auth],
                    now: now
                )) != nil
            else { return Effects.Answer(status: 401) }
            if let failing = state.failsPaths, call.target.hasSuffix(failing) {
                state.failed += 1
                return Effects.Answer(status: 503)
            }
            let text = String(decoding: call.body, as: UTF8.self)
            let body = (try? JSONReader.value(of: text)) ?? .null
            if let fault = Self.fault(call.target, body, &state.uniqueIDs) {
                return Effects.Answer(status: 400, body: Array(fault.json.text.utf8))
            }
            state.posts.append(Post(method: call.method, path: call.target, body: body))
            let isNew = call.method == "POST" && call.target.hasSuffix("/services")
            return Effects.Answer(
                status: isNew ? 201 : 200,
                keptHeader: isNew ? "\(Self.base)/api/1/partners/1/services/7" : nil,
                body: Array("{}".utf8)
            )
        }
    }

    private static func fault(_ path: String, _ body: JSON, _ ids: inout Set<String>) -> PartnerFault? {
        do {
            if path.hasSuffix("/messages") { _ = try PartnerMessage.read(body) }
            guard path.hasSuffix("/invoices") else { return nil }
            let invoice = try PartnerInvoice.read(body)
            if let id = invoice.uniqueID, !ids.insert(id).inserted {
                return PartnerFault([PartnerInvoice.takenAlready])
            }
            return nil
        } catch {
            return error
        }
    }
}
