package import Domain
package import Effects

/// `heroku-v3`: the platform bills by plan, and hears of nothing but an add-on that was promised for later
/// and of credentials that changed (`reference/chronatog-and-partner-api.md` §7.1).
///
/// Both are calls to the add-on's own URL (`callback_url`, kept as the account's messages URL), made with a
/// token that the grant in the request for the add-on is exchanged for.
package struct HerokuProfile: MarketplaceProfile {
    package init() {}

    package var takesInvoices: Bool { false }

    /// After the answer that promised it.
    private static let readyDelay = Span.seconds(1)
    /// A promise that is not kept by then is not wanted any more, and not billed.
    private static let promiseLasts = Span.hours(12)

    package func letters(_ news: MarketplaceNews, for account: AccountOpened) -> [MarketplaceLetter] {
        guard !account.messagesURL.isEmpty else { return [] }
        switch news {
        case .ready(let keys, let scheduler):
            return [
                config(keys, scheduler, account, delay: Self.readyDelay),
                MarketplaceLetter(
                    purpose: .ready,
                    scheduler: scheduler.scheduler,
                    url: "\(account.messagesURL)/actions/provision",
                    body: .object([]),
                    delay: Self.readyDelay
                ),
            ]
        case .keys(let keys, let scheduler): return [config(keys, scheduler, account)]
        default: return []
        }
    }

    private func config(
        _ keys: SchedulerKeys,
        _ scheduler: SchedulerProvisioned,
        _ account: AccountOpened,
        delay: Span = .zero
    ) -> MarketplaceLetter {
        let list = keys.config.map { variable in
            JSON.object([JSON.Member("name", .string(variable.key)), JSON.Member("value", variable.value)])
        }
        return MarketplaceLetter(
            purpose: .variables,
            scheduler: scheduler.scheduler,
            url: "\(account.messagesURL)/config",
            body: .object([JSON.Member("config", .array(list))]),
            delay: delay
        )
    }

    package func needsToken(_ purpose: PostPurpose) -> Bool { true }

    package func request(
        _ post: PartnerPost,
        by credentials: PartnerCredentials,
        token: String,
        from sender: AlertSender,
        now: Timestamp
    ) -> ChannelRequest {
        let version = "application/vnd.heroku+json; version=3"
        return ChannelRequest(
            post.purpose == .variables ? "PATCH" : "POST",
            post.address,
            headers: [
                ChannelRequest.Header("User-Agent", sender.userAgent),
                ChannelRequest.Header("Accept", version),
                ChannelRequest.Header("Content-Type", "application/json"),
                ChannelRequest.Header("Authorization", "Bearer \(token)"),
            ],
            body: Array((post.body ?? .object([])).text.utf8)
        )
    }

    package func judge(_ purpose: PostPurpose, _ result: Outcome.Result, now: Timestamp) -> ChannelVerdict {
        let judge = AnswerJudge(counterpart: "the marketplace", secrets: [], now: now)
        guard case .answered(let answer) = result else {
            if case .failed(let failure) = result { return judge.failed(failure) }
            return ChannelVerdict(.delivered)
        }
        switch answer.status {
        case 200...299: return ChannelVerdict(.delivered)
        case 401, 403:
            let reason = judge.dead(answer).reason ?? "the marketplace refused the token"
            return ChannelVerdict(.retry(atLeast: .minutes(1), reason: reason))
        default: return judge.other(answer)
        }
    }

    package func renewal(
        of grant: OpenGrant,
        by credentials: PartnerCredentials,
        from sender: AlertSender
    ) -> ChannelRequest? { HerokuGrant.request(grant, by: credentials, from: sender) }

    package func token(in body: [UInt8], after grant: OpenGrant, now: Timestamp) -> OpenGrant? {
        HerokuGrant.token(in: body, after: grant, now: now)
    }

    package func question(
        _ address: WebAddress,
        by credentials: PartnerCredentials,
        from sender: AlertSender,
        now: Timestamp
    ) -> ChannelRequest? { nil }

    package func patience(_ purpose: PostPurpose) -> Span { Self.promiseLasts }
}

extension SchedulerKeys {
    /// Named as Heroku wants them: upper case, behind the add-on's prefix.
    package var config: [JSON.Member] {
        [
            JSON.Member("CHRONATOG_SERVICE_URL", .string(serviceURL)),
            JSON.Member("CHRONATOG_AUTH_USERNAME", .string(username)),
            JSON.Member("CHRONATOG_AUTH_PASSWORD", .string(password)),
        ]
    }
}

/// From the grant in the request for an add-on to an access token (RFC 6749 §4.1.3, §5.1 and §6).
enum HerokuGrant {
    private static let tokenURL = "https://id.heroku.com/oauth/token"
    /// Renewed this long before it runs out.
    private static let margin = Span.minutes(1)
    private static let lifetimeSecondsMax: Int64 = 31_536_000

    static func request(_ grant: OpenGrant, by credentials: PartnerCredentials, from sender: AlertSender)
        -> ChannelRequest?
    {
        let url = credentials.tokenURL.isEmpty ? tokenURL : credentials.tokenURL
        guard let address = try? WebAddress(url) else { return nil }
        let proof =
            grant.isCode
            ? [
                FormText.Parameter("grant_type", "authorization_code"), .init("code", grant.secret),
            ]
            : [.init("grant_type", "refresh_token"), .init("refresh_token", grant.refresh)]
        let form = FormText.encode(proof + [.init("client_secret", credentials.clientSecret)])
        return ChannelRequest(
            "POST",
            address,
            headers: [
                ChannelRequest.Header("User-Agent", sender.userAgent),
                ChannelRequest.Header("Accept", "application/json"),
                ChannelRequest.Header("Content-Type", "application/x-www-form-urlencoded"),
            ],
            body: Array(form.utf8)
        )
    }

    /// - Returns: nil when the answer holds no token.
    static func token(in body: [UInt8], after grant: OpenGrant, now: Timestamp) -> OpenGrant? {
        let json = try? JSONReader.value(of: String(decoding: body, as: UTF8.self))
        guard let access = json?["access_token"]?.string, !access.isEmpty else { return nil }
        let seconds = min(max(json?["expires_in"]?.number ?? 3600, 0), lifetimeSecondsMax)
        return OpenGrant(
            secret: access,
            isCode: false,
            refresh: json?["refresh_token"]?.string ?? grant.refresh,
            until: now + .seconds(seconds) - margin
        )
    }
}
