internal import Cron
internal import Domain

// The dashboard: what a customer clicks, and what it makes the marketplace ask of its partner.
extension MarketplaceSimulator {
    func dashboard(_ request: Request) async -> Reply {
        let parts = request.path.split(separator: "/").map { String($0) }
        switch (request.method, parts.first ?? "", parts.count) {
        case ("GET", "", _), ("GET", "dashboard", 1): return .html(page())
        case ("GET", "visit", 2), ("GET", "visit", 3): return visit(parts[1], parts.dropFirst(2).first)
        case ("GET", "heroku", 4): return addOnVisit(parts[2], parts[3])
        case ("POST", "heroku", _): await addOnAction(Array(parts.dropFirst()), request)
        case ("POST", "users", 2): await listUsers(parts[1])
        case ("POST", "user_email", 3): await changeUser(parts[1], parts[2], to: request.field("email"))
        case ("POST", "user_remove", 3): await changeUser(parts[1], parts[2], to: nil)
        case ("POST", "sign_up", 1): await signUp(request.field("name"))
        case ("POST", "activate", 2): await activate(parts[1], app: request.field("app"))
        case ("POST", "deactivate", 3): await deactivate(parts[1], parts[2])
        case ("POST", "cancel", 2): await cancel(parts[1])
        case ("POST", "advance", 1): advance(request.field("by"))
        default: return .html(SimulatorPage.frame("<p>There is no such page.</p>"), status: 404)
        }
        return .seeOther("\(base)/")
    }

    private func page() -> String {
        addOns.lapse(now: now)
        let page = SimulatorPage(
            base: base,
            registry: registry,
            addOns: addOns,
            manifest: manifest,
            now: now,
            ahead: ahead,
            notice: notice
        )
        // What was said is said once.
        notice = ""
        return page.text()
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
                configurationURL: own["configuration_url"]?.string,
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

    /// Of whoever clicks here.
    static let email = "the-one-user@example.com"

    /// The browser goes where the partner said, with a signed link.
    private func visit(_ id: String, _ provisioned: String?) -> Reply {
        let account = index(id).map { registry.accounts[$0] }
        let url =
            provisioned == nil
            ? account?.pushed["configuration_url"]?.string
            : account?.provisioned.first { "\($0.id)" == provisioned }?.configurationURL
        guard let account, let url else {
            return .html(SimulatorPage.frame("<p>There is nothing to visit.</p>"), status: 404)
        }
        let moment = Instant(seconds: now.seconds)
        var parameters: [SignedLink.Parameter] = [
            .init("timestamp", moment.rfc3339), .init("ey_user_id", "57"),
            .init("ey_user_name", "Person Name"), .init("access_level", "owner"),
            .init("ey_return_to_url", "\(base)/dashboard"),
        ]
        // An address is nobody's business but of a partner that keeps a list of users.
        if account.pushed["users_url"]?.string != nil {
            parameters.append(.init("ey_user_email", Self.email))
        }
        let link = try? SignedLink.sign(url, adding: parameters, by: auth)
        return link.map { .seeOther($0) }
            ?? .html(SimulatorPage.frame("<p>The partner's URL cannot be signed.</p>"), status: 502)
    }

    // MARK: Users

    private func listUsers(_ id: String) async {
        guard let index = index(id), let url = registry.accounts[index].pushed["users_url"]?.string else {
            return notice = "there is no account \(id), or it lists no users"
        }
        guard let reply = await ask("GET", url, nil), let place = self.index(id) else { return }
        registry.accounts[place].users = (reply.json.array ?? []).map { item in
            (item["user"]?["ey_user_email"]?.string ?? "", item["url"]?.string ?? "")
        }
        notice = "\(registry.accounts[place].users.count) users"
    }

    /// - Parameter email: nil removes the user.
    private func changeUser(_ id: String, _ number: String, to email: String?) async {
        guard let index = index(id), let number = Int(number),
            registry.accounts[index].users.indices.contains(number)
        else { return notice = "there is no such user" }
        let url = registry.accounts[index].users[number].url
        let body = email.map { email in
            JSON.object([
                JSON.Member("user", .object([JSON.Member("ey_user_email", .string(email))]))
            ])
        }
        guard await ask(email == nil ? "DELETE" : "PUT", url, body) != nil else { return }
        await listUsers(id)
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
        if reply.isDone || reply.status == 204 { return reply }
        let said = reply.json["error_messages"]?.array?.compactMap(\.string).joined(separator: "; ")
        notice = "the partner answered \(reply.status)\(said.map { ": \($0)" } ?? "")"
        return nil
    }
}
