import FoundationEssentials
import NIOCore
import Testing

/// The sample partner, started as a process of its own, under a marketplace that knows nothing of it but the
/// protocol (issue 5, item 4).
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ForeignHarnessTests {
    private static let registry = "/api/1/partners/1/services"

    /// Takes everything; what is registered gets a place.
    @Sendable private static func answer(_ call: RecordingTarget.Call) -> String {
        let isNew = call.method == "POST" && call.path == registry
        let location = "Location: http://\(call.header("host"))\(registry)/2\r\n"
        return "HTTP/1.1 \(isNew ? "201 Created" : "200 OK")\r\nContent-Type: application/json\r\n"
            + "\(isNew ? location : "")Content-Length: 2\r\n\r\n{}"
    }

    @Test func `a harness of the original's kind registers, signs up, provisions, signs in and cancels`()
        async throws
    {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let platform = try await RecordingTarget(answersAfter: .zero, answering: Self.answer)
            do {
                try await life(rig, platform, "http://127.0.0.1:\(platform.port)")
            } catch {
                try await platform.stop()
                throw error
            }
            try await platform.stop()
        }
    }

    private func life(_ rig: ServerRig, _ platform: RecordingTarget, _ base: String) async throws {
        let server = try await rig.launch([
            "serve", "--ephemeral", "--listen", "127.0.0.1:0", "--token", "t",
            "--register", base + Self.registry, "--partner-id", ForeignHarness.id,
            "--partner-key", ForeignHarness.key,
        ])
        let harness = ForeignHarness(port: server.api.port)
        let registration = try await platform.call { $0.path == Self.registry }
        let service = try JSONDecoder().decode(RegisteredService.self, from: Data(registration.body.utf8))
        #expect(service.service.name == "Chronatog" && service.service.label == "chronatog")
        #expect(service.service.vars.starts(with: ["service_url", "auth_username", "auth_password"]))
        let customer = try await rig.apart { try signUp(harness, service.service.service_accounts_url, base) }
        let login = try await rig.apart { try provision(harness, customer, base) }
        let job = try await rig.apart { () throws -> String in
            let body = #"{"callback_url":"http://127.0.0.1:\#(rig.target.port)/tick","schedule":"* * * * *"}"#
            let made = try harness.app("POST", login.service, login.keys, body)
            #expect(made.status == 201 && made.body.contains("\"url\""))
            return made.body
        }
        #expect(job.contains("* * * * *"))
        let status = try await platform.call { $0.path.hasSuffix("/provisioned_service/9/messages") }
        let said = try JSONDecoder().decode(PostedMessage.self, from: Data(status.body.utf8)).message
        #expect(said.message_type == "status" && said.subject == "1 jobs scheduled")
        try await rig.apart { try choosePlan(harness, customer.service_account.configuration_url, base) }
        let welcome = try await platform.call { $0.path.hasSuffix("/service_accounts/85/messages") }
        #expect(welcome.body.contains("Activated!"))
        // A real minute may have ended before the plan was chosen: its run is counted, and free.
        let free = try await rig.target.calls().count { $0.path == "/tick" }

        // The one thing that is not of the protocol: three minutes pass.
        let passed = try await rig.apart { try server.api.send("POST", "clock", #"{"advance":"3m"}"#).status }
        #expect(passed == 200)
        _ = try await rig.target.call { $0.path == "/tick" }
        try await rig.apart { try cancel(harness, customer, login) }
        let invoices = try await platform.calls().filter { $0.path.hasSuffix("/85/invoices") }
        #expect(invoices.count == 1)
        let bill = try JSONDecoder().decode(PostedInvoice.self, from: Data((invoices.first?.body ?? "").utf8))
        let runs = bill.invoice.total_amount_cents / 5
        #expect(bill.invoice.total_amount_cents == 5 * runs && (1...3).contains(runs))
        let told = "includes 1 schedulers and \(runs + free) jobs run."
        #expect(bill.invoice.line_item_description.hasSuffix(told))
        #expect(bill.invoice.unique_id?.isEmpty == false)
        for call in try await platform.calls() {
            let right = ForeignHarness.signature(
                call.method,
                call.header("content-type"),
                call.body,
                call.header("date"),
                call.path
            )
            #expect(call.header("authorization") == right, "\(call.method) \(call.path)")
        }
        server.child.terminate()
        #expect(try await rig.ending(of: server.child).status == 0)
    }

    private func signUp(_ harness: ForeignHarness, _ url: String, _ base: String) throws -> PushedAccount {
        let own = "\(base)\(Self.registry)/2/service_accounts/85"
        let body =
            #"{"id":85,"name":"some-account","url":"\#(own)","messages_url":"\#(own)/messages","#
            + #""invoices_url":"\#(own)/invoices"}"#
        let made = try harness.signed("POST", url, body)
        #expect(made.status == 200 || made.status == 201)
        let pushed = try made.decoded(PushedAccount.self)
        #expect(made.header("location") == pushed.service_account.url)
        #expect(pushed.message?.message_type == "status")
        #expect(try harness.browse("POST", url, form: "x=1").status == 401)
        return pushed
    }

    private func provision(_ harness: ForeignHarness, _ customer: PushedAccount, _ base: String) throws
        -> (url: String, service: String, keys: (String, String))
    {
        let own = "\(base)\(Self.registry)/2/service_accounts/85/provisioned_service/9"
        let body =
            #"{"url":"\#(base)/api/1/service_accounts/85/provisioned_service/9","#
            + #""messages_url":"\#(own)/messages","#
            + #""app":{"id":3,"name":"myapp"},"environment":{"id":4,"name":"myenv","#
            + #""framework_env":"production","aws_region":"us-east-1"}}"#
        let made = try harness.signed("POST", customer.service_account.provisioned_services_url, body)
        #expect(made.status == 200 || made.status == 201)
        let pushed = try made.decoded(PushedService.self).provisioned_service
        let vars = pushed.vars
        return (
            pushed.url, vars["service_url"] ?? "",
            (vars["auth_username"] ?? "", vars["auth_password"] ?? "")
        )
    }

    /// As a person would: follows the dashboard's link, and sends the form as it stands.
    private func choosePlan(_ harness: ForeignHarness, _ url: String, _ base: String) throws {
        let link = ForeignHarness.link(
            url,
            [
                "timestamp": ForeignHarness.now(), "ey_user_id": "57", "ey_user_name": "Person Name",
                "ey_return_to_url": "\(base)/dashboard", "access_level": "owner",
            ]
        )
        #expect(try harness.browse("GET", link + "&x=1").status == 401)
        let page = try harness.browse("GET", link)
        #expect(page.status == 200 && page.body.contains("current_plan") && page.body.contains("Freemium"))
        let cookie = String(page.header("set-cookie").prefix { $0 != ";" })
        let action = Self.between(#"id="plan_selection" method="post" action=""#, page.body)
        let hidden = Self.between(#"name="token" value=""#, page.body)
        let target = action.hasPrefix("http") ? action : "http://127.0.0.1:\(harness.port)\(action)"
        let form = "plan_type=awesome&token=\(hidden)"
        let changed = try harness.browse("POST", target, cookie: cookie, form: form)
        #expect((200..<400).contains(changed.status))
        let later = try harness.browse("GET", url, cookie: cookie)
        #expect(later.status == 200 && later.body.contains("AWESOME"))
    }

    private func cancel(
        _ harness: ForeignHarness,
        _ customer: PushedAccount,
        _ login: (url: String, service: String, keys: (String, String))
    ) throws {
        let list = try harness.app("GET", login.service, login.keys)
        #expect(list.status == 200)
        #expect(try harness.signed("DELETE", customer.service_account.url).status == 200)
        #expect(try harness.app("GET", login.service, login.keys).status == 401)
    }

    private static func between(_ opening: String, _ text: String) -> String {
        guard let start = text.firstRange(of: opening) else { return "" }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }
}
