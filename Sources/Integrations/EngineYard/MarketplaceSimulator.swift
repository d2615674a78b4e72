internal import Cron
package import Domain

/// Marketplaces to try a partner with, no marketplace in sight: the registry of `engineyard-v1`, the platform
/// of `heroku-v3`, and one dashboard for both that customers click in
/// (`reference/chronatog-and-partner-api.md` §3, §5.1 and §7.1).
///
/// It holds everything in memory, answers requests that some listener hands it, and calls the partner by what
/// it was given to send with. An actor, because a click waits for the partner's answer, and meanwhile the
/// partner may call.
package actor MarketplaceSimulator {
    package struct Request: Sendable {
        package var method: String
        /// Path and query as on the request line.
        package var target: String
        package var headers: [(name: String, value: String)]
        package var body: [UInt8]

        package init(
            method: String,
            target: String,
            headers: [(name: String, value: String)] = [],
            body: [UInt8] = []
        ) {
            self.method = method
            self.target = target
            self.headers = headers
            self.body = body
        }

        func header(_ name: String) -> String { headers.first { $0.name.lowercased() == name }?.value ?? "" }

        var path: String { String(target.prefix { $0 != "?" }) }
        var json: JSON { (try? JSONReader.value(of: String(decoding: body, as: UTF8.self))) ?? .null }
        var form: [FormText.Parameter] { FormText.decode(String(decoding: body, as: UTF8.self)) ?? [] }

        func field(_ name: String) -> String { form.first { $0.name == name }?.value ?? "" }
    }

    package struct Reply: Sendable {
        package var status: Int
        package var headers: [(name: String, value: String)] = []
        package var body: [UInt8] = []

        static func json(_ json: JSON, status: Int = 200) -> Reply {
            Reply(
                status: status,
                headers: [("Content-Type", "application/json")],
                body: Array(json.text.utf8)
            )
        }

        static func html(_ text: String, status: Int = 200) -> Reply {
            Reply(
                status: status,
                headers: [("Content-Type", "text/html; charset=utf-8")],
                body: Array(text.utf8)
            )
        }

        static func seeOther(_ url: String) -> Reply { Reply(status: 303, headers: [("Location", url)]) }
    }

    /// Where it can be reached, without a trailing `/`.
    let base: String
    let auth: AuthHMAC
    let send: PartnerCheck.Send
    private let clock: @Sendable () -> Timestamp
    /// How far its clock was driven ahead. What it signs is of this clock, so a partner's has to be driven as
    /// far.
    var ahead = Span.zero
    var registry = SimulatedRegistry()
    var addOns: SimulatedAddOns
    /// The add-on that the other half of the dashboard offers; nil for none.
    let manifest: AddOnManifest?
    /// What the last click came to.
    var notice = ""

    /// - Parameters:
    ///   - auth: the partner's credentials: for what comes in, and for what goes to it.
    ///   - manifest: the add-on that can be provisioned; nil for none.
    ///   - clientSecret: what it exchanges grants with; empty to take any.
    ///   - clock: real time; the simulator adds what it was driven ahead.
    package init(
        base: String,
        auth: AuthHMAC,
        manifest: AddOnManifest? = nil,
        clientSecret: String = "",
        clock: @escaping @Sendable () -> Timestamp,
        send: @escaping PartnerCheck.Send
    ) {
        self.base = base
        self.auth = auth
        self.manifest = manifest
        addOns = SimulatedAddOns(clientSecret: clientSecret)
        self.clock = clock
        self.send = send
    }

    var now: Timestamp { clock() + ahead }

    /// The URL at which a partner registers.
    package static func registrationPath(_ partner: Int = 1) -> String {
        "/api/1/partners/\(partner)/services"
    }

    package func answer(_ request: Request) async -> Reply {
        if request.path == "/oauth/token" || request.path.hasPrefix("/addons/") {
            return addOns.answer(request, now: now)
        }
        guard request.path.hasPrefix("/api/") else { return await dashboard(request) }
        // Of any date, as the original took them: a clock that is driven through a month signs at instants
        // that no other clock is at.
        let zero = Timestamp(seconds: 0)
        let signedAt = RetryAfter.parse(request.header("date"), now: zero).map { zero + $0 } ?? now
        do {
            _ = try AuthHMAC.verify(
                AuthHMAC.Request(
                    method: request.method,
                    contentType: request.header("content-type"),
                    body: request.body,
                    date: request.header("date"),
                    path: request.path
                ),
                header: request.header("authorization"),
                known: [auth],
                now: signedAt
            )
        } catch {
            return Reply(status: 401, body: Array("Authentication failure: \(error.sentence)\n".utf8))
        }
        do throws(PartnerFault) {
            return try registry.answer(request, base: base, now: now)
        } catch {
            return .json(error.json, status: 400)
        }
    }
}

/// What a platform keeps of one partner.
struct SimulatedRegistry: Sendable {
    struct Service: Sendable {
        var id: Int
        var attributes: JSON
    }

    struct Invoice: Sendable {
        var id: Int
        var invoice: PartnerInvoice
        var takenAt: Timestamp
    }

    struct Provisioned: Sendable {
        var id: Int
        var app: String
        /// At the partner.
        var url: String
        var variables: JSON
        /// Where its own pages are, if it has any.
        var configurationURL: String?
        var messages: [PartnerMessage] = []
    }

    struct Account: Sendable {
        var id: Int
        var name: String
        /// As the partner answered, and changed since.
        var pushed: JSON
        var url: String
        var messages: [PartnerMessage] = []
        var invoices: [Invoice] = []
        var provisioned: [Provisioned] = []
        var cancelledAt: Timestamp?
        /// As the partner listed them last.
        var users: [(email: String, url: String)] = []
    }

    var service: Service?
    var accounts: [Account] = []
    private var lastID = 0

    /// One counter for everything, so that a mixed-up id never works by accident.
    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    static let partner = 1
    static let lockDelay = Span.days(1)

    /// Answers what a partner has signed.
    mutating func answer(
        _ request: MarketplaceSimulator.Request,
        base: String,
        now: Timestamp
    ) throws(PartnerFault) -> MarketplaceSimulator.Reply {
        let parts = request.path.split(separator: "/").map { String($0) }
        let root = ["api", "1", "partners", "\(Self.partner)", "services"]
        if parts.starts(with: root) {
            return try services(Array(parts.dropFirst(root.count)), request, base: base, now: now)
        }
        // `/api/1/service_accounts/{a}/provisioned_service/{ps}`
        if parts.count == 6, parts[2] == "service_accounts", parts[4] == "provisioned_service",
            request.method == "PUT", let place = place(parts[3], parts[5])
        {
            let body = request.json["provisioned_service"]
            if case .object(let new)? = body?["vars"] { merge(new, at: place) }
            if let url = body?["configuration_url"] {
                accounts[place.account].provisioned[place.provisioned].configurationURL = url.string
            }
            return .json(.object([]))
        }
        return .json(.object([]), status: 404)
    }

    private func place(_ account: String, _ provisioned: String) -> (account: Int, provisioned: Int)? {
        guard let account = accounts.firstIndex(where: { "\($0.id)" == account }),
            let index = accounts[account].provisioned.firstIndex(where: { "\($0.id)" == provisioned })
        else { return nil }
        return (account, index)
    }

    private mutating func merge(_ new: [JSON.Member], at place: (account: Int, provisioned: Int)) {
        var all: [JSON.Member] = []
        if case .object(let old) = accounts[place.account].provisioned[place.provisioned].variables {
            all = old
        }
        for member in new {
            if let index = all.firstIndex(where: { $0.key == member.key }) {
                all[index] = member
            } else {
                all.append(member)
            }
        }
        accounts[place.account].provisioned[place.provisioned].variables = .object(all)
    }

    private mutating func services(
        _ parts: [String],
        _ request: MarketplaceSimulator.Request,
        base: String,
        now: Timestamp
    ) throws(PartnerFault) -> MarketplaceSimulator.Reply {
        let root = MarketplaceSimulator.registrationPath()
        switch (request.method, parts.count) {
        case ("GET", 0):
            let list = service.map { [shown($0, base + root)] } ?? []
            return .json(.array(list))
        case ("POST", 0):
            let attributes = try Self.checked(request.json)
            let id = nextID()
            service = Service(id: id, attributes: attributes)
            var reply = MarketplaceSimulator.Reply.json(.object([]), status: 201)
            reply.headers.append(("Location", "\(base)\(root)/\(id)"))
            return reply
        case (_, 1...): break
        default: return .json(.object([]), status: 404)
        }
        guard let known = service, "\(known.id)" == parts[0] else { return .json(.object([]), status: 404) }
        if parts.count >= 3, parts[1] == "service_accounts" {
            return try account(Array(parts.dropFirst(2)), request, base: base, now: now)
        }
        guard parts.count == 1 else { return .json(.object([]), status: 404) }
        switch request.method {
        case "GET": return .json(shown(known, base + root))
        case "PUT": service?.attributes = try Self.checked(request.json)
        case "DELETE": service = nil
        default: return .json(.object([]), status: 405)
        }
        return .json(.object([]))
    }

    private static func checked(_ body: JSON) throws(PartnerFault) -> JSON {
        guard let service = body["service"], let name = service["name"]?.string,
            !name.allSatisfy(\.isWhitespace)
        else { throw PartnerFault(["Name can't be blank"]) }
        return service
    }

    private func shown(_ service: Service, _ root: String) -> JSON {
        guard case .object(let members) = service.attributes else { return .null }
        let own = [JSON.Member("url", .string("\(root)/\(service.id)"))]
        return .object([JSON.Member("service", .object(members + own))])
    }

    // MARK: One account

    private mutating func account(
        _ parts: [String],
        _ request: MarketplaceSimulator.Request,
        base: String,
        now: Timestamp
    ) throws(PartnerFault) -> MarketplaceSimulator.Reply {
        guard let index = accounts.firstIndex(where: { "\($0.id)" == parts[0] }) else {
            return .json(.object([]), status: 404)
        }
        switch (request.method, parts.dropFirst().first ?? "", parts.count) {
        case ("PUT", "", _):
            if case .object(let new)? = request.json["service_account"],
                case .object(let old) = accounts[index].pushed
            {
                let kept = old.filter { member in !new.contains { $0.key == member.key } }
                accounts[index].pushed = .object(kept + new)
            }
            return .json(.object([]))
        case ("POST", "messages", 2):
            accounts[index].messages.append(try PartnerMessage.read(request.json))
            return .json(.object([]))
        case ("POST", "provisioned_service", 4):
            guard let place = place(parts[0], parts[2]) else { return .json(.object([]), status: 404) }
            let message = try PartnerMessage.read(request.json)
            accounts[place.account].provisioned[place.provisioned].messages.append(message)
            return .json(.object([]))
        case ("GET", "invoices", 2):
            let root = "\(base)\(request.path)"
            return .json(.array(accounts[index].invoices.map { shown($0, root, index, now: now) }))
        case ("POST", "invoices", 2):
            try take(request.json, index, now: now)
            return .json(.object([]))
        case ("DELETE", "invoices", 3):
            guard let invoice = accounts[index].invoices.firstIndex(where: { "\($0.id)" == parts[2] }) else {
                return .json(.object([]), status: 404)
            }
            guard !isLocked(accounts[index].invoices[invoice], accounts[index], now: now) else {
                throw PartnerFault(["cannot delete locked invoices"])
            }
            accounts[index].invoices.remove(at: invoice)
            return .json(.object([]))
        default: return .json(.object([]), status: 404)
        }
    }

    private mutating func take(_ body: JSON, _ index: Int, now: Timestamp) throws(PartnerFault) {
        let invoice = try PartnerInvoice.read(body)
        if let end = accounts[index].cancelledAt, now > end + Self.lockDelay {
            throw PartnerFault(["Account is no longer active, and cannot accept any invoices"])
        }
        if let id = invoice.uniqueID,
            accounts[index].invoices.contains(where: { $0.invoice.uniqueID == id })
        {
            throw PartnerFault([PartnerInvoice.takenAlready])
        }
        accounts[index].invoices.append(Invoice(id: nextID(), invoice: invoice, takenAt: now))
    }

    /// A day past the end of its month, or past the end of the account.
    func isLocked(_ invoice: Invoice, _ account: Account, now: Timestamp) -> Bool {
        if let end = account.cancelledAt, now > end + Self.lockDelay { return true }
        let taken = LocalDateTime(seconds: invoice.takenAt.seconds)
        let (year, month) = taken.month == 12 ? (taken.year + 1, 1) : (taken.year, taken.month + 1)
        guard let next = LocalDateTime(year: year, month: month, day: 1) else { return false }
        return now > Timestamp(seconds: next.seconds) + Self.lockDelay
    }

    private func shown(_ own: Invoice, _ root: String, _ index: Int, now: Timestamp) -> JSON {
        .object([
            JSON.Member(
                "invoice",
                .object([
                    JSON.Member("total_amount_cents", .number(own.invoice.cents)),
                    JSON.Member("line_item_description", .string(own.invoice.text)),
                    JSON.Member("unique_id", own.invoice.uniqueID.map { .string($0) } ?? .null),
                    JSON.Member("url", .string("\(root)/\(own.id)")),
                    JSON.Member(
                        "status",
                        .string(isLocked(own, accounts[index], now: now) ? "locked" : "pending")
                    ),
                ])
            )
        ])
    }
}
