internal import Cron
internal import Domain

// The half of a check that goes beyond accounts: credentials that have to work and to stop working, and
// pages that must let in nobody else.
extension PartnerCheck {
    /// What a provisioned app has got.
    struct Login {
        var url: String
        var serviceURL: String?
        var username = ""
        var password = ""
    }

    // MARK: Credentials

    mutating func checkProvisioning(_ account: SignedUp) async -> Login? {
        guard let target = account.provisionedURL else { return nil }
        let reply = await signed("POST", target, appBody("a"))
        hold("32", "an app can be provisioned", reply, 200, 201)
        let url = reply.keptHeader ?? ""
        let isAbsolute = (try? WebAddress(url)) != nil
        hold("33", "the answer has the service's absolute URL as Location", isAbsolute, "it has \"\(url)\"")
        let variables = Self.variables(reply)
        let strange = variables.filter { $0.value.string?.isEmpty ?? true }.map(\.key)
        hold("33b", "all variables are texts", strange.isEmpty, "\(strange.joined(separator: ", ")) is none")
        for variable in variables where variable.key.lowercased().hasSuffix("_url") {
            let isURL = variable.value.string.map { (try? WebAddress($0)) != nil } ?? false
            hold("33c", "\(variable.key) is a URL", isURL, "it is \(variable.value.text)")
        }
        let again = await signed("POST", target, appBody("a"))
        hold(
            "67",
            "provisioning again gives the same variables",
            Self.variables(again) == variables,
            "they are others"
        )
        let other = await signed("POST", target, appBody("b"))
        if variables.contains(where: { $0.key == "auth_password" }) {
            hold(
                "67b",
                "another app gets other credentials",
                Self.value("auth_password", other) != Self.value("auth_password", reply),
                "both have the same"
            )
        }
        guard reply.isDone, isAbsolute else { return nil }
        let login = Login(
            url: url,
            serviceURL: Self.value("service_url", reply),
            username: Self.value("auth_username", reply) ?? "",
            password: Self.value("auth_password", reply) ?? ""
        )
        if let status = await use(login) {
            hold("69", "the credentials work", status == 200, "the service answered \(status), not 200")
        }
        return login
    }

    /// With an app's credentials.
    func ask(_ method: String, _ url: String, _ login: Login, _ body: JSON? = nil) async -> Reply {
        let basic = "Basic " + Base64.encode(Array("\(login.username):\(login.password)".utf8))
        var headers = [ChannelRequest.Header("Authorization", basic)]
        if body != nil { headers.append(ChannelRequest.Header("Content-Type", "application/json")) }
        let bytes = body.map { Array($0.text.utf8) } ?? []
        let request = Request(method: method, url: url, headers: headers, body: bytes, keepHeader: "location")
        return await send(request) ?? Reply(status: 0)
    }

    mutating func checkDeprovisioning(_ login: Login) async {
        let gone = await signed("DELETE", login.url)
        hold("37", "an app can give its service back", gone, 200)
        if let status = await use(login) {
            hold(
                "68",
                "credentials that were given back refuse at once",
                status == 401 || status == 403,
                "the service answered \(status), not 401 or 403"
            )
        }
        let again = await signed("DELETE", login.url)
        hold(
            "68b",
            "giving back what is gone is no failure of the server",
            again.status < 500 && again.status != 0,
            "it got \(again.status)"
        )
    }

    private static func variables(_ reply: Reply) -> [JSON.Member] {
        guard case .object(let members) = reply.json["provisioned_service"]?["vars"] else { return [] }
        return members
    }

    private static func value(_ name: String, _ reply: Reply) -> String? {
        variables(reply).first { $0.key == name }?.value.string
    }

    /// The status of a use; nil where the variables name no service.
    private func use(_ login: Login) async -> Int? {
        guard let url = login.serviceURL else { return nil }
        return await ask("GET", url, login).status
    }

    private func appBody(_ name: String) -> JSON {
        let url = "http://marketplace.invalid/\(run)/apps/\(name)"
        return .object([
            JSON.Member("url", .string(url)), JSON.Member("messages_url", .string("\(url)/messages")),
            JSON.Member("app", .object([JSON.Member("name", .string("myapp-\(name)"))])),
            JSON.Member(
                "environment",
                .object([
                    JSON.Member("name", .string("myenv")),
                    JSON.Member("framework_env", .string("production")),
                    JSON.Member("aws_region", .string("us-east-1")),
                ])
            ),
        ])
    }

    // MARK: Signing in

    /// - Parameter other: the page of another account.
    mutating func checkSignIn(_ page: String, _ other: String) async {
        guard let good = await link(page) else { return }
        let reply = await browse(good)
        let opens = reply.status == 200 || (300..<400).contains(reply.status)
        hold("61", "a signed link opens the page", opens, "it got \(reply.status), not 200 or a redirect")
        hold(
            "T3",
            "a name with HTML in it is shown as text",
            !reply.text.contains("<b>x"),
            "it is put in as it is"
        )
        closed("T4", "the same link opens nothing a second time", await browse(good))
        closed("11", "a link without a signature opens nothing", await browse(page))
        guard let fresh = await link(page), let old = await link(page, age: .minutes(20)),
            let away = await link(page, returnTo: "javascript:alert(1)")
        else { return }
        closed("10", "a link with one more parameter opens nothing", await browse(fresh + "&plus=1"))
        let moved = fresh.replacing(page, with: other)
        closed("10b", "a link moved to another account opens nothing", await browse(moved))
        closed("T5", "a link twenty minutes old opens nothing", await browse(old))
        if let cookie = reply.keptHeader?.prefix(while: { $0 != ";" }) {
            let own = await browse(page, cookie: String(cookie))
            hold("61b", "the session goes on without the link", own, 200)
            closed("T6", "a session opens no other account", await browse(other, cookie: String(cookie)))
        }
        let script = await browse(away)
        hold(
            "T7",
            "the way back is never a script",
            !script.text.contains("javascript:"),
            "the page links to one"
        )
    }

    private mutating func closed(_ number: String, _ duty: String, _ reply: Reply) {
        hold(number, duty, reply, 401, 403)
    }

    /// A link as the dashboard makes it, different from all before.
    func link(
        _ page: String,
        age: Span = .zero,
        returnTo: String = "http://marketplace.invalid/dashboard",
        email: String? = nil
    ) async -> String? {
        let made = Timestamp(microseconds: await now().microseconds - age.microseconds)
        return try? SignedLink.sign(
            page,
            adding: [
                .init("timestamp", Instant(seconds: made.seconds).rfc3339),
                .init("ey_user_id", "\(findings.count)"), .init("ey_user_name", "Person <b>x"),
                .init("ey_return_to_url", returnTo), .init("access_level", "owner"),
            ] + (email.map { [.init("ey_user_email", $0)] } ?? []),
            by: auth
        )
    }

    func browse(_ url: String, cookie: String? = nil) async -> Reply {
        let headers = cookie.map { [ChannelRequest.Header("Cookie", $0)] } ?? []
        let request = Request(method: "GET", url: url, headers: headers, body: [], keepHeader: "set-cookie")
        return await send(request) ?? Reply(status: 0)
    }
}
