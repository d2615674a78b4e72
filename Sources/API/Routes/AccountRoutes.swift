internal import Cron
internal import Domain
internal import Engine
internal import Streaming

/// `accounts`, `bills`, `invoices` and `posts`: the customers of marketplaces and what they owe. The
/// operator's business.
enum AccountRoutes {
    private static let accounts = "\(RouteTable.prefix)/accounts"
    private static let bills = "\(RouteTable.prefix)/bills"
    private static let invoices = "\(RouteTable.prefix)/invoices"
    private static let posts = "\(RouteTable.prefix)/posts"

    static let all = [
        Route("GET", accounts, .operatorOnly, "List accounts of marketplaces", answer: list).with {
            $0.query =
                [.init("state", "open or closed; both without it", "open")]
                + Listed.parameters("an account's id")
            $0.answerSchema = "[Account]"
        },
        Route("GET", "\(accounts)/{id}", .operatorOnly, "Read an account", answer: read).with {
            $0.answerSchema = "Account"
            $0.problems = [.notFound]
        },
        Route(
            "POST",
            "\(RouteTable.prefix)/schedulers/{id}/rotate",
            .operatorOnly,
            "Give a marketplace's scheduler new credentials and tell the marketplace",
            answer: rotate
        ).with {
            $0.answerSchema = "NewCredentials"
            $0.problems = [.notFound, .storageFull]
        },
        Route("GET", bills, .operatorOnly, "Show what would be invoiced now", answer: preview).with {
            $0.answerSchema = "[Bill]"
        },
        Route("GET", invoices, .operatorOnly, "List sealed invoices, newest first", answer: listInvoices)
            .with {
                $0.query = [.init("account", "of this account alone", "2")]
                $0.answerSchema = "[Invoice]"
            },
        Route(
            "GET",
            posts,
            .operatorOnly,
            "List posts that have not arrived, oldest first",
            answer: listPosts
        )
        .with {
            $0.query =
                [.init("state", "waiting or dead; both without it", "dead")]
                + Listed.parameters("a post's id")
            $0.answerSchema = "[Post]"
        },
        Route("POST", "\(posts)/{id}/resend", .operatorOnly, "Send a dead post again", answer: resend).with {
            $0.answerStatus = 202
            $0.problems = [.notFound, .conflict, .storageFull]
        },
    ]

    @Sendable private static func list(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let state = try request.query.word("state", of: ["open", "closed"])
        let after = try Listed.after(request) ?? 0
        let limit = try request.query.limit()
        let table = try await site.engine.accounts()
        let all = table.accounts.keys.sorted().filter { number in
            UInt64(number) > after
                && (state == nil || (table.accounts[number]?.closedAt == nil) == (state == "open"))
        }
        let shown = all.prefix(limit)
        let next = all.count > limit ? shown.last.map { "\($0)" } : nil
        return .list(shown.map { json($0, table, site) }, request, site, next: next)
    }

    @Sendable private static func read(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let table = try await site.engine.accounts()
        let text = request.parameters["id"] ?? ""
        guard let number = APIRequest.decimal(text).flatMap({ UInt32(exactly: $0) }),
            table.accounts[number] != nil
        else { throw Problem.notFound("account \(text)") }
        return .json(json(number, table, site))
    }

    @Sendable private static func rotate(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let text = request.parameters["id"] ?? ""
        guard let number = APIRequest.decimal(text).flatMap({ UInt32(exactly: $0) }) else {
            throw Problem.notFound("scheduler \(text)")
        }
        let (fresh, news) = try await site.engine.rotate(number, serviceURL: site.serviceURL)
        site.gate.forget()
        return .json(
            .object([
                JSON.Member("id", .string("\(number)")), JSON.Member("username", .string(fresh.username)),
                JSON.Member("password", .string(fresh.password)),
                JSON.Member("marketplace", .string(news)),
            ]),
            headers: [("Cache-Control", "no-store")]
        )
    }

    @Sendable private static func preview(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let bills = try await site.engine.billPreview().map { bill in
            JSON.object([
                JSON.Member("account", .string("\(bill.account)")), JSON.Member("from", bill.from.json),
                JSON.Member("to", bill.to.json), JSON.Member("total_amount_cents", .number(bill.cents)),
                JSON.Member("calls", .number(Int64(clamping: bill.calls))),
                JSON.Member("schedulers", .number(Int64(bill.schedulers))),
            ])
        }
        return .json(.array(bills))
    }

    @Sendable private static func listInvoices(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let account = try request.query.number("account", in: 1...Int(UInt32.max))
        let table = try await site.engine.accounts()
        let shown = table.invoices.filter { account == nil || Int($0.invoice.account) == account }
        return .json(
            .array(
                shown.map { sealed -> JSON in
                    let post = sealed.post.flatMap { table.posts[$0] }
                    let state = post.map { $0.isDead ? "dead" : "waiting" } ?? "delivered"
                    return .object([
                        JSON.Member("account", .string("\(sealed.invoice.account)")),
                        JSON.Member("unique_id", .string(sealed.invoice.uniqueID)),
                        JSON.Member("from", sealed.invoice.from.json),
                        JSON.Member("to", sealed.invoice.to.json),
                        JSON.Member("total_amount_cents", .number(sealed.invoice.cents)),
                        JSON.Member("line_item_description", .string(sealed.invoice.text)),
                        JSON.Member("state", .string(state)),
                        JSON.Member("post", sealed.post.map { .string("\($0)") } ?? .null),
                    ])
                }
            )
        )
    }

    @Sendable private static func listPosts(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let state = try request.query.word("state", of: ["waiting", "dead"])
        let after = PostID(try Listed.after(request) ?? 0)
        let limit = try request.query.limit()
        let all = try await site.engine.accounts().posts.sorted { $0.key < $1.key }.filter {
            $0.key > after && (state == nil || $0.value.isDead == (state == "dead"))
        }
        let shown = all.prefix(limit)
        let next = all.count > limit ? shown.last.map { "\($0.key)" } : nil
        return .list(shown.map { json($0.key, $0.value) }, request, site, next: next)
    }

    @Sendable private static func resend(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let text = request.parameters["id"] ?? ""
        guard let number = APIRequest.decimal(text) else { throw Problem.notFound("post \(text)") }
        try await site.engine.resendPost(PostID(number))
        return Reply(status: 202)
    }

    // MARK: Answers

    private static func json(_ number: UInt32, _ table: AccountTable, _ site: Site) -> JSON {
        guard let account = table.accounts[number] else { return .null }
        let schedulers = table.schedulers(of: number).map { own in
            JSON.object([
                JSON.Member("id", .string("\(own.provisioned.scheduler)")),
                JSON.Member("app", .string(own.provisioned.app)),
                JSON.Member("environment", .string(own.provisioned.environment)),
                JSON.Member("jobs", .number(Int64(own.jobs))),
                JSON.Member("decommissioned_at", own.decommissionedAt?.json ?? .null),
            ])
        }
        let users = account.users.map { user in
            JSON.object([
                JSON.Member("id", .string(user.id)), JSON.Member("name", .string(user.name)),
                JSON.Member("email", .string(user.email)), JSON.Member("level", .string(user.level)),
            ])
        }
        return .object([
            JSON.Member("id", .string("\(number)")),
            JSON.Member("url", .string(site.url("\(accounts)/\(number)"))),
            JSON.Member("marketplace", .string(account.opened.marketplace.word)),
            JSON.Member("name", .string(account.opened.name)),
            JSON.Member("external_id", .string(account.opened.externalID)),
            JSON.Member("plan", .string(account.charges.plan.word)),
            JSON.Member("jobs", .number(Int64(table.jobs(of: number)))),
            JSON.Member("opened_at", account.openedAt.json),
            JSON.Member("closed_at", account.closedAt?.json ?? .null),
            JSON.Member("invoiced_cents", .number(account.charges.invoicedCents)),
            JSON.Member("waits_for_plan", .bool(account.waitsForPlan)),
            JSON.Member("schedulers", .array(schedulers)), JSON.Member("users", .array(users)),
        ])
    }

    private static func json(_ id: PostID, _ post: PendingPost) -> JSON {
        .object([
            JSON.Member("id", .string("\(id)")), JSON.Member("purpose", .string(post.intended.purpose.word)),
            JSON.Member("state", .string(post.isDead ? "dead" : "waiting")),
            JSON.Member("account", post.intended.account == 0 ? .null : .string("\(post.intended.account)")),
            JSON.Member("url", .string(post.intended.url)),
            JSON.Member("attempts", .number(Int64(post.attempts))),
            JSON.Member("retry_at", post.isDead ? .null : post.at.json),
            JSON.Member("reason", .string(post.reason)),
        ])
    }
}
