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
        hold("another customer gets another account", first.url != second.url, "both are \(first.url)")
        let login = await checkProvisioning(first)
        if let page = first.configurationURL, let other = second.configurationURL {
            await checkSignIn(page, other)
        }
        if let login { await checkDeprovisioning(login) }
        await checkCancelling(first)
        _ = await signed("DELETE", second.url)
    }

    mutating func hold(_ duty: String, _ holds: Bool, _ fault: @autoclosure () -> String) {
        findings.append(Finding(duty: duty, fault: holds ? nil : fault()))
    }

    // MARK: Signatures

    private mutating func checkSignatures() async {
        let body = accountBody("never")
        let stranger = AuthHMAC(id: auth.id, key: auth.key + "0")
        let unsigned = await sent("POST", accountsURL, body, header: { _ in nil })
        refused("a request without a signature is refused", unsigned)
        let wrong = await sent("POST", accountsURL, body, header: { stranger.header($0) })
        refused("a signature with another key is refused", wrong)
        let leak = wrong.text.contains("\nPOST") || wrong.text.lowercased().contains("canonical")
        hold("a refusal does not tell what would have been signed", !leak, "it quotes the canonical string")
        let unknown = AuthHMAC(id: "nobody-\(run)", key: auth.key)
        refused(
            "an unknown id is refused",
            await sent("POST", accountsURL, body, header: { unknown.header($0) })
        )
        let old = Timestamp(seconds: await now().seconds - 7200)
        refused("a signature two hours old is refused", await sent("POST", accountsURL, body, at: old))
        let (other, own) = (accountBody("other"), auth)
        let moved = await sent("POST", accountsURL, body) { request in
            var changed = request
            changed.body = Array(other.text.utf8)
            return own.header(changed)
        }
        refused("a signature of another body is refused", moved)
        let empty = await signed("POST", accountsURL, .object([]))
        let messages = empty.json["error_messages"]?.array?.compactMap(\.string) ?? []
        hold(
            "a body without the fields gets 400 and error_messages",
            empty.status == 400 && !messages.isEmpty,
            "it got \(empty.status) and \(messages.count) messages"
        )
    }

    private mutating func refused(_ duty: String, _ reply: Reply) {
        hold(duty, reply.status == 401, "it got \(reply.status), not 401")
    }

    // MARK: Accounts

    struct SignedUp {
        var url: String
        var configurationURL: String?
        var provisionedURL: String?
    }

    private mutating func checkSignUp() async -> SignedUp? {
        let reply = await signed("POST", accountsURL, accountBody("a"))
        hold("a customer can sign up", reply.isDone, "it got \(reply.status)")
        let account = reply.json["service_account"]
        let url = reply.keptHeader ?? ""
        let isAbsolute = (try? WebAddress(url)) != nil
        hold("the answer has the account's absolute URL as Location", isAbsolute, "it has \"\(url)\"")
        if let own = account?["url"]?.string {
            hold("the account's url is its Location", own == url, "they are \(own) and \(url)")
        }
        if let message = reply.json["message"], message != .null {
            let isFine = (try? PartnerMessage.read(.object([JSON.Member("message", message)]))) != nil
            hold("the welcome message has a type and a subject", isFine, "it is \(message.text)")
        }
        let again = await signed("POST", accountsURL, accountBody("a"))
        hold(
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
            provisionedURL: account?["provisioned_services_url"]?.string
        )
    }

    private mutating func checkCancelling(_ account: SignedUp) async {
        let gone = await signed("DELETE", account.url)
        hold("a customer can cancel", gone.status == 200, "it got \(gone.status)")
        let again = await signed("DELETE", account.url)
        hold(
            "cancelling what is gone is answered 404 or 410",
            again.status == 404 || again.status == 410,
            "it got \(again.status)"
        )
        if let page = account.configurationURL, let link = await link(page) {
            let reply = await browse(link)
            hold("a link to what is gone opens nothing", reply.status != 200, "it got 200")
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
