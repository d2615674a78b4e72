import API
import Domain
import FoundationEssentials
import Integrations
import Testing

/// The partner guide is what travelled when it was recorded: a test fails as soon as anything else does.
struct GuideTests {
    private static let path =
        "\(#filePath)".split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        + "/Sources/Integrations/Integrations.docc/PartnerGuide.md"

    @Test func `the partner guide says what really travels`() async throws {
        try expect(try await engineYard() + (try await heroku()))
    }

    private func engineYard() async throws -> String {
        let shop = try await PartnerRig()
        var guide = Guide(shop)
        try await guide.say("A customer signs up", "POST", PartnerRig.customers, PartnerRig.accountBody())
        let customer = "\(PartnerRig.customers)/2"
        try await guide.say("A body without the fields", "POST", PartnerRig.customers, .object([]))
        try await guide.say(
            "An app gets credentials",
            "POST",
            "\(customer)/schedulers",
            PartnerRig.provisionBody()
        )
        let answer = guide.answers.last?.json["provisioned_service"]?["vars"]
        let login = SiteRig.basic(
            answer?["auth_username"]?.string ?? "",
            answer?["auth_password"]?.string ?? ""
        )
        guide.note("The app uses them: a job is made, and the marketplace hears of it.")
        #expect(await shop.addJob(login).status == 201)
        try await shop.advance("10s")
        guide.posts()
        let page = await shop.browse("GET", try await shop.link(customer))
        let form = "plan_type=awesome&token=\(PartnerRig.token(page))"
        let change = "/eyintegration/sso/customers/2/change_plan"
        let cookie = PartnerRig.cookie(page)
        #expect(await shop.browse("POST", change, cookie: cookie, form: form).status == 303)
        guide.note("The customer follows the link of the dashboard and chooses a plan.")
        try await shop.advance("24h")
        guide.posts()
        try await guide.say("The app gives its credentials back", "DELETE", "\(customer)/schedulers/2")
        try await guide.say("The customer cancels; the final bill is sent first", "DELETE", customer)
        guide.posts()
        try await guide.say("What is gone is not found", "DELETE", customer)
        await shop.stop()
        return guide.text
    }

    /// An add-on's life, promised and delivered.
    private func heroku() async throws -> String {
        let shop = try await PartnerRig(hasCredentials: false)
        let credentials =
            #"{"marketplace":"heroku-v3","id":"chronatog","key":"super-secret","client_secret":"hush","#
            + #""token_url":"http://id.heroku.test/oauth/token"}"#
        _ = await shop.rig.send("PUT", "/chronatogapi/1/partner/credentials", credentials)
        var guide = Guide(shop, Guide.addOns)
        let uuid = "01234567-89ab-cdef-0123-456789abcdef"
        let grant = JSON.object([
            JSON.Member("code", .string("c1")), JSON.Member("type", .string("authorization_code")),
        ])
        let wanted = JSON.object([
            JSON.Member("uuid", .string(uuid)), JSON.Member("plan", .string("freemium")),
            JSON.Member("region", .string("amazon-web-services::us-east-1")),
            JSON.Member("callback_url", .string("http://api.heroku.test/addons/\(uuid)")),
            JSON.Member("oauth_grant", grant),
        ])
        await guide.ask("An add-on is wanted, and promised", "POST", "/heroku/resources", wanted)
        try await shop.advance("5s")
        guide.note("The grant is exchanged for a token, and with it the promise is kept.")
        guide.posts()
        await guide.ask("Asked again, it is there", "POST", "/heroku/resources", wanted)
        let plan = JSON.object([JSON.Member("plan", .string("awesome"))])
        await guide.ask("Another plan", "PUT", "/heroku/resources/\(uuid)", plan)
        await guide.ask("It is given back", "DELETE", "/heroku/resources/\(uuid)")
        await guide.ask("What is gone is gone", "DELETE", "/heroku/resources/\(uuid)")
        await shop.stop()
        return guide.text
    }

    /// A missing guide is written, and the test fails once; `RECORD=1` writes it anew.
    private func expect(_ text: String) throws {
        let known = FileManager.default.contents(atPath: Self.path).map {
            String(decoding: $0, as: UTF8.self)
        }
        if known == text { return }
        let isRecording = ProcessInfo.processInfo.environment["RECORD"] == "1"
        if known == nil || isRecording {
            let folder = Self.path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: Self.path))
        }
        if !isRecording { Issue.record("the guide differs from what travelled; RECORD=1 records it anew") }
    }
}

/// Collects what travels, as Markdown.
private struct Guide {
    private let shop: PartnerRig
    private(set) var answers: [Answer] = []
    private var postsSeen = 0
    private(set) var text: String

    static let addOns = """

        # Add-ons

        The same with a marketplace of the kind `heroku-v3`, as the add-on `chronatog` with the password
        `super-secret`, and a client secret, which makes provisioning a promise.

        """

    private static let accounts = """
        # The partner guide

        What a marketplace of the kind `engineyard-v1` and this server say to each other, recorded by
        `GuideTests` with the credentials `123edf` and `abc456`. Every request of either side is signed:
        `Authorization: AuthHMAC id:signature` over method, content type, MD5 of the body, date and path.

        """

    init(_ shop: PartnerRig, _ text: String = Guide.accounts) {
        self.shop = shop
        self.text = text
    }

    mutating func note(_ sentence: String) { text += "\n\(sentence)\n" }

    /// One request of the marketplace and our answer.
    mutating func say(_ title: String, _ method: String, _ path: String, _ body: JSON? = nil) async throws {
        let bytes = Array((body?.text ?? "").utf8)
        let request = AuthHMAC.Request(
            method: method,
            contentType: body == nil ? "" : "application/json",
            body: bytes,
            date: try await shop.now().httpDate,
            path: path
        )
        var headers = [
            (name: "Date", value: request.date),
            (name: "Authorization", value: FakeMarketplace.auth.header(request)),
        ]
        if body != nil { headers.append((name: "Content-Type", value: request.contentType)) }
        await record(title, method, path, headers, body)
    }

    /// The same with the add-on's password.
    mutating func ask(_ title: String, _ method: String, _ path: String, _ body: JSON? = nil) async {
        let login = (name: "Authorization", value: SiteRig.basic("chronatog", "super-secret"))
        let type = (name: "Content-Type", value: "application/json")
        await record(title, method, path, body == nil ? [login] : [login, type], body)
    }

    private mutating func record(
        _ title: String,
        _ method: String,
        _ path: String,
        _ headers: [(name: String, value: String)],
        _ body: JSON?
    ) async {
        let answer = await shop.rig.send(method, path, body?.text ?? "", as: "", headers: headers)
        answers.append(answer)
        let sent = headers.map { "\($0.name): \($0.value)\n" }.joined()
        text += "\n## \(title)\n\n```\n\(method) \(path)\n\(sent)"
        if let body { text += "\n\(body.pretty)\n" }
        text += "```\n\n```\n\(answer.status)\n"
        for name in ["Location", "Content-Type"] {
            if let value = answer[name] { text += "\(name): \(value)\n" }
        }
        text += answer.text.isEmpty ? "```\n" : "\n\(answer.json.pretty)\n```\n"
    }

    /// What the marketplace got since the last look.
    mutating func posts() {
        for post in shop.marketplace.posts.dropFirst(postsSeen) {
            text += "\n```\n\(post.method) \(post.path)\n\n\(post.body.pretty)\n```\n"
            postsSeen += 1
        }
    }
}
