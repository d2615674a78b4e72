package import Domain

/// Plays a marketplace against somebody's partner server and notes what does not hold (`engineyard-v1`):
/// behaviours of `reference/chronatog-and-partner-api.md` §5.2 that a partner owes, and the traps of §8.3.
///
/// It signs up two accounts, provisions, signs in and cancels. Requests travel by whatever it is given; the
/// URLs that it hands out need not exist, for nothing waits for the partner's own posts.
package struct PartnerCheck {
    package struct Request: Sendable {
        package var method: String
        package var url: String
        package var headers: [ChannelRequest.Header]
        package var body: [UInt8]
        /// The one header of the answer that matters.
        package var keepHeader: String
    }

    package struct Reply: Sendable {
        package var status: Int
        package var keptHeader: String?
        package var body: [UInt8]

        package init(status: Int, keptHeader: String? = nil, body: [UInt8] = []) {
            self.status = status
            self.keptHeader = keptHeader
            self.body = body
        }

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSON { (try? JSONReader.value(of: text)) ?? .null }
        var isDone: Bool { status == 200 || status == 201 }
        var isRefusal: Bool { status == 401 || status == 403 }
    }

    /// Something that a partner owes.
    package struct Finding: Sendable, Hashable {
        /// The behaviour's number in §5.2, with a letter where one behaviour has several sides; `T1`… for a
        /// trap of §8.3, `V1`… for `heroku-v3`.
        package var number: String
        /// What is owed.
        package var duty: String
        /// What was found instead; nil when it holds.
        package var fault: String?
    }

    /// nil when nobody answered.
    package typealias Send = @Sendable (Request) async -> Reply?

    let accountsURL: String
    let auth: AuthHMAC
    let send: Send
    let now: @Sendable () async -> Timestamp
    /// Keeps the accounts of two checks apart.
    let run: String
    package private(set) var findings: [Finding] = []

    /// - Parameters:
    ///   - accountsURL: the partner's `service_accounts_url`.
    ///   - run: any text that no earlier check has used.
    package init(
        accountsURL: String,
        auth: AuthHMAC,
        run: String,
        now: @escaping @Sendable () async -> Timestamp,
        send: @escaping Send
    ) {
        self.accountsURL = accountsURL
        self.auth = auth
        self.run = run
        self.now = now
        self.send = send
    }

    /// Everything, in order; what builds on something that failed is left out.
    package mutating func runAll() async {
        await checkSignatures()
        guard let first = await checkSignUp(), let second = await signUp("b") else { return }
        hold("60b", "another customer gets another account", first.url != second.url, "both are \(first.url)")
        let login = await checkProvisioning(first)
        if let page = first.configurationURL, let other = second.configurationURL {
            await checkSignIn(page, other)
        }
        if let users = first.usersURL { await checkUsers(users, first) }
        if let login {
            await checkJobs(login)
            await checkDeprovisioning(login)
        }
        await checkCancelling(first)
        _ = await signed("DELETE", second.url)
    }

    mutating func hold(
        _ number: String,
        _ duty: String,
        _ holds: Bool,
        _ fault: @autoclosure () -> String
    ) {
        findings.append(Finding(number: number, duty: duty, fault: holds ? nil : fault()))
    }

    mutating func hold(_ number: String, _ duty: String, _ reply: Reply, _ statuses: Int...) {
        let wanted = statuses.map { "\($0)" }.joined(separator: " or ")
        hold(number, duty, statuses.contains(reply.status), "it got \(reply.status), not \(wanted)")
    }

    // MARK: Signatures

    private mutating func checkSignatures() async {
        let body = accountBody("never")
        let stranger = AuthHMAC(id: auth.id, key: auth.key + "0")
        let unsigned = await sent("POST", accountsURL, body, header: { _ in nil })
        hold("5", "a request without a signature is refused", unsigned, 401)
        let wrong = await sent("POST", accountsURL, body, header: { stranger.header($0) })
        hold("6", "a signature with another key is refused", wrong, 401)
        let leak = wrong.text.contains("\nPOST") || wrong.text.lowercased().contains("canonical")
        hold(
            "T1",
            "a refusal does not tell what would have been signed",
            !leak,
            "it quotes the canonical string"
        )
        let unknown = AuthHMAC(id: "nobody-\(run)", key: auth.key)
        let nobody = await sent("POST", accountsURL, body, header: { unknown.header($0) })
        hold("7", "an unknown id is refused", nobody, 401)
        let old = Timestamp(seconds: await now().seconds - 7200)
        let late = await sent("POST", accountsURL, body, at: old)
        hold("T2", "a signature two hours old is refused", late, 401)
        let (other, own) = (accountBody("other"), auth)
        let moved = await sent("POST", accountsURL, body) { request in
            var changed = request
            changed.body = Array(other.text.utf8)
            return own.header(changed)
        }
        hold("2", "a signature of another body is refused", moved, 401)
        let legacy = await sent("DELETE", "\(accountsURL)/0", nil) { request in
            own.value(own.code(request.canonical(isLegacy: true)))
        }
        hold(
            "3",
            "an empty body may be signed with its MD5",
            legacy.status != 401 && legacy.status != 0,
            "it got \(legacy.status), as if the signature were wrong"
        )
        hold("64b", "an account that is not there cannot cancel", legacy, 404, 410)
        let empty = await signed("POST", accountsURL, .object([]))
        let messages = empty.json["error_messages"]?.array?.compactMap(\.string) ?? []
        hold(
            "30",
            "a body without the fields gets 400 and error_messages",
            empty.status == 400 && !messages.isEmpty,
            "it got \(empty.status) and \(messages.count) messages, not 400 and some"
        )
    }

    // MARK: Accounts

    struct SignedUp {
        var url: String
        var configurationURL: String?
        var provisionedURL: String?
        var usersURL: String?
    }

    private mutating func checkSignUp() async -> SignedUp? {
        let reply = await signed("POST", accountsURL, accountBody("a"))
        hold("27", "a customer can sign up", reply, 200, 201)
        let account = reply.json["service_account"]
        let url = reply.keptHeader ?? ""
        let isAbsolute = (try? WebAddress(url)) != nil
        hold("28", "the answer has the account's absolute URL as Location", isAbsolute, "it has \"\(url)\"")
        if let own = account?["url"]?.string {
            hold("28b", "the account's url is its Location", own == url, "they are \(own) and \(url)")
        }
        if let message = reply.json["message"], message != .null {
            let isFine = (try? PartnerMessage.read(.object([JSON.Member("message", message)]))) != nil
            hold("28c", "the welcome message has a type and a subject", isFine, "it is \(message.text)")
        }
        let again = await signed("POST", accountsURL, accountBody("a"))
        hold(
            "60",
            "signing up again makes no second account",
            again.keptHeader == url,
            "it made \(again.keptHeader ?? "nothing")"
        )
        guard reply.isDone, isAbsolute else { return nil }
        return signedUp(url, account)
    }

    private func signUp(_ name: String) async -> SignedUp? {
        let reply = await signed("POST", accountsURL, accountBody(name))
        guard reply.isDone, let url = reply.keptHeader else { return nil }
        return signedUp(url, reply.json["service_account"])
    }

    private func signedUp(_ url: String, _ account: JSON?) -> SignedUp {
        SignedUp(
            url: url,
            configurationURL: account?["configuration_url"]?.string,
            provisionedURL: account?["provisioned_services_url"]?.string,
            usersURL: account?["users_url"]?.string
        )
    }

    private mutating func checkCancelling(_ account: SignedUp) async {
        let gone = await signed("DELETE", account.url)
        hold("64", "a customer can cancel", gone, 200)
        let again = await signed("DELETE", account.url)
        hold("64c", "cancelling what is gone is answered 404 or 410", again, 404, 410)
        if let page = account.configurationURL, let link = await link(page) {
            let reply = await browse(link)
            hold("64d", "a link to what is gone opens nothing", reply.status != 200, "it got 200")
        }
    }

    // MARK: One request

    /// The platform's URLs in it need not exist.
    func accountBody(_ name: String) -> JSON {
        let url = "http://marketplace.invalid/\(run)/\(name)"
        return .object([
            JSON.Member("id", .number(85)), JSON.Member("name", .string("some-account-\(name)")),
            JSON.Member("url", .string(url)), JSON.Member("messages_url", .string("\(url)/messages")),
            JSON.Member("invoices_url", .string("\(url)/invoices")),
        ])
    }

    func signed(_ method: String, _ url: String, _ body: JSON? = nil) async -> Reply {
        await sent(method, url, body)
    }

    /// - Parameter header: the signature; the right one when nil.
    private func sent(
        _ method: String,
        _ url: String,
        _ body: JSON?,
        at time: Timestamp? = nil,
        header: ((AuthHMAC.Request) -> String?)? = nil
    ) async -> Reply {
        let moment: Timestamp
        if let time { moment = time } else { moment = await now() }
        let bytes = body.map { Array($0.text.utf8) } ?? []
        let type = body == nil ? "" : "application/json"
        let request = AuthHMAC.Request(
            method: method,
            contentType: type,
            body: bytes,
            date: moment.httpDate,
            path: (try? WebAddress(url))?.path ?? "/"
        )
        var headers = [
            ChannelRequest.Header("Date", request.date), ChannelRequest.Header("Accept", "application/json"),
        ]
        if body != nil { headers.append(ChannelRequest.Header("Content-Type", type)) }
        if let value = header.map({ $0(request) }) ?? auth.header(request) {
            headers.append(ChannelRequest.Header("Authorization", value))
        }
        return await send(
            Request(method: method, url: url, headers: headers, body: bytes, keepHeader: "location")
        ) ?? Reply(status: 0)
    }
}
