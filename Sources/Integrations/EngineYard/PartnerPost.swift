package import Domain
package import Effects

/// One call to a marketplace, and what its answer means.
package struct PartnerPost: Sendable, Hashable {
    package var purpose: PostPurpose
    package var address: WebAddress
    package var body: JSON?

    package init(_ purpose: PostPurpose, _ address: WebAddress, _ body: JSON?) {
        self.purpose = purpose
        self.address = address
        self.body = body
    }

    private var method: String {
        switch purpose {
        case .update, .variables: "PUT"
        case .deregister: "DELETE"
        default: "POST"
        }
    }

    /// Signed for `engineyard-v1`. All attempts have the same body; date and signature are of their moment.
    package func request(by auth: AuthHMAC, from sender: AlertSender, now: Timestamp) -> ChannelRequest {
        let bytes = body.map { Array($0.text.utf8) } ?? []
        let date = now.httpDate
        let signed = AuthHMAC.Request(
            method: method,
            contentType: body == nil ? "" : "application/json",
            body: bytes,
            date: date,
            path: address.path
        )
        return ChannelRequest.json(
            method,
            address,
            body,
            sender: sender,
            headers: [
                ChannelRequest.Header("Date", date),
                ChannelRequest.Header("Authorization", auth.header(signed)),
            ]
        ).keeping("location")
    }

    /// What becomes of the post.
    package func judge(_ result: Outcome.Result, now: Timestamp) -> ChannelVerdict {
        let judge = AnswerJudge(counterpart: "the marketplace", secrets: [], now: now)
        guard case .answered(let answer) = result else {
            if case .failed(let failure) = result { return judge.failed(failure) }
            return ChannelVerdict(.delivered)
        }
        switch answer.status {
        case 200...299: return ChannelVerdict(.delivered)
        // Deregistering what is gone already comes to the same.
        case 404 where purpose == .deregister, 410 where purpose == .deregister:
            return ChannelVerdict(.delivered)
        case 400:
            let said = (try? JSONReader.value(of: String(decoding: answer.body, as: UTF8.self)))?[
                "error_messages"
            ]
            let messages = said?.array?.compactMap(\.string) ?? []
            // An earlier attempt arrived after all, and only its answer was lost.
            if purpose == .invoice, messages == [PartnerInvoice.takenAlready] {
                return ChannelVerdict(.delivered)
            }
            return judge.dead(answer, messages.isEmpty ? nil : messages.joined(separator: "; "))
        // The other side's clock, or credentials that somebody is about to correct.
        case 401, 403:
            let reason = judge.dead(answer).reason ?? "the marketplace refused the signature"
            return ChannelVerdict(.retry(atLeast: .minutes(1), reason: reason))
        default: return judge.other(answer)
        }
    }
}

extension ChannelRequest {
    fileprivate func keeping(_ header: String) -> ChannelRequest {
        var request = self
        request.keepHeader = header
        return request
    }
}
