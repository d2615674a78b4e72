import Domain
import Integrations
import Testing

/// Behaviours 38 to 52: messages and invoices, as the simulated platform takes them.
struct MoneyBehaviours {
    private func message(_ type: String, _ subject: String) -> String {
        #"{"message":{"message_type":"\#(type)","subject":"\#(subject)","body":"more"}}"#
    }

    private func invoice(_ cents: String, _ text: String = "For service", id: String = "null") -> String {
        #"{"invoice":{"total_amount_cents":\#(cents),"line_item_description":"\#(text)","unique_id":\#(id)}}"#
    }

    /// The messages of a refusal to take that invoice.
    private func refusal(_ body: String) async throws -> [String] {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        let answer = await stage.ask("POST", told.word("invoices_url"), body)
        #expect(answer.status == 400)
        #expect(await stage.ask("GET", told.word("invoices_url")).json == .array([]))
        return answer.messages
    }

    @Test func `38: a status of an account is shown`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        let sent = await stage.ask("POST", told.word("messages_url"), message("status", "All is well"))
        #expect(sent.status == 200 && sent.text == "{}")
        #expect(await stage.browse("/").text.contains("All is well"))
    }

    @Test func `39: a status of a provisioned service is shown beside it`() async throws {
        let stage = try PlatformStage()
        let service = try await stage.provision(try await stage.signUp())
        let sent = await stage.ask("POST", service.word("messages_url"), message("status", "3 jobs"))
        #expect(sent.status == 200)
        let page = await stage.browse("/").text
        #expect(page.ranges(of: "3 jobs").count == 1)
    }

    @Test func `40: a message without a subject is refused`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        let sent = await stage.ask("POST", told.word("messages_url"), message("odd", " "))
        #expect(sent.status == 400 && sent.messages == ["Subject can't be blank."])
    }

    @Test func `41: a message of another type is refused`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        let sent = await stage.ask("POST", told.word("messages_url"), message("odd", "Hello"))
        let wanted = "Message type must be one of: status, notification or alert"
        #expect(sent.status == 400 && sent.messages == [wanted])
    }

    @Test func `42: an invoice is taken, for its account`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        #expect(await stage.ask("POST", told.word("invoices_url"), invoice("27")).text == "{}")
        let listed = await stage.ask("GET", told.word("invoices_url")).json.array?.first?["invoice"]
        #expect(listed?.word("url").hasPrefix(told.word("invoices_url") + "/") ?? false)
    }

    @Test func `43: invoices without a name of their own never are the same`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        for id in ["null", "null", #"" ""#, #"" ""#] {
            #expect(await stage.ask("POST", told.word("invoices_url"), invoice("1", id: id)).status == 200)
        }
    }

    @Test func `44: a name that is taken is refused, and says so`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        let body = invoice("1", id: #""x-1""#)
        #expect(await stage.ask("POST", told.word("invoices_url"), body).status == 200)
        let again = await stage.ask("POST", told.word("invoices_url"), body)
        #expect(again.messages == ["Unique ID already exists on another invoice on this account"])
        #expect(await stage.ask("GET", told.word("invoices_url")).json.array?.count == 1)
    }

    @Test func `45: the list shows cents, text, the name as text, and pending; deleting empties it`()
        async throws
    {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        _ = await stage.ask("POST", told.word("invoices_url"), invoice("27", id: "123"))
        let listed = await stage.ask("GET", told.word("invoices_url")).json.array?.first?["invoice"]
        #expect(listed?["total_amount_cents"]?.number == 27)
        #expect(listed?["line_item_description"]?.string == "For service")
        #expect(listed?["unique_id"]?.string == "123" && listed?["status"]?.string == "pending")
        #expect(await stage.ask("DELETE", listed?.word("url") ?? "").status == 200)
        #expect(await stage.ask("GET", told.word("invoices_url")).json == .array([]))
    }

    /// An account with one invoice, taken on the last day of a month.
    private func lastDay() async throws -> (PlatformStage, account: JSON, invoice: String) {
        let stage = try PlatformStage(start: "2026-01-31T12:00:00Z")
        let told = try await stage.signUp()
        _ = await stage.ask("POST", told.word("invoices_url"), invoice("27"))
        let listed = await stage.ask("GET", told.word("invoices_url")).json.array?.first?["invoice"]
        return (stage, told, listed?.word("url") ?? "")
    }

    @Test func `46: on the first of the next month it can still be deleted`() async throws {
        let (stage, _, url) = try await lastDay()
        await stage.click("/advance", "by=13h")
        #expect(await stage.ask("DELETE", url).status == 200)
    }

    @Test func `47: a day past the end of the month, or of the account, it is locked`() async throws {
        let (stage, told, url) = try await lastDay()
        await stage.click("/advance", "by=37h")
        let refused = await stage.ask("DELETE", url)
        #expect(refused.status == 400 && refused.messages == ["cannot delete locked invoices"])
        let listed = await stage.ask("GET", told.word("invoices_url")).json.array?.first?["invoice"]
        #expect(listed?["status"]?.string == "locked")

        let other = try PlatformStage()
        let gone = try await other.signUp()
        _ = await other.ask("POST", gone.word("invoices_url"), invoice("27"))
        let open = await other.ask("GET", gone.word("invoices_url")).json.array?.first?["invoice"]
        await other.click("/cancel/\(gone.id)")
        await other.click("/advance", "by=25h")
        #expect(await other.ask("DELETE", open?.word("url") ?? "").status == 400)
    }

    @Test func `48: for a day after the end an invoice is taken, and later it is not`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        await stage.click("/cancel/\(told.id)")
        await stage.click("/advance", "by=23h")
        #expect(await stage.ask("POST", told.word("invoices_url"), invoice("1")).status == 200)
        await stage.click("/advance", "by=2h")
        let late = await stage.ask("POST", told.word("invoices_url"), invoice("1"))
        #expect(late.messages == ["Account is no longer active, and cannot accept any invoices"])
    }

    @Test func `49: a fraction of a cent is refused`() async throws {
        #expect(try await refusal(invoice("1.5")) == ["Total Amount Cents must be an integer"])
        #expect(try await refusal(invoice(#""27""#)) == ["Total Amount Cents must be an integer"])
    }

    @Test func `50: nothing to pay is an invoice too`() async throws {
        let stage = try PlatformStage()
        let told = try await stage.signUp()
        #expect(await stage.ask("POST", told.word("invoices_url"), invoice("0")).status == 200)
    }

    @Test func `51: less than nothing is refused`() async throws {
        let wanted = ["Total amount cents must be greater than or equal to 0"]
        #expect(try await refusal(invoice("-1")) == wanted)
    }

    @Test func `52: an invoice without a line of text is refused`() async throws {
        #expect(try await refusal(invoice("1", " ")) == ["Line item description can't be blank"])
    }
}
