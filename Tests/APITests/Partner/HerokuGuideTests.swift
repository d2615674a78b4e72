import API
import Domain
import Effects
import FoundationEssentials
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
        let book = Book(Self.opening)
        try await atOnce(book)
        try await promised(book)
        try expect(book.text)
    }

    private func atOnce(_ book: Book) async throws {
        let rig = try await SiteRig()
        let set = await rig.send(
            "PUT",
            "/chronatogapi/1/partner/credentials",
            #"{"marketplace":"heroku-v3","id":"chronatog","key":"super-secret","salt":"7CwqmJLEjv8YZTXK"}"#
        )
        #expect(set.status == 200)
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
    }

    /// With a client secret nothing is in the answer: the grant is exchanged, and the rest follows.
    private func promised(_ book: Book) async throws {
        let platform = PlatformTransport(book)
        let rig = try await SiteRig(transport: platform)
        let credentials =
            #"{"marketplace":"heroku-v3","id":"chronatog","key":"super-secret","salt":"7CwqmJLEjv8YZTXK","#
            + #""client_secret":"hush","token_url":"http://127.0.0.1:8095/oauth/token"}"#
        #expect(await rig.send("PUT", "/chronatogapi/1/partner/credentials", credentials).status == 200)
        let simulator = Self.simulator(rig, book, clientSecret: "hush")
        platform.connect(simulator)
        book.add("\n## With a client secret, an add-on is promised\n")
        let form = Array("app=myapp&plan=freemium".utf8)
        _ = await simulator.answer(.init(method: "POST", target: "/heroku/provision", body: form))
        book.add("\n## The grant is exchanged, and with the token the promise is kept\n")
        for _ in 0..<100 {
            if await simulator.provisionedConfig(of: book.uuid) != nil { break }
            try await rig.clock(#"{"advance":"1s"}"#)
        }
        #expect(await simulator.provisionedConfig(of: book.uuid) != nil)
        await rig.stop()
    }

    /// A missing guide is written, and the test fails once; `RECORD=1` writes it anew.
    private func expect(_ text: String) throws {
        let root = "\(#filePath)".split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        let path = "\(root)/Sources/Integrations/Integrations.docc/AddOnGuide.md"
        let known = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        if known == text { return }
        let isRecording = ProcessInfo.processInfo.environment["RECORD"] == "1"
        if known == nil || isRecording { try Data(text.utf8).write(to: URL(filePath: path)) }
        if !isRecording { Issue.record("the guide differs from what travelled; RECORD=1 records it anew") }
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
        note(
            "\(request.method) \(path)",
            headers,
            json?.pretty ?? "",
            answer.status,
            answer.headers,
            answer.text
        )
        return PartnerCheck.Reply(status: answer.status, keptHeader: nil, body: answer.body)
    }

    /// What a browser posts to `/heroku/sso`.
    func post(_ form: [FormText.Parameter], _ rig: SiteRig) async {
        let body = FormText.encode(form)
        let answer = await rig.send("POST", "/heroku/sso", body, as: "")
        let type = (name: "Content-Type", value: "application/x-www-form-urlencoded")
        let lines = body.replacing("&", with: "\n&")
        note("POST /heroku/sso", [type], lines, answer.status, answer.headers, answer.text)
    }

    typealias Headers = [(name: String, value: String)]

    func note(
        _ line: String,
        _ headers: Headers,
        _ body: String,
        _ status: Int,
        _ answered: Headers,
        _ answer: String
    ) {
        let sent = headers.map { "\($0.name): \($0.value)\n" }.joined()
        var text = "\n```\n\(line)\n\(sent)\(body.isEmpty ? "" : "\n\(body)\n")```\n"
        text += "\n```\n\(status)\n"
        for header in answered where ["Location", "Content-Type"].contains(header.name) {
            text += "\(header.name): \(header.value)\n"
        }
        let json = JSONText.value(answer)
        text += answer.isEmpty ? "```\n" : "\n\(json?.pretty ?? answer)\n```\n"
        add(text)
    }
}

/// Carries what this server posts to the platform, and writes it down.
private final class PlatformTransport: Transport {
    private struct State {
        var receiver: (@Sendable ([Outcome]) -> Void)?
        var simulator: MarketplaceSimulator?
    }

    private let state = Mutex(State())
    private let book: Book

    init(_ book: Book) { self.book = book }

    func connect(_ simulator: MarketplaceSimulator) { state.withLock { $0.simulator = simulator } }

    func send(_ calls: [Call]) {
        let (receive, simulator) = state.withLock { ($0.receiver, $0.simulator) }
        for call in calls {
            // A task, because the network does not wait either.
            Task {
                guard let simulator else { return }
                let answer = await self.carry(call, to: simulator)
                let outcome = Outcome(
                    id: call.id,
                    result: .answered(answer),
                    timings: Timings(),
                    address: ""
                )
                receive?([outcome])
            }
        }
    }

    private func carry(_ call: Call, to simulator: MarketplaceSimulator) async -> Effects.Answer {
        let lines = String(decoding: call.headerLines, as: UTF8.self).split(separator: "\r\n")
        let headers = lines.compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstRange(of: ": ") else { return nil }
            return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
        }
        let reply = await simulator.answer(
            .init(method: call.method, target: call.target, headers: headers, body: call.body)
        )
        let body = String(decoding: call.body, as: UTF8.self)
        book.note(
            "\(call.method) \(call.target)",
            headers.filter { ["Authorization", "Content-Type"].contains($0.name) },
            JSONText.value(body)?.pretty ?? body.replacing("&", with: "\n&"),
            reply.status,
            reply.headers,
            String(decoding: reply.body, as: UTF8.self)
        )
        return Effects.Answer(status: UInt16(reply.status), body: reply.body)
    }

    func abort(_ ids: [UInt64]) {}
    func shutdown(drain: Span) async {}
    func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {
        state.withLock { $0.receiver = receive }
    }
}
