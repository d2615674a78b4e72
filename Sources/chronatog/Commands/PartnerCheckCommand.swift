import API
import ArgumentParser
import Domain
import Effects
import Integrations

extension PartnerCommand {
    /// `chronatog partner check`
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Play a marketplace against a partner's server and report what does not hold.",
            discussion: """
                engineyard-v1: URL is the partner's service_accounts_url. Two accounts are signed up, used and
                cancelled. heroku-v3: URL is the manifest's base_url. Two resources are provisioned, used and
                given back. With a bare origin, Chronatog's own paths are added.
                  chronatog partner check http://127.0.0.1:8090 --id 123edf --key abc456
                  chronatog partner check http://127.0.0.1:8090 --profile heroku-v3 --id chronatog \\
                    --key super-secret --salt 7CwqmJLEjv8YZTXK
                  chronatog partner check --profile heroku-v3 --manifest addon-manifest.json \\
                    --plan test --plan pro
                A line for each behaviour: its number, what is owed, and what came instead. Exit status 1 when
                anything does not hold.
                """
        )
        @Argument(help: "Where the partner is; the manifest's base_url if not given.") var url: String?
        @Option(help: "engineyard-v1 or heroku-v3.") var profile = MarketplaceKind.engineYardV1.word
        @Option(help: "The partner's id.") var id: String?
        @Option(
            help: "The partner's key, or the add-on's password; CHRONATOG_PARTNER_KEY keeps it out of sight."
        )
        var key: String?
        @Option(help: "What sign-in tokens are salted with (heroku-v3).") var salt: String?
        @Option(help: "Where sign-in forms are posted (heroku-v3).") var ssoUrl: String?
        @Option(help: "An add-on's manifest, instead of --id, --key, --salt and --sso-url.") var manifest:
            String?
        @Option(help: "A plan of the add-on; the first is provisioned, the last is changed to.")
        var plan: [String] = []
        @Option(help: "A port on 127.0.0.1 for what the add-on finishes after a 202, as at api.heroku.com.")
        var listen: UInt16?
        @Flag(help: "Print JSON.") var json = false

        mutating func run() async throws {
            let findings: [PartnerCheck.Finding]
            switch profile {
            case MarketplaceKind.engineYardV1.word: findings = try await partner()
            case MarketplaceKind.herokuV3.word: findings = try await addOn()
            default:
                throw CommandFailure.asked(
                    "\"\(profile)\" is no profile",
                    hint: "write engineyard-v1 or heroku-v3"
                )
            }
            try report(findings)
        }

        private func partner() async throws -> [PartnerCheck.Finding] {
            guard let url, let id else {
                throw CommandFailure.asked("the partner's URL or its --id is missing", hint: "give both")
            }
            let address = try Self.address(url)
            let exchange = try PartnerExchange(isTLS: address.origin.isTLS)
            let time = SystemTime()
            var check = PartnerCheck(
                accountsURL: Self.whole(url, address, "/eyintegration/api/1/customers"),
                auth: AuthHMAC(id: id, key: try secret()),
                run: hexadecimal(SystemEntropy().bytes(6)),
                now: { time.now },
                send: { await exchange.send($0) }
            )
            await check.runAll()
            await exchange.close()
            return check.findings
        }

        private func addOn() async throws -> [PartnerCheck.Finding] {
            let manifest = try readManifest()
            let time = SystemTime()
            let exchange = try PartnerExchange(isTLS: manifest.baseURL.hasPrefix("https:"))
            let base = "http://127.0.0.1:\(listen ?? 0)"
            let platform = listen.map { _ in
                MarketplaceSimulator(
                    base: base,
                    auth: AuthHMAC(id: "", key: ""),
                    manifest: manifest,
                    clock: { time.now },
                    send: { await exchange.send($0) }
                )
            }
            var check = AddOnCheck(
                manifest,
                plans: plan.isEmpty ? ["freemium", "awesome"] : plan,
                run: hexadecimal(SystemEntropy().bytes(6)),
                platform: platform,
                now: { time.now },
                pause: { try? await Task.sleep(for: .milliseconds(300)) },
                send: { await exchange.send($0) }
            )
            guard let platform, let listen else {
                await check.runAll()
                await exchange.close()
                return check.findings
            }
            let server = SimulatorServer(
                host: "127.0.0.1",
                port: Int(listen),
                time: time,
                logger: ServeCommand.logger(Configuration()),
                answer: { await platform.answer($0) }
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                await check.runAll()
                try await server.stop()
                try await group.waitForAll()
            }
            await exchange.close()
            return check.findings
        }

        private func readManifest() throws -> AddOnManifest {
            if let manifest {
                var own = try SimulatorManifest.read(manifest)
                if let url { own.baseURL = url }
                if let ssoUrl { own.ssoURL = ssoUrl }
                return own
            }
            guard let url, let id, let salt else {
                throw CommandFailure.asked(
                    "the add-on's URL, --id or --salt is missing",
                    hint: "give them, or --manifest FILE"
                )
            }
            let address = try Self.address(url)
            return AddOnManifest(
                id: id,
                password: try secret(),
                salt: salt,
                baseURL: Self.whole(url, address, SimulatorManifest.resources),
                ssoURL: ssoUrl ?? Self.origin(url) + SimulatorManifest.signIn
            )
        }

        private func secret() throws(CommandFailure) -> String {
            guard let key = key ?? ProcessEnvironment.all["CHRONATOG_PARTNER_KEY"] else {
                throw .asked("the partner's key is missing", hint: "give --key")
            }
            return key
        }

        private static func address(_ url: String) throws(CommandFailure) -> WebAddress {
            do { return try WebAddress(url) } catch {
                throw .asked("\"\(url)\" is no URL: it \(error.predicate)", hint: "write http://HOST:PORT/…")
            }
        }

        /// With our own path when it has none.
        private static func whole(_ url: String, _ address: WebAddress, _ path: String) -> String {
            address.path == "/" ? origin(url) + path : url
        }

        /// Scheme and authority.
        private static func origin(_ url: String) -> String {
            let scheme = url.prefix { $0 != "/" }
            return "\(scheme)//\(url.dropFirst(scheme.count + 2).prefix { $0 != "/" && $0 != "?" })"
        }

        private func report(_ findings: [PartnerCheck.Finding]) throws(CommandFailure) {
            let faults = findings.filter { $0.fault != nil }
            if json {
                let list = findings.map { finding in
                    JSON.object([
                        JSON.Member("number", .string(finding.number)),
                        JSON.Member("duty", .string(finding.duty)),
                        JSON.Member("holds", .bool(finding.fault == nil)),
                        JSON.Member("fault", finding.fault.map { .string($0) } ?? .null),
                    ])
                }
                StandardStream.output.line(JSON.array(list).pretty)
            } else {
                for finding in findings {
                    let mark = finding.fault == nil ? "ok  " : "FAIL"
                    let number =
                        finding.number + String(repeating: " ", count: max(0, 4 - finding.number.count))
                    StandardStream.output.line(
                        "\(mark) \(number) \(finding.duty)\(finding.fault.map { ": \($0)" } ?? "")"
                    )
                }
            }
            guard faults.isEmpty else {
                throw .failed("\(faults.count) of \(findings.count) behaviours do not hold")
            }
        }
    }
}
