internal import Cron
internal import Domain

// The dashboard: what a customer clicks, and what it makes the marketplace ask of its partner.
extension MarketplaceSimulator {
    func dashboard(_ request: Request) async -> Reply {
        let parts = request.path.split(separator: "/").map { String($0) }
        switch (request.method, parts.first ?? "", parts.count) {
        case ("GET", "", _): return .html(page())
        case ("GET", "dashboard", 1): return .html(page())
        case ("GET", "visit", 2): return visit(parts[1])
        case ("POST", "sign_up", 1): await signUp(request.field("name"))
        case ("POST", "activate", 2): await activate(parts[1], app: request.field("app"))
        case ("POST", "deactivate", 3): await deactivate(parts[1], parts[2])
        case ("POST", "cancel", 2): await cancel(parts[1])
        case ("POST", "advance", 1): advance(request.field("by"))
        default: return .html("<p>There is no such page.</p>\n", status: 404)
        }
        return .seeOther("\(base)/")
    }

    private func advance(_ text: String) {
        guard let span = Span(text), span > .zero else {
            notice = "\"\(text)\" is no duration; write 90s, 24h or 31d"
            return
        }
        ahead = ahead + span
        notice =
            "this clock is \(ahead.text) ahead; drive the partner's as far: chronatog clock advance \(text)"
    }

    /// Cancelled accounts are nobody's to click any more.
    private func index(_ id: String) -> Int? {
        registry.accounts.firstIndex { "\($0.id)" == id && $0.cancelledAt == nil }
    }

    private func signUp(_ name: String) async {
        guard let service = registry.service, let target = service.attributes["service_accounts_url"]?.string
        else {
            notice = "no service is registered yet"
            return
        }
        let id = registry.nextID()
        let url = "\(base)\(Self.registrationPath())/\(service.id)/service_accounts/\(id)"
        let title = name.isEmpty ? "some-account" : name
        let body = JSON.object([
            JSON.Member("id", .number(Int64(id))), JSON.Member("name", .string(title)),
            JSON.Member("url", .string(url)), JSON.Member("messages_url", .string("\(url)/messages")),
            JSON.Member("invoices_url", .string("\(url)/invoices")),
        ])
        guard let reply = await ask("POST", target, body) else { return }
        let pushed = reply.json["service_account"] ?? .object([])
        registry.accounts.append(
            SimulatedRegistry.Account(
                id: id,
                name: title,
                pushed: pushed,
                url: reply.keptHeader ?? pushed["url"]?.string ?? "",
                messages: Self.messages(reply)
            )
        )
        notice = "\(title) has signed up"
    }

    private func activate(_ id: String, app: String) async {
        guard let index = index(id),
            let target = registry.accounts[index].pushed["provisioned_services_url"]?.string
        else { return notice = "there is no account \(id), or it provisions nothing" }
        let number = registry.nextID()
        let root = "\(base)\(Self.registrationPath())/\(registry.service?.id ?? 0)/service_accounts/\(id)"
        let title = app.isEmpty ? "myapp" : app
        let body = JSON.object([
            JSON.Member("url", .string("\(base)/api/1/service_accounts/\(id)/provisioned_service/\(number)")),
            JSON.Member("messages_url", .string("\(root)/provisioned_service/\(number)/messages")),
            JSON.Member(
                "app",
                .object([
                    JSON.Member("id", .number(Int64(registry.nextID()))), JSON.Member("name", .string(title)),
                ])
            ),
            JSON.Member(
                "environment",
                .object([
                    JSON.Member("id", .number(Int64(registry.nextID()))),
                    JSON.Member("name", .string("myenv")),
                    JSON.Member("framework_env", .string("production")),
                    JSON.Member("aws_region", .string("us-east-1")),
                ])
            ),
        ])
        guard let reply = await ask("POST", target, body), let place = self.index(id) else { return }
        let own = reply.json["provisioned_service"] ?? .object([])
        registry.accounts[place].provisioned.append(
            SimulatedRegistry.Provisioned(
                id: number,
                app: title,
                url: reply.keptHeader ?? own["url"]?.string ?? "",
                variables: own["vars"] ?? .object([]),
                messages: Self.messages(reply)
            )
        )
        notice = "\(title) is provisioned"
    }

    private func deactivate(_ id: String, _ provisioned: String) async {
        guard let index = index(id),
            let own = registry.accounts[index].provisioned.first(where: { "\($0.id)" == provisioned })
        else { return notice = "there is no such service" }
        guard await ask("DELETE", own.url, nil) != nil, let place = self.index(id) else { return }
        registry.accounts[place].provisioned.removeAll { $0.id == own.id }
        notice = "\(own.app) has given its service back"
    }

    private func cancel(_ id: String) async {
        guard let index = index(id) else { return notice = "there is no account \(id)" }
        let account = registry.accounts[index]
        guard await ask("DELETE", account.url, nil) != nil, let place = self.index(id) else { return }
        registry.accounts[place].cancelledAt = now
        notice = "\(account.name) has cancelled"
    }

    /// The browser goes where the partner said, with a signed link.
    private func visit(_ id: String) -> Reply {
        guard let index = index(id),
            let page = registry.accounts[index].pushed["configuration_url"]?.string
        else { return .html("<p>There is nothing to visit.</p>\n", status: 404) }
        let moment = Instant(seconds: now.seconds)
        let link = try? SignedLink.sign(
            page,
            adding: [
                .init("timestamp", moment.rfc3339), .init("ey_user_id", "57"),
                .init("ey_user_name", "Person Name"), .init("access_level", "owner"),
                .init("ey_return_to_url", "\(base)/dashboard"),
            ],
            by: auth
        )
        return link.map { .seeOther($0) }
            ?? .html("<p>The partner's URL cannot be signed.</p>\n", status: 502)
    }

    private static func messages(_ reply: PartnerCheck.Reply) -> [PartnerMessage] {
        guard let message = reply.json["message"], message != .null else { return [] }
        let read = try? PartnerMessage.read(.object([JSON.Member("message", message)]))
        return read.map { [$0] } ?? []
    }

    /// Asks the partner; nil when it did not do what was asked, and then `notice` says why.
    private func ask(_ method: String, _ url: String, _ body: JSON?) async -> PartnerCheck.Reply? {
        let bytes = body.map { Array($0.text.utf8) } ?? []
        let type = body == nil ? "" : "application/json"
        let request = AuthHMAC.Request(
            method: method,
            contentType: type,
            body: bytes,
            date: now.httpDate,
            path: (try? WebAddress(url))?.path ?? "/"
        )
        var headers = [
            ChannelRequest.Header("Date", request.date), ChannelRequest.Header("Accept", "application/json"),
            ChannelRequest.Header("Authorization", auth.header(request)),
        ]
        if body != nil { headers.append(ChannelRequest.Header("Content-Type", type)) }
        let reply = await send(
            PartnerCheck.Request(
                method: method,
                url: url,
                headers: headers,
                body: bytes,
                keepHeader: "location"
            )
        )
        guard let reply else {
            notice = "the partner cannot be reached at \(url)"
            return nil
        }
        if reply.status == 200 || reply.status == 201 { return reply }
        let said = reply.json["error_messages"]?.array?.compactMap(\.string).joined(separator: "; ")
        notice = "the partner answered \(reply.status)\(said.map { ": \($0)" } ?? "")"
        return nil
    }

    // MARK: The page

    private func page() -> String {
        let service = registry.service?.attributes["name"]?.string
        let accounts = registry.accounts.reversed().map { text($0) }.joined(separator: "\n")
        let state =
            service.map { "The service \(Self.escape($0)) is registered." }
            ?? "No service is registered; a partner registers at "
            + "<code>\(base)\(Self.registrationPath())</code>."
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <title>A marketplace</title>
            <style>
            body { max-width: 44rem; margin: 3rem auto; padding: 0 1.5rem; font: 17px/1.5 Georgia, serif; }
            section { border-top: 1px solid #d9d9de; padding: .5rem 0; }
            form { display: inline; } code { font-size: .85rem; }
            </style>
            <h1>A marketplace</h1>
            <p>\(state)</p>
            <p id="notice">\(Self.escape(notice))</p>
            <form method="post" action="/sign_up"><input name="name" placeholder="account">
            <button>Sign Up</button></form>
            <form method="post" action="/advance"><input name="by" placeholder="31d">
            <button>Let time pass</button></form>
            \(accounts)
            </html>

            """
    }

    private func text(_ account: SimulatedRegistry.Account) -> String {
        let invoices = account.invoices.map { own in
            let state = registry.isLocked(own, account, now: now) ? "locked" : "pending"
            return "<li>\(own.invoice.cents) cents, \(state): \(Self.escape(own.invoice.text))</li>"
        }
        let messages = account.messages.map { "<li>\($0.kind.rawValue): \(Self.escape($0.subject))</li>" }
        let services = account.provisioned.map { own in
            let status = own.messages.last { $0.kind == .status }?.subject ?? ""
            return """
                <li>\(Self.escape(own.app)): \(Self.escape(status))
                <code>\(Self.escape(own.variables.text))</code>
                <form method="post" action="/deactivate/\(account.id)/\(own.id)">
                <button>Deactivate</button></form></li>
                """
        }
        let actions = """
            <a href="/visit/\(account.id)">Visit</a>
            <form method="post" action="/activate/\(account.id)"><input name="app" placeholder="app">
            <button>Activate</button></form>
            <form method="post" action="/cancel/\(account.id)"><button>Cancel</button></form>
            """
        return """
            <section>
            <h2>\(Self.escape(account.name))\(account.cancelledAt == nil ? "" : ", cancelled")</h2>
            \(account.cancelledAt == nil ? actions : "")
            <ul>\((services + messages + invoices).joined(separator: "\n"))</ul>
            </section>
            """
    }

    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
