import API
import ArgumentParser
import Domain
import Effects
import Integrations
import Logging

extension PartnerCommand {
    /// `chronatog partner simulate`
    struct Simulate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "simulate",
            abstract: "Play the marketplaces and their dashboard, in memory, on this machine.",
            discussion: """
                Its page lets you sign up, activate, visit, deactivate, cancel, and see messages and invoices
                (engineyard-v1), and provision, visit, change the plan and deprovision (heroku-v3).
                Start a partner beside it, for instance
                  chronatog serve --ephemeral --register URL --partner-id 123edf --partner-key abc456
                with the URL that is printed; the command that is printed makes it an add-on too. Where time
                is let pass here, drive the partner's clock as far:
                  chronatog clock advance 31d
                Another add-on than Chronatog is told by its manifest:
                  chronatog partner simulate --manifest addon-manifest.json
                """
        )
        @Option(help: "The port on 127.0.0.1.") var port: UInt16 = 8095
        @Option(help: "The partner's id.") var partnerId = "123edf"
        @Option(help: "The partner's key; the default is known to everybody.") var partnerKey = "abc456"
        @Option(help: "Where a Chronatog is that plays the add-on.") var partnerUrl = "http://127.0.0.1:8090"
        @Option(help: "The add-on's manifest, instead of --partner-url.") var manifest: String?
        @Option(help: "What the add-on exchanges grants with; if not given, anything goes.")
        var clientSecret = ""

        mutating func run() async throws {
            let base = "http://127.0.0.1:\(port)"
            let own = SimulatorManifest.own(partnerUrl)
            let manifest = try manifest.map { try SimulatorManifest.read($0) } ?? own
            let exchange = try PartnerExchange(
                isTLS: [partnerUrl, manifest.baseURL].contains { $0.hasPrefix("https:") }
            )
            let time = SystemTime()
            let simulator = MarketplaceSimulator(
                base: base,
                auth: AuthHMAC(id: partnerId, key: partnerKey),
                manifest: manifest,
                clientSecret: clientSecret,
                clock: { time.now },
                send: { await exchange.send($0) }
            )
            let logger = ServeCommand.logger(Configuration())
            let server = SimulatorServer(
                host: "127.0.0.1",
                port: Int(port),
                time: time,
                logger: logger,
                answer: { await simulator.answer($0) }
            )
            StandardStream.output.write(
                """
                dashboard \(base)/
                register at \(base)\(MarketplaceSimulator.registrationPath())
                add-on at \(manifest.baseURL)

                """
            )
            if manifest == own {
                StandardStream.output.line(
                    "  chronatog partner credentials set --marketplace heroku-v3 --id \(own.id) "
                        + "--key \(own.password) --salt \(own.salt)"
                )
            }
            let signals = StopSignals()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        try await server.run()
                    } catch {
                        signals.finish(because: "the port")
                        throw CommandFailure.failed("cannot listen on \(base): \(error)")
                    }
                }
                _ = await signals.wait()
                try? await server.stop()
                try await group.waitForAll()
            }
            await exchange.close()
        }
    }
}

/// Add-ons that the simulator and the checker know of.
enum SimulatorManifest {
    static let resources = "/heroku/resources"
    static let signIn = "/heroku/sso"

    /// A Chronatog as an add-on, with credentials that are known to everybody.
    static func own(_ url: String) -> AddOnManifest {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        return AddOnManifest(
            id: "chronatog",
            password: "super-secret",
            salt: "7CwqmJLEjv8YZTXK",
            baseURL: base + resources,
            ssoURL: base + signIn
        )
    }

    static func read(_ file: String) throws(CommandFailure) -> AddOnManifest {
        let text: String
        do { text = try SmallFile.text(of: file) } catch { throw .failed(error.sentence) }
        do { return AddOnManifest(try JSONReader.value(of: text)) } catch {
            throw .failed("\(file) is \(error.sentence)")
        }
    }
}
