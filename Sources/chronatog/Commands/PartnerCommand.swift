import ArgumentParser
import Domain

/// `chronatog partner …`: marketplaces, their customers, and the money.
struct PartnerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partner",
        abstract: "Offer this server through a marketplace: credentials, service, customers, bills.",
        discussion: """
            A marketplace gives a partner an id and a key, and a URL to register at:
              chronatog partner credentials set --id ID --key-file FILE
              chronatog partner services register https://services.example.com/api/1/partners/1/services
            After that customers sign up by themselves. --public-url must be what the marketplace can reach.
            """,
        subcommands: [
            Credentials.self, Services.self, Customers.self, Schedulers.self, Bill.self, Posts.self,
            Check.self, Simulate.self,
        ]
    )

    struct Credentials: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "credentials",
            abstract: "Who we are to a marketplace.",
            subcommands: [Set.self]
        )

        struct Set: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "set",
                abstract: "Set the id and key of a marketplace; the key is sealed."
            )
            @OptionGroup var server: ServerOptions
            @Option(help: "engineyard-v1 or heroku-v3.") var marketplace = "engineyard-v1"
            @Option(help: "The partner's id.") var id: String
            @Option(help: "The partner's key; --key-file keeps it out of the list of processes.") var key:
                String?
            @Option(help: "A file that holds the key.") var keyFile: String?
            @Option(help: "What sign-in tokens are salted with (heroku-v3).") var salt: String?
            @Option(
                help: "A file with the OAuth client secret (heroku-v3): add-ons are promised, then delivered."
            )
            var clientSecretFile: String?
            @Option(help: "Where grants are exchanged (heroku-v3), instead of Heroku's own address.")
            var tokenURL: String?

            func validate() throws {
                if (key == nil) == (keyFile == nil) {
                    throw ValidationError("Give one of --key and --key-file.")
                }
            }

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                let secret = if let key { key } else { try text(of: keyFile) }
                let clientSecret: String? = clientSecretFile == nil ? nil : try text(of: clientSecretFile)
                let body = JSON.compact([
                    ("marketplace", .string(marketplace)), ("id", .string(id)), ("key", .string(secret)),
                    ("salt", salt.map { .string($0) }),
                    ("client_secret", clientSecret.map { .string($0) }),
                    ("token_url", tokenURL.map { .string($0) }),
                ])
                let path = "\(ServerConnection.api)/partner/credentials"
                StandardStream.output.write(Fields.text(try await server.request("PUT", path, body: body)))
            }

            private func text(of file: String?) throws(CommandFailure) -> String {
                do {
                    return String(try SmallFile.text(of: file ?? "").filter { !$0.isWhitespace })
                } catch {
                    throw .failed(error.sentence)
                }
            }
        }
    }

    struct Services: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "services",
            abstract: "Our service at the marketplace.",
            subcommands: [List.self, Show.self, Register.self, Update.self, Deregister.self]
        )

        private static let path = "\(ServerConnection.api)/partner/service"

        struct List: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "list",
                abstract: "Ask the marketplace which services it has of us."
            )
            @OptionGroup var server: ServerOptions
            @Argument(help: "The marketplace's registration URL; known once we registered.") var url: String?
            @Flag(help: "Print JSON.") var json = false

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                let query = url.map { "?registration_url=\(Query.encoded($0))" } ?? ""
                let path = "\(ServerConnection.api)/partner/services\(query)"
                let services = try await server.request("GET", path)
                if json { return StandardStream.output.line(services.pretty) }
                var table = TextTable(["NAME", "LABEL", "URL"])
                for service in services.array ?? [] {
                    table.add(["name", "label", "url"].map { service.plain($0) })
                }
                if table.isEmpty { return StandardStream.error.line("the marketplace has none of ours") }
                StandardStream.output.write(table.text())
            }
        }

        struct Show: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "show",
                abstract: "Show marketplaces and what they know us by."
            )
            @OptionGroup var server: ServerOptions
            @Flag(help: "Print JSON.") var json = false

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                let partner = try await server.request("GET", "\(ServerConnection.api)/partner")
                if json { return StandardStream.output.line(partner.pretty) }
                var table = TextTable(["MARKETPLACE", "ID", "SERVICE"])
                for own in partner["marketplaces"]?.array ?? [] {
                    table.add(["marketplace", "id", "service_url"].map { own.plain($0) })
                }
                if table.isEmpty {
                    return StandardStream.error.line(
                        "no marketplace is known: `chronatog partner credentials set`"
                    )
                }
                StandardStream.output.write(table.text())
            }
        }

        struct Register: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "register",
                abstract: "Register our service; answers when the marketplace has it."
            )
            @OptionGroup var server: ServerOptions
            @Argument(help: "The marketplace's registration URL.") var url: String

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                let body = JSON.object([JSON.Member("registration_url", .string(url))])
                StandardStream.output.write(
                    Fields.text(try await server.request("POST", Services.path, body: body))
                )
            }
        }

        struct Update: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "update",
                abstract: "Tell the marketplace anew what our service is, after --public-url changed."
            )
            @OptionGroup var server: ServerOptions

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                StandardStream.output.write(Fields.text(try await server.request("PUT", Services.path)))
            }
        }

        struct Deregister: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "deregister",
                abstract: "Take our service out of the marketplace."
            )
            @OptionGroup var server: ServerOptions

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                StandardStream.output.write(Fields.text(try await server.request("DELETE", Services.path)))
            }
        }
    }

    struct Customers: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "customers",
            abstract: "List accounts of marketplaces."
        )
        @OptionGroup var server: ServerOptions
        @Option(help: "Only these: open or closed.") var state: String?
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            var accounts: [JSON] = []
            try await server.pages("/accounts", query: state.map { [("state", $0)] } ?? []) {
                accounts.append($0)
            }
            if json { return StandardStream.output.line(JSON.array(accounts).pretty) }
            var table = TextTable(["ACCOUNT", "NAME", "PLAN", "JOBS", "OPENED", "CLOSED", "INVOICED (CENTS)"])
            for account in accounts {
                table.add(
                    ["id", "name", "plan", "jobs", "opened_at", "closed_at", "invoiced_cents"].map {
                        account.plain($0)
                    }
                )
            }
            if table.isEmpty { return StandardStream.error.line("nobody has signed up") }
            StandardStream.output.write(table.text())
        }
    }

    struct Schedulers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "schedulers",
            abstract: "Credentials that marketplaces passed on.",
            subcommands: [Rotate.self]
        )

        struct Rotate: ClientCommand {
            static let configuration = CommandConfiguration(
                commandName: "rotate",
                abstract:
                    "New credentials: the old ones refuse at once, the marketplace is told if it can be."
            )
            @OptionGroup var server: ServerOptions
            @Argument(help: "A scheduler's id.") var scheduler: String

            func run(asking server: ServerConnection) async throws(CommandFailure) {
                let path = "\(ServerConnection.api)/schedulers/\(Query.encoded(scheduler))/rotate"
                StandardStream.output.write(Fields.text(try await server.request("POST", path)))
            }
        }
    }
}
