package import Domain
package import Effects

/// `engineyard-v1`: messages, invoices and changed variables go to URLs that the platform gave, each request
/// signed (`reference/chronatog-and-partner-api.md` §3).
package struct EngineYardProfile: MarketplaceProfile {
    private let publicURL: String?

    /// - Parameter publicURL: what links to our pages begin with; nil leaves them out.
    package init(publicURL: String? = nil) { self.publicURL = publicURL }

    package var takesInvoices: Bool { true }

    /// Jobs often come in handfuls: one message tells of all that came within this time.
    private static let jobCountDelay = Span.seconds(5)

    /// Where people of an account are sent to, below the public URL.
    package static let pages = "/eyintegration/sso/customers"

    private static func page(of scheduler: SchedulerProvisioned) -> String {
        "\(pages)/\(scheduler.account)/schedulers/\(scheduler.scheduler)"
    }

    package func letters(_ news: MarketplaceNews, for account: AccountOpened) -> [MarketplaceLetter] {
        switch news {
        case .jobCount(let count, let scheduler):
            [
                MarketplaceLetter(
                    purpose: .jobCount,
                    scheduler: scheduler.scheduler,
                    url: scheduler.messagesURL,
                    body: count.map { PartnerMessage(.status, "\($0) jobs scheduled").post },
                    delay: Self.jobCountDelay
                )
            ]
        case .tooManyJobs(let jobs, let plan): [upgrade(jobs, plan, account)]
        case .planChosen(let plan):
            [message(.plan, PartnerMessage(.status, "\(plan.label) Activated!"), account)]
        case .invoice(let sealed):
            [
                MarketplaceLetter(
                    purpose: .invoice,
                    url: account.invoicesURL,
                    body: PartnerInvoice(cents: sealed.cents, text: sealed.text, uniqueID: sealed.uniqueID)
                        .post
                )
            ]
        // All of them: a platform that replaces its variables instead of merging them must lose none.
        case .keys(let keys, let scheduler):
            [about(scheduler, .variables, ProvisionedServiceRequest.update(variables: keys.variables))]
        // Whatever is provisioned here is ready at once.
        case .ready: []
        case .configured(let scheduler?):
            [
                about(
                    scheduler,
                    .configured,
                    configured("provisioned_service", page: Self.page(of: scheduler))
                )
            ]
        case .configured(nil):
            [
                MarketplaceLetter(
                    purpose: .configured,
                    url: account.externalID,
                    body: configured("service_account")
                )
            ]
        }
    }

    private func message(_ purpose: PostPurpose, _ message: PartnerMessage, _ account: AccountOpened)
        -> MarketplaceLetter
    {
        MarketplaceLetter(purpose: purpose, url: account.messagesURL, body: message.post)
    }

    private func about(_ scheduler: SchedulerProvisioned, _ purpose: PostPurpose, _ body: JSON)
        -> MarketplaceLetter
    {
        MarketplaceLetter(
            purpose: purpose,
            scheduler: scheduler.scheduler,
            url: scheduler.externalID,
            body: body
        )
    }

    /// - Parameter page: the path of what is to be visited from now on; nil when that stays.
    private func configured(_ name: String, page: String? = nil) -> JSON {
        var members = [JSON.Member("configuration_required", .bool(false))]
        if let page, let publicURL {
            members.append(JSON.Member("configuration_url", .string("\(publicURL)\(page)")))
        }
        return .object([JSON.Member(name, .object(members))])
    }

    private func upgrade(_ jobs: Int, _ plan: PricePlan, _ account: AccountOpened) -> MarketplaceLetter {
        let link = publicURL.map { " \($0)\(Self.pages)/\(account.account)" } ?? ""
        let text = PartnerMessage(
            .notification,
            "You have \(jobs) jobs; \(plan.label) is meant for \(plan.jobsMax ?? jobs). Time to upgrade?",
            body: "Visit Chronatog from your dashboard to choose another plan.\(link)"
        )
        return message(.upgrade, text, account)
    }

    package func needsToken(_ purpose: PostPurpose) -> Bool { false }

    private static func method(_ purpose: PostPurpose) -> String {
        switch purpose {
        case .update, .variables, .configured: "PUT"
        case .deregister: "DELETE"
        default: "POST"
        }
    }

    /// All attempts have the same body; date and signature are of their moment.
    package func request(
        _ post: PartnerPost,
        by credentials: PartnerCredentials,
        token: String,
        from sender: AlertSender,
        now: Timestamp
    ) -> ChannelRequest {
        Self.signed(Self.method(post.purpose), post.address, post.body, credentials.auth, sender, now)
    }

    package func question(
        _ address: WebAddress,
        by credentials: PartnerCredentials,
        from sender: AlertSender,
        now: Timestamp
    ) -> ChannelRequest? {
        Self.signed("GET", address, nil, credentials.auth, sender, now)
    }

    private static func signed(
        _ method: String,
        _ address: WebAddress,
        _ body: JSON?,
        _ auth: AuthHMAC,
        _ sender: AlertSender,
        _ now: Timestamp
    ) -> ChannelRequest {
        let date = now.httpDate
        let signed = AuthHMAC.Request(
            method: method,
            contentType: body == nil ? "" : "application/json",
            body: body.map { Array($0.text.utf8) } ?? [],
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

    package func judge(_ purpose: PostPurpose, _ result: Outcome.Result, now: Timestamp) -> ChannelVerdict {
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
            let messages = PartnerFault.messages(in: answer.body)
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

    package func renewal(
        of grant: OpenGrant,
        by credentials: PartnerCredentials,
        from sender: AlertSender
    ) -> ChannelRequest? { nil }

    package func token(in body: [UInt8], after grant: OpenGrant, now: Timestamp) -> OpenGrant? { nil }

    /// Money is not given up within the day that a platform takes to notice that it is down.
    package func patience(_ purpose: PostPurpose) -> Span { .days(7) }
}

extension PartnerFault {
    /// What a platform says is wrong; empty when it does not say.
    static func messages(in body: [UInt8]) -> [String] {
        let said = try? JSONReader.value(of: String(decoding: body, as: UTF8.self))
        return said?["error_messages"]?.array?.compactMap(\.string) ?? []
    }
}

extension SchedulerKeys {
    /// In the spelling of today and in the first one.
    package var variables: [JSON.Member] {
        SchedulerVariables.all(serviceURL: serviceURL, username: username, password: password)
    }
}
