import ArgumentParser
import Domain

extension PartnerCommand {
    /// `chronatog partner bill …`
    struct Bill: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "bill",
            abstract: "What customers owe. A job of the server's own bills on the first of each month.",
            subcommands: [Preview.self, Run.self, Invoices.self]
        )

        struct Preview: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "preview",
                abstract: "Show what would be invoiced now; nothing is sealed."
            )
            @OptionGroup var server: ServerOptions
            @Flag(help: "Print JSON.") var json = false

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                let bills = try await server.request("GET", "\(ServerConnection.api)/bills")
                if json { return StandardStream.output.line(bills.pretty) }
                var table = TextTable(["ACCOUNT", "FROM", "TO", "CALLS", "CENTS"])
                for bill in bills.array ?? [] {
                    table.add(
                        ["account", "from", "to", "calls", "total_amount_cents"].map { bill.plain($0) }
                    )
                }
                if table.isEmpty { return StandardStream.error.line("nobody has signed up") }
                StandardStream.output.write(table.text())
            }
        }

        struct Run: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "run",
                abstract: "Run the billing job now, as on the first of the month."
            )
            @OptionGroup var server: ServerOptions

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                let partner = try await server.request("GET", "\(ServerConnection.api)/partner")
                guard let job = partner["billing_job"]?.string else {
                    throw .failed(
                        "there is no billing job yet",
                        hint: "`chronatog partner credentials set` makes it"
                    )
                }
                let path = "\(ServerConnection.api)/jobs/\(Query.encoded(job))/run"
                StandardStream.output.write(Fields.text(try await server.request("POST", path)))
            }
        }

        struct Invoices: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "invoices",
                abstract: "List sealed invoices, newest first, and whether the marketplace has them."
            )
            @OptionGroup var server: ServerOptions
            @Flag(help: "Print JSON.") var json = false

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                let invoices = try await server.request("GET", "\(ServerConnection.api)/invoices")
                if json { return StandardStream.output.line(invoices.pretty) }
                var table = TextTable(["ACCOUNT", "UNIQUE ID", "CENTS", "STATE", "POST", "TEXT"])
                for invoice in invoices.array ?? [] {
                    table.add(
                        [
                            "account", "unique_id", "total_amount_cents", "state", "post",
                            "line_item_description",
                        ].map { invoice.plain($0) }
                    )
                }
                if table.isEmpty { return StandardStream.error.line("no invoice was sealed") }
                StandardStream.output.write(table.text())
            }
        }
    }

    /// `chronatog partner posts`
    struct Posts: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "posts",
            abstract: "List what marketplaces have not been told yet; --resend ID sends a dead one again."
        )
        @OptionGroup var server: ServerOptions
        @Option(help: "Send this dead post again.") var resend: String?
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            if let resend {
                let path = "\(ServerConnection.api)/posts/\(Query.encoded(resend))/resend"
                _ = try await server.request("POST", path)
                return StandardStream.error.line("post \(resend) is on its way")
            }
            var posts: [JSON] = []
            try await server.pages("/posts") { posts.append($0) }
            if json { return StandardStream.output.line(JSON.array(posts).pretty) }
            var table = TextTable(["POST", "STATE", "PURPOSE", "ACCOUNT", "ATTEMPTS", "RETRY AT", "REASON"])
            for post in posts {
                table.add(
                    ["id", "state", "purpose", "account", "attempts", "retry_at", "reason"].map {
                        post.plain($0)
                    }
                )
            }
            if table.isEmpty { return StandardStream.error.line("marketplaces have been told everything") }
            StandardStream.output.write(table.text())
        }
    }
}
