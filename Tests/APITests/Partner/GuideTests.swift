import API
import Domain
import FoundationEssentials
import Integrations
import Testing

/// The partner guide is what travelled when it was recorded: a test fails as soon as anything else does.
struct GuideTests {
    private static let folder =
        "\(#filePath)".split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        + "/Sources/Integrations/Integrations.docc"

    @Test func `the partner guide says what really travels`() async throws {
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
        try Self.expect(guide.text, in: "PartnerGuide.md")
    }

    /// A missing guide is written, and the test fails once; `RECORD=1` writes it anew.
    static func expect(_ text: String, in name: String) throws {
        let path = "\(folder)/\(name)"
        let known = FileManager.default.contents(atPath: path).map {
            String(decoding: $0, as: UTF8.self)
        }
        if known == text { return }
        let isRecording = ProcessInfo.processInfo.environment["RECORD"] == "1"
        if known == nil || isRecording {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        if !isRecording { Issue.record("the guide differs from what travelled; RECORD=1 records it anew") }
    }
}

/// Collects what travels, as Markdown.
private struct Guide {
    private let shop: PartnerRig
    private(set) var answers: [Answer] = []
    private var postsSeen = 0
    private(set) var text = """
        # The partner guide

        What a marketplace of the kind `engineyard-v1` and this server say to each other, recorded by
        `GuideTests` with the credentials `123edf` and `abc456`. Every request of either side is signed:
        `Authorization: AuthHMAC id:signature` over method, content type, MD5 of the body, date and path.

        """

    init(_ shop: PartnerRig) { self.shop = shop }

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
        let answer = await shop.rig.send(method, path, body?.text ?? "", as: "", headers: headers)
        answers.append(answer)
        let sent = headers.map { "\($0.name): \($0.value)\n" }.joined()
        text += "\n## \(title)\n\n```\n\(method) \(path)\n\(sent)"
        if let body { text += "\n\(body.pretty)\n" }
        text += "```\n\n```\n\(answer.status)\n"
        for name in ["Location", "Content-Type"] {
            if let value = answer[name] { text += "\(name): \(value)\n" }
        }
        text += "\n\(answer.json.pretty)\n```\n"
    }

    /// What the marketplace got since the last look.
    mutating func posts() {
        for post in shop.marketplace.posts.dropFirst(postsSeen) {
            text += "\n```\n\(post.method) \(post.path)\n\n\(post.body.pretty)\n```\n"
            postsSeen += 1
        }
    }
}
