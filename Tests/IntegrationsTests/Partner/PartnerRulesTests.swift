import Domain
import Effects
import Testing

@testable import Integrations

/// What travels between a platform and its partners, and by which rules it is taken (§3.4 to §3.8).
struct PartnerRulesTests {
    private func json(_ text: String) throws -> JSON { try JSONReader.value(of: text) }

    private func messages(_ body: () throws -> Void) -> [String] {
        do {
            try body()
            return []
        } catch { return (error as? PartnerFault)?.messages ?? ["\(error)"] }
    }

    @Test func `38 to 41: a message needs a subject and one of three types`() throws {
        let good = PartnerMessage(.status, "3 jobs scheduled")
        #expect(
            good.post.text
                == #"{"message":{"message_type":"status","subject":"3 jobs scheduled","body":null}}"#
        )
        #expect(try PartnerMessage.read(good.post) == good)
        let blank = try json(#"{"message":{"message_type":"shout","subject":" "}}"#)
        #expect(messages { _ = try PartnerMessage.read(blank) } == ["Subject can't be blank."])
        let odd = try json(#"{"message":{"message_type":"shout","subject":"x"}}"#)
        #expect(
            messages { _ = try PartnerMessage.read(odd) }
                == ["Message type must be one of: status, notification or alert"]
        )
    }

    @Test func `42 to 52: an invoice needs whole cents, not below zero, and a line of text`() throws {
        let good = PartnerInvoice(cents: 27, text: "For service", uniqueID: "2-1")
        #expect(try PartnerInvoice.read(good.post) == good)
        #expect(
            try PartnerInvoice.read(PartnerInvoice(cents: 0, text: "x", uniqueID: " ").post).uniqueID == nil
        )
        func said(_ fields: String) throws -> [String] {
            let body = try json("{\"invoice\":{\(fields)}}")
            return messages { _ = try PartnerInvoice.read(body) }
        }
        #expect(
            try said(#""total_amount_cents":1.5,"line_item_description":"x""#)
                == ["Total Amount Cents must be an integer"]
        )
        #expect(
            try said(#""total_amount_cents":-1,"line_item_description":"x""#)
                == ["Total amount cents must be greater than or equal to 0"]
        )
        #expect(
            try said(#""total_amount_cents":-1,"line_item_description":" ""#)
                == ["Line item description can't be blank"]
        )
    }

    @Test func `an account request without its fields names them all`() throws {
        let said = messages { _ = try ServiceAccountRequest(.object([])) }
        #expect(said.count == 4 && said.allSatisfy { $0.hasSuffix("can't be blank") })
        let odd = try json(
            #"{"name":"x","url":"ftp://a","messages_url":"http://a/m","invoices_url":"http://a/i","more":1}"#
        )
        #expect(
            messages { _ = try ServiceAccountRequest(odd) }
                == ["url does not begin with https:// or http://"]
        )
    }

    private func judge(_ purpose: PostPurpose, _ status: UInt16, _ body: String = "")
        -> ChannelVerdict.Ending
    {
        EngineYardProfile().judge(
            purpose,
            .answered(Answer(status: status, body: Array(body.utf8))),
            now: Timestamp(seconds: 1_767_225_600)
        ).ending
    }

    @Test func `17: what may work later is tried again, and what is refused is not`() throws {
        #expect(judge(.invoice, 201) == .delivered)
        #expect(judge(.deregister, 404) == .delivered)
        for status: UInt16 in [401, 408, 500, 502, 503, 504] {
            guard case .retry = judge(.invoice, status) else {
                Issue.record("\(status) is not tried again")
                continue
            }
        }
        for status: UInt16 in [302, 404, 410, 422] {
            guard case .dead = judge(.invoice, status) else {
                Issue.record("\(status) is tried again")
                continue
            }
        }
        let closed = #"{"error_messages":["Account is no longer active, and cannot accept any invoices"]}"#
        guard case .dead(let reason) = judge(.invoice, 400, closed) else {
            Issue.record("a refusal is tried again")
            return
        }
        #expect(reason.contains("Account is no longer active"))
    }

    @Test func `44: an invoice that the platform has already counts as delivered`() throws {
        let taken = #"{"error_messages":["\#(PartnerInvoice.takenAlready)"]}"#
        #expect(judge(.invoice, 400, taken) == .delivered)
        guard case .dead = judge(.plan, 400, taken) else {
            Issue.record("only invoices have that rule")
            return
        }
    }

    @Test func `a post is signed for its moment, and its body never changes`() throws {
        let auth = AuthHMAC(id: "123edf", key: "abc456")
        let post = PartnerPost(
            .invoice,
            try WebAddress("http://ey.test/a/85/invoices"),
            PartnerInvoice(cents: 1, text: "x", uniqueID: nil).post
        )
        let sender = AlertSender(host: "chronatog.test", version: "1")
        let first = Timestamp(seconds: 1_767_225_600)
        let requests = [first, first + .hours(20)].map {
            EngineYardProfile().request(
                post,
                by: PartnerCredentials(auth: auth),
                token: "",
                from: sender,
                now: $0
            )
        }
        #expect(requests[0].body == requests[1].body)
        for (request, now) in zip(requests, [first, first + .hours(20)]) {
            func header(_ name: String) -> String? { request.headers.first { $0.name == name }?.value }
            let signed = AuthHMAC.Request(
                method: request.method,
                contentType: header("Content-Type") ?? "",
                body: request.body,
                date: header("Date") ?? "",
                path: request.address.path
            )
            let id = try AuthHMAC.verify(signed, header: header("Authorization"), known: [auth], now: now)
            #expect(id == "123edf")
        }
    }
}
