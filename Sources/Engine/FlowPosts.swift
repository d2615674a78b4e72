internal import Alerting
internal import Domain
internal import Effects
internal import Integrations
internal import Scheduling

// **Tell a marketplace.** A post between its intent and its end: recorded before it is sent, tried again, in
// order with what else is told of the same thing, and kept when it was given up.
extension Flow {
    /// A post under way, or a question.
    struct LetterPost: Sendable {
        enum Purpose: Sendable {
            case post(PostID, PostPurpose)
            /// For the token that the post waits for.
            case token(PostID, OpenGrant)
            /// Changes nothing there, so it is neither recorded nor tried again.
            case question(@Sendable (Outcome.Result) -> Void)
        }
        var purpose: Purpose
        var call: Call
    }

    private static let waitMax = Span.hours(1)
    private static let subjectEnded = "what it is about has ended"
    /// Sequences are far below, and so are the numbers of other calls.
    private static let firstQuestion: UInt64 = 1 << 61
    private static let answerBytesMax = 1 << 18

    /// After a start: what was waiting or under way goes on.
    mutating func takeUpPosts(now: Timestamp) {
        for id in ledger.accounts.posts.filter({ !$0.value.isDead }).keys.sorted() {
            enqueuePost(id, now: now)
        }
        pumpPosts(now: now)
    }

    /// After a restore: what waited at that earlier moment is not sent now.
    mutating func giveUpPosts(now: Timestamp) {
        for id in ledger.accounts.posts.filter({ !$0.value.isDead }).keys.sorted() {
            let record = PostDead(post: id, reason: "the folder was restored to an earlier moment")
            write(.account(.postDead(record)), now)
        }
    }

    /// Records the intent and lets the post leave in its turn.
    /// - Parameter body: sealed into the record, for it may hold a password.
    @discardableResult
    mutating func post(_ intent: PostIntended, body: JSON?, now: Timestamp) -> PostID {
        var intent = intent
        let id = ledger.sequence.next
        intent.body = body.map {
            keys.seal(Array($0.text.utf8), for: Self.place(of: id, intent.account))
        }
        write(.account(.postIntended(intent)), now)
        enqueuePost(id, now: now)
        pumpPosts(now: now)
        return id
    }

    private static func place(of post: PostID, _ account: UInt32) -> SecretPlace {
        SecretPlace(account: account, object: "post/\(post)", field: "body")
    }

    private mutating func enqueuePost(_ id: PostID, now: Timestamp) {
        guard let post = ledger.accounts.posts[id] else { return }
        if postbox.add(id, channel: post.intended.marketplace.word, key: post.line) { stand(id, now: now) }
    }

    private mutating func stand(_ id: PostID, now: Timestamp) {
        if let at = ledger.accounts.posts[id]?.at, at > now {
            timetable.set(.post(id), at: at)
        } else {
            postbox.makeReady(id)
        }
    }

    mutating func postDue(_ id: PostID, now: Timestamp) {
        guard let post = ledger.accounts.posts[id], !post.isDead else { return }
        stand(id, now: now)
        pumpPosts(now: now)
    }

    private mutating func pumpPosts(now: Timestamp) {
        for channel in postbox.channelsToServe {
            while !isStopping, let id = postbox.send(channel) { attempt(id, now: now) }
        }
    }

    private mutating func attempt(_ id: PostID, now: Timestamp) {
        guard let pending = ledger.accounts.posts[id] else { return }
        let intended = pending.intended
        func giveUp(_ reason: String) {
            settle(id, ChannelVerdict(.dead(reason: reason)), status: 0, now: now)
        }
        if let reason = obstacle(to: id, intended) { return giveUp(reason) }
        guard let address = try? WebAddress(intended.url) else { return giveUp("its URL cannot be called") }
        guard let credentials = credentials(of: intended.marketplace) else {
            let verdict = ChannelVerdict(
                .retry(atLeast: .zero, reason: "there are no credentials to sign with")
            )
            return settle(id, verdict, status: 0, now: now)
        }
        let profile = profile(of: intended.marketplace)
        var token = ""
        if profile.needsToken(intended.purpose) {
            guard let grant = grant(of: intended.account) else {
                return giveUp("the marketplace gave no grant to call it with")
            }
            if grant.isCode || grant.until <= now {
                guard let request = profile.renewal(of: grant, by: credentials, from: settings.sender) else {
                    return giveUp("its token URL cannot be called")
                }
                return leave(request, id.value, for: .token(id, grant))
            }
            token = grant.secret
        }
        let request = profile.request(
            PartnerPost(intended.purpose, address, body(of: id, pending)),
            by: credentials,
            token: token,
            from: settings.sender,
            now: now
        )
        leave(request, id.value, for: .post(id, intended.purpose))
    }

    /// Why there is no point in sending it any more; nil when there is.
    private func obstacle(to id: PostID, _ intended: PostIntended) -> String? {
        if intended.purpose == .invoice { return nil }
        let scheduler = ledger.accounts.schedulers[intended.scheduler]
        if ledger.accounts.accounts[intended.account]?.closedAt != nil || scheduler?.decommissionedAt != nil {
            return Self.subjectEnded
        }
        guard intended.purpose == .ready else { return nil }
        let lacksVariables = ledger.accounts.posts.contains {
            $0.key < id && $0.value.isDead && $0.value.intended.scheduler == intended.scheduler
                && $0.value.intended.purpose == .variables
        }
        return lacksVariables ? "the variables that it needs were not taken" : nil
    }

    private mutating func leave(
        _ request: ChannelRequest,
        _ number: UInt64,
        for purpose: LetterPost.Purpose,
        keepBodyBytesMax: Int = 16_384
    ) {
        let call = request.call(id: number, deadlines: .short, keepBodyBytesMax: keepBodyBytesMax)
        letterPosts[number] = LetterPost(purpose: purpose, call: call)
        effects.append(.post(number))
    }

    /// Asks a marketplace something; `reply` is called once, on the engine's thread.
    mutating func ask(_ request: ChannelRequest, reply: @escaping @Sendable (Outcome.Result) -> Void) {
        questionsEver += 1
        let number = Self.firstQuestion + questionsEver
        leave(request, number, for: .question(reply), keepBodyBytesMax: Self.answerBytesMax)
    }

    private func body(of id: PostID, _ pending: PendingPost) -> JSON? {
        if pending.intended.purpose == .jobCount {
            guard let own = ledger.accounts.schedulers[pending.intended.scheduler],
                let account = ledger.accounts.accounts[own.provisioned.account]
            else { return nil }
            let news = MarketplaceNews.jobCount(own.jobs, of: own.provisioned)
            return profile(of: account.opened.marketplace).letters(news, for: account.opened).first?.body
        }
        guard let sealed = pending.intended.body,
            let plain = try? keys.open(sealed, for: Self.place(of: id, pending.intended.account))
        else { return nil }
        return try? JSONReader.value(of: String(decoding: plain, as: UTF8.self))
    }

    /// What a marketplace answered.
    mutating func hearPost(_ outcome: Outcome, now: Timestamp) {
        guard let letter = letterPosts.removeValue(forKey: outcome.id) else { return }
        switch letter.purpose {
        case .post(let post, let purpose): hear(outcome.result, of: post, purpose, now: now)
        case .token(let post, let grant): hearToken(outcome.result, for: post, grant, now: now)
        case .question(let reply): reply(outcome.result)
        }
        pumpPosts(now: now)
    }

    private mutating func hear(
        _ result: Outcome.Result,
        of post: PostID,
        _ purpose: PostPurpose,
        now: Timestamp
    ) {
        guard let intended = ledger.accounts.posts[post]?.intended else { return }
        let profile = profile(of: intended.marketplace)
        let verdict = profile.judge(purpose, result, now: now)
        var status: UInt16 = 0
        if case .answered(let answer) = result {
            status = answer.status
            if verdict.ending == .delivered { learn(post, answer, now: now) }
            // The next attempt brings another token.
            if status == 401, profile.needsToken(purpose), var grant = grant(of: intended.account),
                !grant.isCode, !grant.refresh.isEmpty
            {
                grant.until = now
                hold(grant, of: intended.account, now: now)
            }
        }
        settle(post, verdict, status: status, now: now)
    }

    /// The post goes out as soon as there is a token.
    private mutating func hearToken(
        _ result: Outcome.Result,
        for post: PostID,
        _ grant: OpenGrant,
        now: Timestamp
    ) {
        guard let intended = ledger.accounts.posts[post]?.intended else { return }
        let profile = profile(of: intended.marketplace)
        if case .answered(let answer) = result, answer.status == 200,
            let fresh = profile.token(in: answer.body, after: grant, now: now)
        {
            hold(fresh, of: intended.account, now: now)
            return attempt(post, now: now)
        }
        var verdict = profile.judge(intended.purpose, result, now: now)
        // An answer without a token, which may be a gateway's.
        if verdict.ending == .delivered {
            verdict = ChannelVerdict(.retry(atLeast: .zero, reason: "the marketplace gave no token"))
        }
        settle(post, verdict, status: 0, now: now)
    }

    /// Registration tells where the marketplace keeps us from now on.
    private mutating func learn(_ id: PostID, _ answer: Answer, now: Timestamp) {
        guard let pending = ledger.accounts.posts[id] else { return }
        let marketplace = pending.intended.marketplace
        switch pending.intended.purpose {
        case .register:
            guard let url = answer.keptHeader, (try? WebAddress(url)) != nil else { return }
            let record = ServiceRegistered(
                marketplace: marketplace,
                url: url,
                registrationURL: pending.intended.url
            )
            write(.account(.serviceRegistered(record)), now)
        case .deregister:
            write(.account(.serviceDeregistered(ServiceDeregistered(marketplace: marketplace))), now)
        default: break
        }
    }

    private mutating func settle(
        _ id: PostID,
        _ verdict: ChannelVerdict,
        status: UInt16,
        now: Timestamp
    ) {
        guard let pending = ledger.accounts.posts[id] else { return }
        postbox.ended(id)
        switch verdict.ending {
        case .delivered, .needless:
            write(.account(.postDelivered(PostDelivered(post: id, status: status))), now)
            leavePost(id, now: now)
        case .retry(let atLeast, let reason):
            let doubled = Span.seconds(1 << Int64(min(pending.attempts, 12)))
            let wait = max(atLeast, min(doubled, Self.waitMax))
            let patience = profile(of: pending.intended.marketplace).patience(pending.intended.purpose)
            guard now + wait - pending.intendedAt < patience else {
                return bury(id, "\(reason); tried for \(patience.text)", now: now)
            }
            let record = PostFailed(post: id, reason: reason, retryAt: now + wait)
            write(.account(.postFailed(record)), now)
            timetable.set(.post(id), at: now + wait)
        case .dead(let reason), .broken(let reason): bury(id, reason, now: now)
        }
        for wake in postWaiters.removeValue(forKey: id) ?? [] { wake() }
    }

    private mutating func bury(_ id: PostID, _ reason: String, now: Timestamp) {
        write(.account(.postDead(PostDead(post: id, reason: reason))), now)
        leavePost(id, now: now)
        for wake in postWaiters.removeValue(forKey: id) ?? [] { wake() }
    }

    private mutating func leavePost(_ id: PostID, now: Timestamp) {
        if let next = postbox.remove(id) { stand(next, now: now) }
    }

    /// An account, or a scheduler of it, goes: nobody is left to read its messages. Invoices stay.
    mutating func dropPosts(of account: UInt32, scheduler: UInt32? = nil, now: Timestamp) {
        let idle = ledger.accounts.posts.filter { id, post in
            post.intended.account == account && (scheduler == nil || post.intended.scheduler == scheduler)
                && post.intended.purpose != .invoice && !post.isDead && letterPosts[id.value] == nil
        }
        for id in idle.keys.sorted() { bury(id, Self.subjectEnded, now: now) }
    }

    /// Sends a dead post again, in the order of its line.
    mutating func resendPost(_ id: PostID, now: Timestamp) throws(CommandError) {
        guard let pending = ledger.accounts.posts[id] else { throw .noSuchPost(id) }
        guard pending.isDead else { throw .conflict("post \(id) is on its way already") }
        guard let sealed = pending.intended.body,
            let plain = try? keys.open(sealed, for: Self.place(of: id, pending.intended.account)),
            let body = try? JSONReader.value(of: String(decoding: plain, as: UTF8.self))
        else { throw .conflict("post \(id) told of a moment that has passed") }
        var again = pending.intended
        again.at = now
        again.replaces = id
        post(again, body: body, now: now)
    }

    /// Nobody will hear of posts any more.
    mutating func releasePostWaiters() {
        for wakes in postWaiters.values { for wake in wakes { wake() } }
        postWaiters.removeAll()
        for letter in letterPosts.values {
            guard case .question(let reply) = letter.purpose else { continue }
            reply(.failed(Failure(.unknown, "the server is stopping")))
        }
        letterPosts.removeAll()
    }
}
