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
                URL is the partner's service_accounts_url; with a bare origin, Chronatog's own path is added.
                Two accounts are signed up, used and cancelled. Exit status 1 when anything does not hold.
                """
        )
        @Argument(help: "The partner's service_accounts_url.") var url: String
        @Option(help: "The partner's id.") var id: String
        @Option(help: "The partner's key; CHRONATOG_PARTNER_KEY keeps it out of the list of processes.")
        var key: String?
        @Flag(help: "Print JSON.") var json = false

        mutating func run() async throws {
            guard let key = key ?? ProcessEnvironment.all["CHRONATOG_PARTNER_KEY"] else {
                throw CommandFailure.asked("the partner's key is missing", hint: "give --key")
            }
            guard let address = try? WebAddress(url) else {
                throw CommandFailure.asked("\"\(url)\" is no URL", hint: "write http://HOST:PORT/…")
            }
            let accounts =
                address.path == "/" ? "\(url.hasSuffix("/") ? String(url.dropLast()) : url)\(Self.path)" : url
            let exchange = try PartnerExchange(isTLS: address.origin.isTLS)
            let time = SystemTime()
            var check = PartnerCheck(
                accountsURL: accounts,
                auth: AuthHMAC(id: id, key: key),
                run: hexadecimal(SystemEntropy().bytes(6)),
                now: { time.now },
                send: { await exchange.send($0) }
            )
            await check.runAll()
            await exchange.close()
            try report(check.findings)
        }

        private static let path = "/eyintegration/api/1/customers"

        private func report(_ findings: [PartnerCheck.Finding]) throws(CommandFailure) {
            let faults = findings.filter { $0.fault != nil }
            if json {
                let list = findings.map { finding in
                    JSON.object([
                        JSON.Member("duty", .string(finding.duty)),
                        JSON.Member("holds", .bool(finding.fault == nil)),
                        JSON.Member("fault", finding.fault.map { .string($0) } ?? .null),
                    ])
                }
                StandardStream.output.line(JSON.array(list).pretty)
            } else {
                for finding in findings {
                    let mark = finding.fault == nil ? "ok  " : "FAIL"
                    StandardStream.output.line(
                        "\(mark) \(finding.duty)\(finding.fault.map { ": \($0)" } ?? "")"
                    )
                }
            }
            guard faults.isEmpty else {
                throw .failed("\(faults.count) of \(findings.count) duties do not hold")
            }
        }
    }
}
