internal import Alerting
internal import Domain
internal import Effects
internal import Integrations
internal import Scheduling

// **Tell a marketplace.** A post between its intent and its end: recorded before it is sent, tried again, in
// order with what else is told of the same thing, and kept when it was given up.
extension Flow {
    /// A post under way.
    struct LetterPost: Sendable {
        var post: PostID
        var content: PartnerPost
        var call: Call
    }

    private static let waitMax = Span.hours(1)
    /// Money is not given up within the day that a platform takes to notice that it is down.
    private static let patience = Span.days(7)

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
        guard let address = try? WebAddress(pending.intended.url) else {
            return settle(id, ChannelVerdict(.dead(reason: "its URL cannot be called")), status: 0, now: now)
        }
        guard let auth = credentials(of: pending.intended.marketplace)?.auth else {
            let verdict = ChannelVerdict(
                .retry(atLeast: .zero, reason: "there are no credentials to sign with")
            )
            return settle(id, verdict, status: 0, now: now)
        }
        let content = PartnerPost(pending.intended.purpose, address, body(of: id, pending))
        let request = content.request(by: auth, from: settings.sender, now: now)
        let call = request.call(id: id.value, deadlines: .short)
        letterPosts[id.value] = LetterPost(post: id, content: content, call: call)
        effects.append(.post(id.value))
    }

    private func body(of id: PostID, _ pending: PendingPost) -> JSON? {
        if pending.intended.purpose == .jobCount {
            let jobs = ledger.accounts.schedulers[pending.intended.scheduler]?.jobs ?? 0
            return PartnerMessage(.status, "\(jobs) jobs scheduled").post
        }
        guard let sealed = pending.intended.body,
            let plain = try? keys.open(sealed, for: Self.place(of: id, pending.intended.account))
        else { return nil }
        return try? JSONReader.value(of: String(decoding: plain, as: UTF8.self))
    }

    /// What a marketplace answered.
    mutating func hearPost(_ outcome: Outcome, now: Timestamp) {
        guard let letter = letterPosts.removeValue(forKey: outcome.id) else { return }
        let verdict = letter.content.judge(outcome.result, now: now)
        var status: UInt16 = 0
        if case .answered(let answer) = outcome.result {
            status = answer.status
            if verdict.ending == .delivered { learn(letter.post, answer, now: now) }
        }
        settle(letter.post, verdict, status: status, now: now)
        pumpPosts(now: now)
    }

    /// Registration tells where the marketplace keeps us from now on.
    private mutating func learn(_ id: PostID, _ answer: Answer, now: Timestamp) {
        guard let pending = ledger.accounts.posts[id] else { return }
        let marketplace = pending.intended.marketplace
        switch pending.intended.purpose {
        case .register:
            guard let url = answer.keptHeader, (try? WebAddress(url)) != nil else { return }
            let record = ServiceRegistered(marketplace: marketplace, url: url)
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
        case .delivered:
            write(.account(.postDelivered(PostDelivered(post: id, status: status))), now)
            leavePost(id, now: now)
        case .retry(let atLeast, let reason):
            let doubled = Span.seconds(1 << Int64(min(pending.attempts, 12)))
            let wait = max(atLeast, min(doubled, Self.waitMax))
            guard now + wait - pending.intendedAt < Self.patience else {
                return bury(id, "\(reason); tried for \(Self.patience.text)", now: now)
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
        for id in idle.keys.sorted() { bury(id, "what it is about has ended", now: now) }
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
    }
}
