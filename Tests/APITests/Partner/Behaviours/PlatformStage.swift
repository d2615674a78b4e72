import API
import Domain
import Effects
import Integrations
import Synchronization
import Testing

/// A partner that answers what a test tells it to, and remembers what it was asked.
final class ScriptedPartner: Sendable {
    private struct State {
        var asked: [PartnerCheck.Request] = []
        var answers: [PartnerCheck.Reply] = []
    }

    private let state = Mutex(State())

    var asked: [PartnerCheck.Request] { state.withLock { $0.asked } }

    /// The next answer; without one it is `200 {}`.
    func answer(_ status: Int, _ body: String, location: String? = nil) {
        let reply = PartnerCheck.Reply(status: status, keptHeader: location, body: Array(body.utf8))
        state.withLock { $0.answers.append(reply) }
    }

    func take(_ request: PartnerCheck.Request) -> PartnerCheck.Reply {
        state.withLock { state in
            state.asked.append(request)
            let next = state.answers.isEmpty ? nil : state.answers.removeFirst()
            return next ?? PartnerCheck.Reply(status: 200, body: Array("{}".utf8))
        }
    }
}

/// The simulated platform from both sides: clicks in its dashboard, and requests that a partner signs.
struct PlatformStage {
    static let base = "http://services.engineyard.test"
    static let root = MarketplaceSimulator.registrationPath()
    let partner = ScriptedPartner()
    let simulator: MarketplaceSimulator

    /// - Parameter start: of its clock, which only clicks drive.
    init(start: String = SiteRig.start) throws {
        let start = try #require(Timestamp(rfc3339: start))
        let partner = partner
        simulator = MarketplaceSimulator(
            base: Self.base,
            auth: FakeMarketplace.auth,
            clock: { start },
            send: { partner.take($0) }
        )
    }

    struct Heard {
        let status: Int
        let location: String
        let text: String
        var json: JSON { (try? JSONReader.value(of: text)) ?? .null }
        var messages: [String] { json["error_messages"]?.array?.compactMap(\.string) ?? [] }
    }

    /// A request that the partner signs.
    func ask(_ method: String, _ url: String, _ body: String = "") async -> Heard {
        let path = url.hasPrefix(Self.base) ? String(url.dropFirst(Self.base.count)) : url
        let request = AuthHMAC.Request(
            method: method,
            contentType: body.isEmpty ? "" : "application/json",
            body: Array(body.utf8),
            date: "Thu, 01 Jan 2026 00:00:00 GMT",
            path: path
        )
        var headers = [
            (name: "Date", value: request.date),
            (name: "Authorization", value: FakeMarketplace.auth.header(request)),
        ]
        if !body.isEmpty { headers.append((name: "Content-Type", value: request.contentType)) }
        return await heard(.init(method: method, target: path, headers: headers, body: request.body))
    }

    func click(_ path: String, _ form: String = "") async {
        _ = await heard(.init(method: "POST", target: path, body: Array(form.utf8)))
    }

    func browse(_ path: String) async -> Heard { await heard(.init(method: "GET", target: path)) }

    private func heard(_ request: MarketplaceSimulator.Request) async -> Heard {
        let reply = await simulator.answer(request)
        return Heard(
            status: reply.status,
            location: reply.headers.first { $0.name == "Location" }?.value ?? "",
            text: String(decoding: reply.body, as: UTF8.self)
        )
    }

    /// Registers a service.
    /// - Returns: its URL at the platform.
    @discardableResult
    func register(_ name: String = "A") async -> String {
        let accounts = "http://partner.test/accounts"
        let body = #"{"service":{"name":"\#(name)","service_accounts_url":"\#(accounts)","label":"a"}}"#
        return await ask("POST", Self.root, body).location
    }

    static let accountAnswer = """
        {"service_account":{"url":"http://partner.test/accounts/1","configuration_required":true,\
        "configuration_url":"http://partner.test/sso/1",\
        "provisioned_services_url":"http://partner.test/accounts/1/services","users_url":null},\
        "message":{"message_type":"status","subject":"Welcome","body":null}}
        """

    /// A customer, as the partner was told of it.
    func signUp(_ answer: String = PlatformStage.accountAnswer) async throws -> JSON {
        await register()
        partner.answer(200, answer, location: "http://partner.test/accounts/1")
        await click("/sign_up", "name=some-account")
        return try body(of: try #require(partner.asked.last))
    }

    static let provisionAnswer = """
        {"provisioned_service":{"url":"http://partner.test/accounts/1/services/2",\
        "configuration_required":false,"configuration_url":null,\
        "vars":{"some_var":"value","other_var":"blah"}},\
        "message":{"message_type":"status","subject":"Made","body":null}}
        """

    /// An app's service, as the partner was told of it.
    func provision(_ account: JSON, _ answer: String = PlatformStage.provisionAnswer) async throws -> JSON {
        partner.answer(200, answer, location: "http://partner.test/accounts/1/services/2")
        await click("/activate/\(account.id)", "app=myapp")
        return try body(of: try #require(partner.asked.last))
    }

    private func body(of request: PartnerCheck.Request) throws -> JSON {
        try JSONReader.value(of: String(decoding: request.body, as: UTF8.self))
    }
}

extension JSON {
    /// The number that the platform gave it.
    var id: Int64 { self["id"]?.number ?? 0 }
    func word(_ name: String) -> String { self[name]?.string ?? "" }
}
