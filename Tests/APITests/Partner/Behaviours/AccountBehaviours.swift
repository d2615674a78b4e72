import Domain
import Integrations
import Testing

/// Behaviours 27 to 37: accounts and provisioned services, as the simulated platform asks for them, and as
/// our own server tells of changes.
struct AccountBehaviours {
    @Test func `27: the partner hears of a customer with URLs that belong together`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        let service = try #require(await stage.ask("GET", PlatformStage.root).json.array?.first)
        let known = service["service"]?["url"]?.string ?? service["url"]?.string ?? ""
        #expect(told.word("name") == "some-account")
        #expect(told.word("url") == "\(known)/service_accounts/\(told.id)")
        #expect(told.word("messages_url") == told.word("url") + "/messages")
        #expect(told.word("invoices_url") == told.word("url") + "/invoices")
        #expect(stage.partner.asked.last?.url == "http://partner.test/accounts")
    }

    @Test func `28: what the partner answers is kept, and its message shown`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        #expect(await stage.browse("/").text.contains("Welcome"))
        #expect(await stage.browse("/visit/\(told.id)").location.hasPrefix("http://partner.test/sso/1?"))
        _ = try await stage.provision(told)
        #expect(stage.partner.asked.last?.url == "http://partner.test/accounts/1/services")
        await stage.click("/cancel/\(told.id)")
        let last = stage.partner.asked.last
        #expect(last?.method == "DELETE" && last?.url == "http://partner.test/accounts/1")
    }

    @Test(arguments: [
        "{}",
        #"{"service_account":{"url":null,"configuration_required":null,"users_url":null},"message":null}"#,
    ])
    func `29: an answer of nothing but nulls, or of nothing, is an account without a message`(
        _ answer: String
    ) async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp(answer)
        let page = await stage.browse("/").text
        #expect(page.contains(">some-account</h") && !page.contains("Welcome"))
        let invoice = #"{"invoice":{"total_amount_cents":1,"line_item_description":"x"}}"#
        #expect(await stage.ask("POST", told.word("invoices_url"), invoice).status == 200)
    }

    @Test func `30: a refusal is shown in the partner's words, and no account is made`() async throws {
        let stage = try PlatformStage()
        await stage.register()
        stage.partner.answer(400, #"{"error_messages":["Not today","Nor tomorrow"]}"#)
        await stage.click("/sign_up", "name=some-account")
        let page = await stage.browse("/").text
        #expect(page.contains("Not today") && page.contains("Nor tomorrow"))
        #expect(!page.contains(">some-account</h"))
    }

    @Test func `31: the partner says that configuration is done, and where it is`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        let body = #"{"service_account":{"configuration_url":"http://partner.test/sso/new"}}"#
        #expect(await stage.ask("PUT", told.word("url"), body).status == 200)
        #expect(await stage.browse("/visit/\(told.id)").location.hasPrefix("http://partner.test/sso/new?"))

        let shop = try await PartnerRig(asksForPlan: true)
        let answer = try await shop.signed("POST", PartnerRig.customers, PartnerRig.accountBody())
        #expect(answer.json["service_account"]?["configuration_required"]?.bool == true)
        let customer = "\(PartnerRig.customers)/2"
        let made = try await shop.signed("POST", "\(customer)/schedulers", PartnerRig.provisionBody())
        #expect(made.json["provisioned_service"]?["configuration_required"]?.bool == true)
        #expect(try await shop.choosePlan("freemium").headers.contains { $0.value == PartnerRig.dashboard })
        let puts = shop.marketplace.posts.filter { $0.method == "PUT" }
        #expect(puts.map(\.path).contains { $0.hasSuffix("/service_accounts/85") })
        #expect(puts.first?.body["service_account"]?["configuration_required"]?.bool == false)
        let scheduler = puts.first { $0.path.hasSuffix("/provisioned_service/9") }?.body
        #expect(
            scheduler?["provisioned_service"]?["configuration_url"]?.string
                == "http://chronatog.test/eyintegration/sso/customers/2/schedulers/2"
        )
        let again = try await shop.signed("POST", PartnerRig.customers, PartnerRig.accountBody())
        #expect(again.json["service_account"]?["configuration_required"]?.bool == false)
        await shop.stop()
    }

    @Test func `32: the partner hears of the app, its environment and where messages go`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        let service = try await stage.provision(told)
        #expect(service["app"]?["name"]?.string == "myapp" && service["app"]?.id != 0)
        #expect(service["environment"]?["framework_env"]?.string == "production")
        #expect(service["environment"]?["aws_region"]?.string == "us-east-1")
        #expect(service["environment"]?["name"]?.string == "myenv")
        let root = "\(PlatformStage.base)/api/1/service_accounts/\(told.id)/provisioned_service/"
        #expect(service.word("url").hasPrefix(root))
        #expect(service.word("messages_url").hasPrefix(told.word("url") + "/provisioned_service/"))
    }

    @Test func `33: the variables that the partner answers are kept, and its message shown`() async throws {
        let stage = try PlatformStage()
        _ = try await stage.provision(try await stage.signUp())
        let page = await stage.browse("/").text
        #expect(page.contains("some_var") && page.contains("blah") && page.contains("Made"))
    }

    @Test func `34: an answer of nothing is a service without variables`() async throws {
        let stage = try PlatformStage()
        let service = try await stage.provision(try await stage.signUp(), "{}")
        let page = await stage.browse("/").text
        #expect(page.contains("myapp") && !page.contains("some_var"))
        let body = #"{"provisioned_service":{"vars":{"late":"one"}}}"#
        #expect(await stage.ask("PUT", service.word("url"), body).status == 200)
        #expect(await stage.browse("/").text.contains("late"))
    }

    @Test func `35: a refusal to provision is shown in the partner's words`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        stage.partner.answer(400, #"{"error_messages":["Not in this region"]}"#)
        await stage.click("/activate/\(told.id)", "app=myapp")
        let page = await stage.browse("/").text
        #expect(page.contains("Not in this region") && !page.contains("/deactivate/"))
    }

    @Test func `36: changed variables replace those of their names, and others stay`() async throws {
        let stage = try PlatformStage()
        let service = try await stage.provision(try await stage.signUp())
        let body = #"{"provisioned_service":{"vars":{"some_var":"fresh"}}}"#
        #expect(await stage.ask("PUT", service.word("url"), body).status == 200)
        let page = await stage.browse("/").text
        #expect(page.contains("fresh") && page.contains("blah"))
    }

    @Test func `37: giving a service back asks the partner to delete it`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        let service = try await stage.provision(told)
        let number = service.word("url").split(separator: "/").last ?? ""
        await stage.click("/deactivate/\(told.id)/\(number)")
        let last = stage.partner.asked.last
        #expect(last?.method == "DELETE" && last?.url == "http://partner.test/accounts/1/services/2")
        #expect(await stage.ask("PUT", service.word("url"), "{}").status == 404)
    }
}
