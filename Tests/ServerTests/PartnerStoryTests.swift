import Domain
import Effects
import FoundationEssentials
import Integrations
import NIOCore
import Synchronization
import Testing

@testable import Counterparts

/// A customer's life at a marketplace, over sockets and with the process killed in the middle of the billing.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct PartnerStoryTests {
    private static let auth = AuthHMAC(id: "123edf", key: "abc456")
    private static let customer = "/eyintegration/api/1/customers/2"
    private static let page = "/eyintegration/sso/customers/2"

    /// A marketplace that takes what partners send; invoices only while it is well.
    private final class Platform: Sendable {
        struct Post: Sendable {
            var method: String
            var path: String
            var body: JSON
            var status: UInt16
        }

        private final class Health: Sendable {
            let takesInvoices = Mutex(true)
        }

        let posts = Collected<Post>()
        let invoices = Collected<Post>()
        private let health = Health()
        private let web: CounterpartServer

        init() async throws {
            let (posts, invoices, health) = (posts, invoices, health)
            web = try await CounterpartServer { request in
                let isInvoice = request.address.path.hasSuffix("/invoices")
                let isWell = !isInvoice || health.takesInvoices.withLock { $0 }
                let isNew = request.method == "POST" && request.address.path.hasSuffix("/services")
                let answer = Answer(
                    status: isWell ? (isNew ? 201 : 200) : 503,
                    keptHeader: isNew ? "http://127.0.0.1:9/services/7" : nil,
                    body: Array("{}".utf8)
                )
                let text = String(decoding: request.body, as: UTF8.self)
                let post = Post(
                    method: request.method,
                    path: request.address.path,
                    body: (try? JSONReader.value(of: text)) ?? .null,
                    status: answer.status
                )
                (isInvoice ? invoices : posts).add([post])
                return answer
            }
        }

        var base: String { "http://127.0.0.1:\(web.port)" }
        func takesInvoices(_ takes: Bool) { health.takesInvoices.withLock { $0 = takes } }
        func stop() async throws { try await web.stop() }
    }

    /// What a server answered.
    private struct Heard: Sendable {
        var status: Int
        var head: String
        var body: String
        var json: JSON { (try? JSONReader.value(of: body)) ?? .null }

        func header(_ name: String) -> String {
            let line = head.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }
            return line.map { String($0.dropFirst(name.count + 2)) } ?? ""
        }
    }

    private static func send(
        _ api: APIClient,
        _ method: String,
        _ target: String,
        _ body: String = "",
        _ headers: [String]
    ) throws -> Heard {
        let lines = ["\(method) \(target) HTTP/1.1", "Host: x", "Connection: close"] + headers
        let length = "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let text = lines.map { "\($0)\r\n" }.joined() + length
        let reply = try RawExchange(port: api.port)([.text(text)])
        let end = reply.text.firstRange(of: "\r\n\r\n")
        return Heard(
            status: reply.statuses.last ?? 0,
            head: end.map { String(reply.text[..<$0.lowerBound]) } ?? "",
            body: end.map { String(reply.text[$0.upperBound...]) } ?? ""
        )
    }

    private static func now() -> Timestamp {
        Timestamp(seconds: Int64(Date.now.timeIntervalSince1970))
    }

    /// A request that the platform signs.
    private static func signed(
        _ api: APIClient,
        _ method: String,
        _ target: String,
        _ body: String = ""
    ) throws -> Heard {
        let type = body.isEmpty ? "" : "application/json"
        let request = AuthHMAC.Request(
            method: method,
            contentType: type,
            body: Array(body.utf8),
            date: now().httpDate,
            path: target
        )
        var headers = ["Date: \(request.date)", "Authorization: \(auth.header(request))"]
        if !type.isEmpty { headers.append("Content-Type: \(type)") }
        return try send(api, method, target, body, headers)
    }

    private static func link() throws -> String {
        let all: [SignedLink.Parameter] = [
            .init("timestamp", Date.now.formatted(.iso8601)), .init("ey_user_id", "57"),
            .init("ey_user_name", "Person Name"), .init("access_level", "owner"),
        ]
        let link = try SignedLink.sign("http://chronatog.test\(page)", adding: all, by: auth)
        return String(link.dropFirst("http://chronatog.test".count))
    }

    private func flags(_ platform: Platform) -> [String] {
        [
            "--public-url", "http://chronatog.test", "--partner-id", "123edf", "--partner-key", "abc456",
            "--register", "\(platform.base)/api/1/partners/1/services",
        ]
    }

    /// Signs up, provisions, signs in and upgrades.
    /// - Returns: the app's login, and the link that was followed.
    private static func begin(_ api: APIClient, _ base: String) throws -> (login: String, link: String) {
        let account = "\(base)/service_accounts/85"
        let opened = try signed(
            api,
            "POST",
            "/eyintegration/api/1/customers",
            #"{"name":"some-account","url":"\#(account)","messages_url":"\#(account)/messages","#
                + #""invoices_url":"\#(account)/invoices"}"#
        )
        #expect(opened.status == 200, "\(opened)")
        let made = try signed(
            api,
            "POST",
            "\(customer)/schedulers",
            #"{"url":"\#(base)/provisioned/9","messages_url":"\#(base)/provisioned/9/messages"}"#
        )
        let variables = made.json["provisioned_service"]?["vars"]
        let pair = [variables?["auth_username"], variables?["auth_password"]].compactMap { $0?.string }
        let login = "Authorization: Basic \(Data(pair.joined(separator: ":").utf8).base64EncodedString())"
        let link = try link()
        let page = try send(api, "GET", link, "", [])
        #expect(page.status == 200, "\(page)")
        let cookie = "Cookie: " + page.header("Set-Cookie").prefix { $0 != ";" }
        let start = try #require(page.body.firstRange(of: #"name="token" value=""#)?.upperBound)
        let token = page.body[start...].prefix { $0 != "\"" }
        let form = "plan_type=awesome&token=\(token)"
        let chosen = try send(api, "POST", "\(Self.page)/change_plan", form, [cookie])
        #expect(chosen.status == 303, "\(chosen)")
        return (login, link)
    }

    /// Eleven jobs by the app's own keys; the first of them is run as often.
    private static func work(_ api: APIClient, _ login: String, _ port: Int, runs: Int) throws {
        var first = ""
        for number in 0..<11 {
            let body = #"{"callback_url":"http://127.0.0.1:\#(port)/\#(number)","schedule":"0 0 29 2 *"}"#
            let made = try send(api, "POST", "/chronatogapi/1/jobs", body, [login])
            #expect(made.status == 201, "\(made)")
            if number == 0 { first = made.json["id"]?.string ?? "" }
        }
        for _ in 0..<runs {
            let run = try send(api, "POST", "/chronatogapi/1/jobs/\(first)/run?overlap=allow", "", [login])
            #expect(run.status == 202, "\(run)")
        }
    }

    /// Asks until so much is owed: a run counts when it has ended.
    private static func waitForBill(of cents: Int64, _ api: APIClient) throws {
        var owed: Int64?
        for _ in 0..<2000 where owed != cents {
            let answer = try api.send("GET", "bills")
            let bills = try JSONReader.value(of: String(decoding: answer.body, as: UTF8.self))
            owed = bills.array?.first?["total_amount_cents"]?.number
        }
        #expect(owed == cents)
    }

    /// Runs the billing job, and forgets how it ended.
    private static func bill(_ api: APIClient) throws {
        let partner = try api.send("GET", "partner")
        let json = try JSONReader.value(of: String(decoding: partner.body, as: UTF8.self))
        let job = try #require(json["billing_job"]?.string)
        #expect(try api.send("POST", "jobs/\(job)/run").status == 202)
    }

    @Test
    func `a customer signs up, works and cancels; the server is killed while the bill is refused`()
        async throws
    {
        let platform = try await Platform()
        try await ServerRig.with(answersAfter: .zero) { rig in
            let first = try await rig.start(flags(platform))
            let port = rig.target.port
            #expect(await platform.posts.first(1).first?.path == "/api/1/partners/1/services")
            let (login, link) = try await rig.apart { [base = platform.base] in
                let begun = try Self.begin(first.api, base)
                try Self.work(first.api, begun.login, Int(port), runs: 3)
                return begun
            }
            platform.takesInvoices(false)
            try await rig.apart {
                try Self.waitForBill(of: 15, first.api)
                try Self.bill(first.api)
            }
            #expect(await platform.invoices.first(1).first?.status == 503)
            first.child.kill()

            platform.takesInvoices(true)
            let tried = platform.invoices.elements.count
            let second = try await rig.start(flags(platform))
            let invoice = await platform.invoices.first(tried + 1)[tried]
            #expect(invoice.status == 200)
            #expect(invoice.body["invoice"]?["total_amount_cents"]?.number == 15)
            #expect(Set(platform.invoices.elements.map(\.body)).count == 1)
            try await rig.apart {
                #expect(try Self.send(second.api, "GET", link, "", []).status == 401)
                try Self.work(second.api, login, Int(port), runs: 1)
                try Self.waitForBill(of: 5, second.api)
                #expect(try Self.signed(second.api, "DELETE", Self.customer).status == 200)
                #expect(try Self.send(second.api, "GET", "/chronatogapi/1/jobs", "", [login]).status == 401)
            }
            let taken = platform.invoices.elements.filter { $0.status == 200 }
            #expect(taken.map { $0.body["invoice"]?["total_amount_cents"]?.number } == [15, 5])
            #expect(Set(taken.map { $0.body["invoice"]?["unique_id"]?.string }).count == 2)
            // A registration that was taken is not made again.
            let paths = platform.posts.elements.filter { $0.path.hasSuffix("/services") }
            #expect(paths.count == 1)
        }
        try await platform.stop()
    }

    @Test
    func `a marketplace that does not answer delays no start, and is told once however often we start`()
        async throws
    {
        try await ServerRig.with(answersAfter: .seconds(60)) { rig in
            let flags = [
                "--partner-id", "123edf", "--partner-key", "abc456",
                "--register", "http://127.0.0.1:\(rig.target.port)/services",
            ]
            for life in 1...2 {
                let begun = ContinuousClock.now
                let server = try await rig.start(flags)
                // Well below the fifteen seconds after which an attempt is given up.
                #expect(ContinuousClock.now - begun < .seconds(10))
                _ = try await rig.target.call { $0.path == "/services" }
                let posts = try await rig.apart { try server.api.send("GET", "posts").body }
                let list = try JSONReader.value(of: String(decoding: posts, as: UTF8.self)).array ?? []
                #expect(list.map { $0["purpose"]?.string } == ["register"], "life \(life)")
                #expect(server.child.complaint.contains("registering with the marketplace"))
                server.child.kill()
            }
        }
    }
}
