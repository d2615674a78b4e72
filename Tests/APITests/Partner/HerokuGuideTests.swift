import API
import Domain
import Integrations
import Synchronization
import Testing

/// What the simulated platform asks of this server as an add-on, and what it gets, written down as it
/// travels.
struct HerokuGuideTests {
    private static let opening = """
        # The add-on guide

        What a platform of the kind `heroku-v3` and this server say to each other, recorded by
        `HerokuGuideTests`: the platform is `chronatog partner simulate`. It signs in with the manifest's id
        and password; people come with a form whose token is salted with the manifest's `sso_salt`. Every
        request may come twice, and the second changes nothing.

        """

    @Test func `the add-on guide says what really travels`() async throws {
        let rig = try await SiteRig()
        let set = await rig.send(
            "PUT",
            "/chronatogapi/1/partner/credentials",
            #"{"marketplace":"heroku-v3","id":"chronatog","key":"super-secret","salt":"7CwqmJLEjv8YZTXK"}"#
        )
        #expect(set.status == 200)
        let book = Book(Self.opening)
        let simulator = Self.simulator(rig, book)
        func click(_ title: String, _ path: String, _ form: String = "") async {
            book.add("\n## \(title)\n")
            _ = await simulator.answer(.init(method: "POST", target: path, body: Array(form.utf8)))
        }
        await click("An add-on is provisioned", "/heroku/provision", "app=myapp&plan=freemium")
        let uuid = book.uuid
        await click("The answer got lost, so it is asked for again", "/heroku/again/\(uuid)")
        await click("The plan is changed", "/heroku/plan/\(uuid)", "plan=awesome")
        await click("There is no such plan", "/heroku/plan/\(uuid)", "plan=platinum")
        for kind in ["user", "resource"] {
            book.add("\n## Somebody visits it, with the token of the \(kind)\n")
            let form = Self.fields(
                await simulator.answer(.init(method: "GET", target: "/heroku/visit/\(uuid)/\(kind)"))
            )
            // Of another second, as the platform's next form would be.
            _ = await simulator.answer(.init(method: "POST", target: "/advance", body: Array("by=1s".utf8)))
            await book.post(form, rig)
        }
        await click("It is given back", "/heroku/deprovision/\(uuid)")
        await click("What is gone is gone", "/heroku/deprovision/\(uuid)")
        await rig.stop()
        try await promise(book)
        try GuideTests.expect(book.text, in: "AddOnGuide.md")
    }

    /// The same with a client secret, up to the moment when the platform has what was promised.
    private func promise(_ book: Book) async throws {
        book.add("\n## With a client secret it is promised, and asked for again meanwhile\n")
        let bridge = SimulatorBridge { book.note($0, $1) }
        let rig = try await SiteRig(transport: bridge)
        let set = await rig.send(
            "PUT",
            "/chronatogapi/1/partner/credentials",
            #"{"marketplace":"heroku-v3","id":"chronatog","key":"super-secret","client_secret":"hush","#
                + #""token_url":"http://127.0.0.1:8095/oauth/token"}"#
        )
        #expect(set.status == 200)
        let simulator = Self.simulator(rig, book, clientSecret: "hush")
        bridge.connect(simulator)
        func click(_ path: String, _ form: String = "") async {
            _ = await simulator.answer(.init(method: "POST", target: path, body: Array(form.utf8)))
        }
        await click("/heroku/provision", "app=myapp&plan=freemium")
        await click("/heroku/again/\(book.uuid)")
        book.add("\n## The grant is exchanged, the configuration set, and the promise kept\n")
        try await rig.clock(#"{"advance":"5s"}"#)
        let page = await simulator.answer(.init(method: "GET", target: "/"))
        let text = String(decoding: page.body, as: UTF8.self)
        #expect(text.contains("<td>provisioned</td>") && text.contains("CHRONATOG_AUTH_PASSWORD"))
        #expect(await rig.send("GET", "/chronatogapi/1/posts").json == .array([]))
        await rig.stop()
    }

    private static func simulator(_ rig: SiteRig, _ book: Book, clientSecret: String = "")
        -> MarketplaceSimulator
    {
        MarketplaceSimulator(
            base: "http://127.0.0.1:8095",
            auth: FakeMarketplace.auth,
            manifest: AddOnManifest(
                id: "chronatog",
                password: "super-secret",
                salt: "7CwqmJLEjv8YZTXK",
                baseURL: "http://chronatog.test/heroku/resources",
                ssoURL: "http://chronatog.test/heroku/sso"
            ),
            clientSecret: clientSecret,
            clock: { Timestamp(seconds: 1_767_225_600) },
            send: { await book.send($0, rig) }
        )
    }

    /// The hidden fields of the page that sends a browser on its way.
    private static func fields(_ page: MarketplaceSimulator.Reply) -> [FormText.Parameter] {
        let text = String(decoding: page.body, as: UTF8.self)
        return text.split(separator: "\n").filter { $0.hasPrefix("<input type=\"hidden\"") }.map { line in
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            return FormText.Parameter(String(parts[3]), String(parts[5]))
        }
    }
}

/// Requests and answers as Markdown, in the order in which they travelled.
private final class Book: Sendable {
    private let state: Mutex<(text: String, uuid: String)>

    init(_ opening: String) { state = Mutex((opening, "")) }

    var text: String { state.withLock { $0.text } }
    /// Of the resource that was asked for last.
    var uuid: String { state.withLock { $0.uuid } }
    func add(_ text: String) { state.withLock { $0.text += text } }

    func send(_ request: PartnerCheck.Request, _ rig: SiteRig) async -> PartnerCheck.Reply? {
        let path = String(request.url.dropFirst("http://chronatog.test".count))
        let headers = request.headers.map { (name: $0.name, value: $0.value) }
        let body = String(decoding: request.body, as: UTF8.self)
        let answer = await rig.send(request.method, path, body, as: "", headers: headers)
        let json = JSONText.value(body)
        if let uuid = json?["uuid"]?.string { state.withLock { $0.uuid = uuid } }
        note(request.method, path, headers, json?.pretty ?? "", answer)
        return PartnerCheck.Reply(status: answer.status, keptHeader: nil, body: answer.body)
    }

    /// What a browser posts to `/heroku/sso`.
    func post(_ form: [FormText.Parameter], _ rig: SiteRig) async {
        let body = FormText.encode(form)
        let answer = await rig.send("POST", "/heroku/sso", body, as: "")
        let type = (name: "Content-Type", value: "application/x-www-form-urlencoded")
        note("POST", "/heroku/sso", [type], body.replacing("&", with: "\n&"), answer)
    }

    /// What this server asks of the platform.
    func note(_ request: MarketplaceSimulator.Request, _ reply: MarketplaceSimulator.Reply) {
        let body = String(decoding: request.body, as: UTF8.self)
        let shown = JSONText.value(body)?.pretty ?? body.replacing("&", with: "\n&")
        let headers = request.headers.filter { $0.name != "User-Agent" }
        note(request.method, request.target, headers, shown, Answer(reply))
    }

    private func note(
        _ method: String,
        _ path: String,
        _ headers: [(name: String, value: String)],
        _ body: String,
        _ answer: Answer
    ) {
        let sent = headers.map { "\($0.name): \($0.value)\n" }.joined()
        var text = "\n```\n\(method) \(path)\n\(sent)\(body.isEmpty ? "" : "\n\(body)\n")```\n"
        text += "\n```\n\(answer.status)\n"
        for name in ["Location", "Content-Type"] {
            if let value = answer[name] { text += "\(name): \(value)\n" }
        }
        text += answer.json == .null ? "```\n" : "\n\(answer.json.pretty)\n```\n"
        add(text)
    }
}
