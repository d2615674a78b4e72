internal import Cron
internal import Domain
internal import Effects

/// What Heroku keeps of one add-on's resources, and what the partner may ask of it with the token that a
/// grant is exchanged for (`heroku-v3`, `reference/chronatog-and-partner-api.md` §7.1).
struct SimulatedAddOns: Sendable {
    enum State: Sendable, Hashable {
        /// Asked for; the partner has not said yes or no.
        case asked
        /// Answered with 202: the partner has to finish it.
        case provisioning
        case provisioned
        /// Given back, and answered with 202.
        case deprovisioning
        /// Why there is none any more.
        case gone(String)

        var text: String {
            switch self {
            case .asked: "not answered; ask again"
            case .provisioning: "provisioning"
            case .provisioned: "provisioned"
            case .deprovisioning: "deprovisioning"
            case .gone(let why): why
            }
        }

        var isOpen: Bool { if case .gone = self { false } else { true } }
    }

    struct AddOn: Sendable {
        var uuid: String
        var app: String
        var plan: String
        var state = State.asked
        /// The partner's name for it.
        var id = ""
        var config: [JSON.Member] = []
        /// What the partner said last.
        var message = ""
        /// The grant of the first request, and of every repetition.
        var code: String
        var madeAt: Timestamp
        var isCodeUsed = false
    }

    /// Good for one add-on until it ends.
    private struct Token: Sendable {
        var text: String
        var uuid: String
        var endsAt: Timestamp
        var isRefresh: Bool
    }

    var addOns: [AddOn] = []
    private var tokens: [Token] = []
    private var lastNumber = 0
    /// What the partner proves itself with at `/oauth/token`; empty to take any.
    let clientSecret: String

    static let codeLasts = Span.minutes(5)
    private static let tokenLasts = Span.hours(8)
    private static let tokensMax = 1000
    private static let addOnsMax = 1000
    /// What is not finished by then is removed, and not billed.
    static let finishWithin = Span.hours(12)

    init(clientSecret: String) { self.clientSecret = clientSecret }

    func index(_ uuid: String) -> Int? { addOns.firstIndex { $0.uuid == uuid } }

    /// - Parameter uuid: a fresh one when nil. It is of the clock, so that a partner which outlives this
    ///   simulator is not asked for the same one again.
    mutating func add(_ uuid: String?, app: String, plan: String, now: Timestamp) -> AddOn {
        lastNumber += 1
        let digits = String(UInt64(bitPattern: now.microseconds) &+ UInt64(lastNumber), radix: 16)
        let tail = String(repeating: "0", count: max(0, 12 - digits.count)) + digits.suffix(12)
        let own = AddOn(
            uuid: uuid ?? "01234567-89ab-4cde-8f00-\(tail)",
            app: app,
            plan: plan,
            code: "code-\(tail)",
            madeAt: now
        )
        if addOns.count == Self.addOnsMax { addOns.removeFirst() }
        addOns.append(own)
        return own
    }

    /// What a request says of the grant; repetitions say the same.
    static func grant(_ own: AddOn) -> JSON {
        .object([
            JSON.Member("code", .string(own.code)),
            JSON.Member("expires_at", .string(Instant(seconds: (own.madeAt + codeLasts).seconds).rfc3339)),
            JSON.Member("type", .string("authorization_code")),
        ])
    }

    mutating func lapse(now: Timestamp) {
        for index in addOns.indices where addOns[index].state == .provisioning {
            guard now - addOns[index].madeAt > Self.finishWithin else { continue }
            addOns[index].state = .gone("removed: not provisioned within \(Self.finishWithin.text)")
        }
        tokens.removeAll { $0.endsAt <= now }
    }

    // MARK: What the partner asks

    mutating func answer(_ request: MarketplaceSimulator.Request, now: Timestamp)
        -> MarketplaceSimulator.Reply
    {
        lapse(now: now)
        if request.path == "/oauth/token" {
            return request.method == "POST"
                ? exchange(request, now: now) : Self.error(405, "method_not_allowed")
        }
        let parts = request.path.split(separator: "/").map { String($0) }
        let bearer = request.header("authorization").drop { $0 != " " }.dropFirst()
        guard let token = tokens.first(where: { $0.text == bearer && !$0.isRefresh }) else {
            return Self.error(401, "unauthorized", "the token is none, or has ended")
        }
        guard parts.count >= 2, let index = index(parts[1]), parts[1] == token.uuid else {
            return Self.error(403, "forbidden", "the token is for add-on \(token.uuid)")
        }
        guard addOns[index].state.isOpen else { return Self.error(404, "not_found", "the add-on is gone") }
        switch (request.method, parts.dropFirst(2).joined(separator: "/")) {
        case ("GET", ""): break
        case ("GET", "config"): return config(index)
        case ("PATCH", "config"):
            guard let fault = set(request.json, index) else { return config(index) }
            return Self.error(422, "invalid_params", fault)
        case ("POST", "actions/provision"):
            guard addOns[index].state != .deprovisioning else {
                return Self.error(422, "invalid_params", "the add-on is being deprovisioned")
            }
            addOns[index].state = .provisioned
        case ("POST", "actions/deprovision"): addOns[index].state = .gone("deprovisioned")
        default: return Self.error(404, "not_found", "there is no such action")
        }
        return .json(shown(addOns[index]))
    }

    /// `POST /oauth/token` (RFC 6749 §4.1.3 and §6).
    private mutating func exchange(_ request: MarketplaceSimulator.Request, now: Timestamp)
        -> MarketplaceSimulator.Reply
    {
        guard clientSecret.isEmpty || request.field("client_secret") == clientSecret else {
            return Self.error(401, "unauthorized", "client_secret is wrong")
        }
        let uuid: String
        switch request.field("grant_type") {
        case "authorization_code":
            let code = request.field("code")
            guard let index = addOns.firstIndex(where: { $0.code == code }), !addOns[index].isCodeUsed,
                now - addOns[index].madeAt <= Self.codeLasts
            else {
                return Self.error(401, "unauthorized", "the code is none, or used, or older than 5 minutes")
            }
            addOns[index].isCodeUsed = true
            uuid = addOns[index].uuid
        case "refresh_token":
            let given = request.field("refresh_token")
            guard let token = tokens.first(where: { $0.text == given && $0.isRefresh }) else {
                return Self.error(401, "unauthorized", "there is no such refresh_token")
            }
            uuid = token.uuid
        default: return Self.error(400, "bad_request", "grant_type is authorization_code or refresh_token")
        }
        let access = token(uuid, isRefresh: false, endsAt: now + Self.tokenLasts)
        let refresh = token(uuid, isRefresh: true, endsAt: now + .days(3650))
        return .json(
            .object([
                JSON.Member("access_token", .string(access)), JSON.Member("refresh_token", .string(refresh)),
                JSON.Member("expires_in", .number(Self.tokenLasts.microseconds / 1_000_000)),
                JSON.Member("token_type", .string("Bearer")),
            ])
        )
    }

    private mutating func token(_ uuid: String, isRefresh: Bool, endsAt: Timestamp) -> String {
        lastNumber += 1
        let text = "\(isRefresh ? "refresh" : "access")-\(lastNumber)-\(uuid.suffix(12))"
        if tokens.count == Self.tokensMax { tokens.removeFirst() }
        tokens.append(Token(text: text, uuid: uuid, endsAt: endsAt, isRefresh: isRefresh))
        return text
    }

    /// - Returns: what is wrong with the body.
    private mutating func set(_ body: JSON, _ index: Int) -> String? {
        guard let list = body["config"]?.array else { return "config is a list of names and values" }
        for item in list {
            guard let name = item["name"]?.string, !name.isEmpty else { return "a variable has no name" }
            addOns[index].config.removeAll { $0.key == name }
            switch item["value"] {
            case .string(let text): addOns[index].config.append(JSON.Member(name, .string(text)))
            case .null?: break
            default: return "the value of \(name) is no text"
            }
        }
        return nil
    }

    private func config(_ index: Int) -> MarketplaceSimulator.Reply {
        .json(
            .array(
                addOns[index].config.map {
                    .object([JSON.Member("name", .string($0.key)), JSON.Member("value", $0.value)])
                }
            )
        )
    }

    private func shown(_ own: AddOn) -> JSON {
        .object([
            JSON.Member("id", .string(own.uuid)), JSON.Member("name", .string("acme-\(own.app)")),
            JSON.Member("state", .string(own.state.text)),
            JSON.Member("plan", .object([JSON.Member("name", .string(own.plan))])),
            JSON.Member("app", .object([JSON.Member("name", .string(own.app))])),
            JSON.Member("config_vars", .array(own.config.map { .string($0.key) })),
            JSON.Member("provider_id", .string(own.id)),
        ])
    }

    private static func error(_ status: Int, _ id: String, _ message: String = "")
        -> MarketplaceSimulator.Reply
    {
        .json(
            .object([JSON.Member("id", .string(id)), JSON.Member("message", .string(message))]),
            status: status
        )
    }
}
