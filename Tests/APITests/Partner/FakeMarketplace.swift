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
        /// What it fails at has arrived all the same: only the answer is lost.
        var takesWhatFails = false
        var uniqueIDs: Set<String> = []
        /// Answers by the end of the path, instead of its own.
        var scripts: [String: Effects.Answer] = [:]
        var tokens = 0
        var receiver: (@Sendable ([Outcome]) -> Void)?
    }

    private let state = Mutex(State())

    /// What it took.
    var posts: [Post] { state.withLock { $0.posts } }
    var failures: Int { state.withLock { $0.failed } }
    func posts(to suffix: String) -> [Post] { posts.filter { $0.path.hasSuffix(suffix) } }
    /// Answers 503 wherever the path ends so; nil ends that.
    func fail(_ suffix: String?, afterTaking takes: Bool = false) {
        state.withLock { state in
            state.failsPaths = suffix
            state.takesWhatFails = takes
        }
    }

    /// Answers so wherever the path ends so; a nil status ends that.
    func script(_ suffix: String, status: UInt16?, _ body: String = "") {
        let answer = status.map { Effects.Answer(status: $0, body: Array(body.utf8)) }
        state.withLock { $0.scripts[suffix] = answer }
    }

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
        if call.origin.host.contains("heroku") { return addOn(call, header("Authorization")) }
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
            let isFailing = state.failsPaths.map { call.target.hasSuffix($0) } ?? false
            if isFailing {
                state.failed += 1
                if !state.takesWhatFails { return Effects.Answer(status: 503) }
            }
            if let script = state.scripts.first(where: { call.target.hasSuffix($0.key) }) {
                return script.value
            }
            let text = String(decoding: call.body, as: UTF8.self)
            let body = (try? JSONReader.value(of: text)) ?? .null
            if call.method == "GET" {
                let known = #"[{"service":{"name":"Chronatog","label":"chronatog"},"url":"\#(Self.base)/7"}]"#
                return Effects.Answer(status: 200, body: Array(known.utf8))
            }
            if let fault = Self.fault(call.target, body, &state.uniqueIDs) {
                if isFailing { return Effects.Answer(status: 503) }
                return Effects.Answer(status: 400, body: Array(fault.json.text.utf8))
            }
            state.posts.append(Post(method: call.method, path: call.target, body: body))
            if isFailing { return Effects.Answer(status: 503) }
            let isNew = call.method == "POST" && call.target.hasSuffix("/services")
            return Effects.Answer(
                status: isNew ? 201 : 200,
                keptHeader: isNew ? "\(Self.base)/api/1/partners/1/services/7" : nil,
                body: Array("{}".utf8)
            )
        }
    }

    /// The platform of `heroku-v3`: tokens for grants, and calls that carry one.
    private func addOn(_ call: Call, _ login: String?) -> Effects.Answer {
        let text = String(decoding: call.body, as: UTF8.self)
        return state.withLock { state -> Effects.Answer in
            if let failing = state.failsPaths, call.target.hasSuffix(failing) {
                state.failed += 1
                return Effects.Answer(status: 503)
            }
            guard call.target != "/oauth/token" else {
                let form = FormText.decode(text) ?? []
                func field(_ name: String) -> String { form.first { $0.name == name }?.value ?? "" }
                // A code is good once.
                let isFresh = field("code") == "c1" && state.tokens == 0
                guard field("client_secret") == "hush",
                    isFresh || field("refresh_token") == "r1"
                else { return Effects.Answer(status: 401) }
                state.tokens += 1
                let answer = #"{"access_token":"t\#(state.tokens)","refresh_token":"r1","expires_in":28800}"#
                return Effects.Answer(status: 200, body: Array(answer.utf8))
            }
            guard login == "Bearer t\(state.tokens)" else { return Effects.Answer(status: 401) }
            let body = (try? JSONReader.value(of: text)) ?? .null
            state.posts.append(Post(method: call.method, path: call.target, body: body))
            return Effects.Answer(status: 200, body: Array("{}".utf8))
        }
    }

    /// Tokens that were given out; the last one alone is good.
    var tokens: Int { state.withLock { $0.tokens } }
    /// The token that is in use is good no more.
    func revoke() { state.withLock { $0.tokens += 1 } }

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
