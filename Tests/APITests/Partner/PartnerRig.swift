import API
import Domain
import Effects
import Integrations
import Streaming

/// The site with a marketplace around it, and the dashboard's hands.
struct PartnerRig {
    let rig: SiteRig
    let marketplace: FakeMarketplace
    static let customers = "/eyintegration/api/1/customers"
    static let dashboard = "https://cloud.engineyard.test/dashboard"

    init(
        disk: MemoryDisk = MemoryDisk(),
        marketplace: FakeMarketplace = FakeMarketplace(),
        isPlanLimitHard: Bool = false,
        hasCredentials: Bool = true,
        asksForPlan: Bool = false,
        listsUsers: Bool = false
    ) async throws {
        self.marketplace = marketplace
        rig = try await SiteRig(
            disk: disk,
            transport: marketplace,
            isPlanLimitHard: isPlanLimitHard
        ) {
            $0.returnHosts = ["cloud.engineyard.test"]
            $0.asksForPlan = asksForPlan
            $0.listsUsers = listsUsers
        }
        if hasCredentials {
            _ = await rig.send(
                "PUT",
                "/chronatogapi/1/partner/credentials",
                #"{"id":"123edf","key":"abc456"}"#
            )
        }
    }

    func now() async throws -> Timestamp {
        let clock = await rig.send("GET", "/chronatogapi/1/clock")
        guard let now = clock.json["now"]?.string.flatMap({ Timestamp(rfc3339: $0) }) else {
            throw Unexpected(clock)
        }
        return now
    }

    /// A request that the platform signs.
    func signed(
        _ method: String,
        _ path: String,
        _ body: JSON? = nil,
        by auth: AuthHMAC = FakeMarketplace.auth,
        change: (inout AuthHMAC.Request) -> Void = { _ in }
    ) async throws -> Answer {
        let text = body?.text ?? ""
        let type = body == nil ? "" : "application/json"
        let date = try await now().httpDate
        var request = AuthHMAC.Request(
            method: method,
            contentType: type,
            body: Array(text.utf8),
            date: date,
            path: path
        )
        change(&request)
        var headers = [(name: "Date", value: request.date)]
        if !type.isEmpty { headers.append((name: "Content-Type", value: type)) }
        return await rig.send(method, path, text, as: auth.header(request), headers: headers)
    }

    static func accountBody(_ number: Int = 85) -> JSON {
        let url = "\(FakeMarketplace.base)/api/1/partners/1/services/7/service_accounts/\(number)"
        return .object([
            JSON.Member("id", .number(Int64(number))), JSON.Member("name", .string("some-account")),
            JSON.Member("url", .string(url)), JSON.Member("messages_url", .string(url + "/messages")),
            JSON.Member("invoices_url", .string(url + "/invoices")),
        ])
    }

    static func provisionBody(_ number: Int = 9) -> JSON {
        let url = "\(FakeMarketplace.base)/api/1/service_accounts/85/provisioned_service/\(number)"
        return .object([
            JSON.Member("url", .string(url)), JSON.Member("messages_url", .string(url + "/messages")),
            JSON.Member(
                "app",
                .object([JSON.Member("id", .number(3)), JSON.Member("name", .string("myapp"))])
            ),
            JSON.Member(
                "environment",
                .object([
                    JSON.Member("id", .number(4)), JSON.Member("name", .string("myenv")),
                    JSON.Member("framework_env", .string("production")),
                    JSON.Member("aws_region", .string("us-east-1")),
                ])
            ),
        ])
    }

    /// A customer, by the path of its account here.
    func signUp() async throws -> String {
        let answer = try await signed("POST", Self.customers, Self.accountBody())
        guard answer.status == 200, let url = answer["Location"] else { throw Unexpected(answer) }
        return String(url.dropFirst("http://chronatog.test".count))
    }

    /// An app's credentials, as Basic, and the path of its scheduler here.
    func provision(_ customer: String, _ number: Int = 9) async throws -> (login: String, path: String) {
        let answer = try await signed("POST", "\(customer)/schedulers", Self.provisionBody(number))
        guard answer.status == 200, let url = answer["Location"],
            let variables = answer.json["provisioned_service"]?["vars"],
            let username = variables["auth_username"]?.string,
            let password = variables["auth_password"]?.string
        else { throw Unexpected(answer) }
        return (SiteRig.basic(username, password), String(url.dropFirst("http://chronatog.test".count)))
    }

    /// The link that the dashboard sends a customer's browser to.
    func link(
        _ customer: String,
        level: String = "owner",
        returnTo: String = PartnerRig.dashboard,
        age: Span = .zero,
        email: String? = nil
    ) async throws -> String {
        let page = customer.dropFirst(Self.customers.count)
        let made = Timestamp(microseconds: try await now().microseconds - age.microseconds)
        var all: [SignedLink.Parameter] = [
            .init("timestamp", made.rfc3339Text ?? ""), .init("ey_user_id", "57"),
            .init("ey_user_name", "Person <b>Name"), .init("access_level", level),
            .init("ey_return_to_url", returnTo),
        ]
        if let email { all.append(.init("ey_user_email", email)) }
        let signed = try SignedLink.sign(
            "http://chronatog.test/eyintegration/sso/customers\(page)",
            adding: all,
            by: FakeMarketplace.auth
        )
        return String(signed.dropFirst("http://chronatog.test".count))
    }

    /// A page as a browser asks for it.
    func browse(
        _ method: String,
        _ target: String,
        cookie: String = "",
        form: String = ""
    ) async -> Answer {
        let cookies = cookie.isEmpty ? [] : [(name: "Cookie", value: "other=1; \(cookie)")]
        return await rig.send(method, target, form, as: "", headers: cookies)
    }

    static func cookie(_ answer: Answer) -> String {
        String((answer["Set-Cookie"] ?? "").prefix { $0 != ";" })
    }

    /// The token in the page's form.
    static func token(_ page: Answer) -> String {
        let start = page.text.firstRange(of: "name=\"token\" value=\"")?.upperBound
        return start.map { String(page.text[$0...].prefix { $0 != "\"" }) } ?? ""
    }

    /// The customer 2 comes by a link and chooses.
    @discardableResult
    func choosePlan(_ plan: String) async throws -> Answer {
        let page = await browse("GET", try await link("\(Self.customers)/2"))
        return await browse(
            "POST",
            "/eyintegration/sso/customers/2/change_plan",
            cookie: Self.cookie(page),
            form: "plan_type=\(plan)&token=\(Self.token(page))"
        )
    }

    func addJob(_ login: String) async -> Answer {
        await rig.send(
            "POST",
            "/chronatogapi/1/jobs",
            #"{"callback_url":"/_sink/200","schedule":"@daily"}"#,
            as: login
        )
    }

    func advance(_ span: String) async throws { try await rig.clock(#"{"advance":"\#(span)"}"#) }
    func stop() async { await rig.stop() }
}
