import Domain
import Integrations
import Synchronization
import Testing

/// The platform's side of 53 to 56, and visits to one app's service.
struct SimulatorUserTests {
    /// Answers what a partner with a list of users would, and remembers what it was asked.
    private final class ListingPartner: Sendable {
        struct State {
            var email: String? = "the-one-user@example.com"
            var asked: [String] = []
        }

        let state = Mutex(State())
        let lists: Bool

        init(lists: Bool) { self.lists = lists }

        var asked: [String] { state.withLock { $0.asked } }

        func answer(_ request: PartnerCheck.Request) -> PartnerCheck.Reply {
            let path = String(request.url.dropFirst("http://partner.test".count))
            let body = String(decoding: request.body, as: UTF8.self)
            state.withLock { $0.asked.append("\(request.method) \(path)") }
            switch (request.method, path) {
            case ("POST", "/accounts"):
                let users = lists ? #""http://partner.test/users""# : "null"
                return reply(
                    #"{"service_account":{"configuration_url":"http://partner.test/page","#
                        + #""users_url":\#(users),"#
                        + #""provisioned_services_url":"http://partner.test/services"}}"#,
                    location: "http://partner.test/accounts/1"
                )
            case ("POST", "/services"):
                return reply(
                    #"{"provisioned_service":{"configuration_url":"http://partner.test/service","vars":{}}}"#,
                    location: "http://partner.test/services/1"
                )
            case ("PUT", "/users/1"):
                let user = (try? JSONReader.value(of: body))?["user"]
                state.withLock { $0.email = user?["ey_user_email"]?.string }
            case ("DELETE", "/users/1"): state.withLock { $0.email = nil }
            case ("GET", "/users"):
                let email = state.withLock { $0.email }
                let list = email.map {
                    #"[{"user":{"ey_user_email":"\#($0)"},"url":"http://partner.test/users/1"}]"#
                }
                return reply(list ?? "[]")
            default: break
            }
            return reply("{}")
        }

        private func reply(_ text: String, location: String? = nil) -> PartnerCheck.Reply {
            PartnerCheck.Reply(status: 200, keptHeader: location, body: Array(text.utf8))
        }
    }

    private struct Stage {
        let partner: ListingPartner
        let simulator: MarketplaceSimulator

        /// With a service and a customer, who is the account 2.
        init(lists: Bool) async {
            let partner = ListingPartner(lists: lists)
            let auth = AuthHMAC(id: "123edf", key: "abc456")
            self.partner = partner
            simulator = MarketplaceSimulator(
                base: "http://127.0.0.1:8095",
                auth: auth,
                clock: { Timestamp(seconds: 1_767_225_600) },
                send: { partner.answer($0) }
            )
            let body = Array(
                #"{"service":{"name":"A","service_accounts_url":"http://partner.test/accounts"}}"#.utf8
            )
            let request = AuthHMAC.Request(
                method: "POST",
                contentType: "application/json",
                body: body,
                date: Timestamp(seconds: 1_767_225_600).httpDate,
                path: MarketplaceSimulator.registrationPath()
            )
            let headers = [
                (name: "Date", value: request.date), (name: "Content-Type", value: request.contentType),
                (name: "Authorization", value: auth.header(request)),
            ]
            _ = await simulator.answer(
                .init(method: "POST", target: request.path, headers: headers, body: body)
            )
            await click("/sign_up", "name=acme")
        }

        func click(_ path: String, _ form: String = "") async {
            _ = await simulator.answer(.init(method: "POST", target: path, body: Array(form.utf8)))
        }

        func page(_ path: String = "/") async -> MarketplaceSimulator.Reply {
            await simulator.answer(.init(method: "GET", target: path))
        }

        func text() async -> String { String(decoding: await page().body, as: UTF8.self) }

        func link(_ path: String) async -> String {
            await page(path).headers.first { $0.name == "Location" }?.value ?? ""
        }
    }

    @Test func `53: without a list of users the link tells no address`() async {
        let stage = await Stage(lists: false)
        let link = await stage.link("/visit/2")
        #expect(link.hasPrefix("http://partner.test/page?") && !link.contains("ey_user_email"))
        await stage.click("/users/2")
        #expect(await stage.text().contains("it lists no users"))
    }

    @Test func `54 to 56: with one the link tells it, and changes and removals are told`() async {
        let stage = await Stage(lists: true)
        #expect(await stage.link("/visit/2").contains("ey_user_email=the-one-user%40example.com"))
        await stage.click("/users/2")
        #expect(await stage.text().contains("the-one-user@example.com"))
        await stage.click("/user_email/2/0", "email=new%40example.com")
        #expect(await stage.text().contains("new@example.com"))
        await stage.click("/user_remove/2/0")
        #expect(await !stage.text().contains("example.com"))
        await stage.click("/user_remove/2/0")
        #expect(await stage.text().contains("there is no such user"))
        let asked = stage.partner.asked.filter { $0.contains("/users/") }
        #expect(asked == ["PUT /users/1", "DELETE /users/1"])
    }

    @Test func `an app's service is visited where it has a page`() async {
        let stage = await Stage(lists: false)
        await stage.click("/activate/2", "app=shop")
        #expect(await stage.text().contains("/visit/2/3"))
        #expect(await stage.link("/visit/2/3").hasPrefix("http://partner.test/service?"))
        #expect(await stage.page("/visit/2/99").status == 404)
    }
}
