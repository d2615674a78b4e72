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
            abstract: "Play the marketplace and its dashboard (engineyard-v1), in memory, on this machine.",
            discussion: """
                Its page lets you sign up, activate, visit, deactivate, cancel, and see messages and invoices.
                Start a partner beside it, for instance
                  chronatog serve --ephemeral --register URL --partner-id 123edf --partner-key abc456
                with the URL that is printed. Where time is let pass here, drive the partner's clock as far:
                  chronatog clock advance 31d
                """
        )
        @Option(help: "The port on 127.0.0.1.") var port: UInt16 = 8095
        @Option(help: "The partner's id.") var partnerId = "123edf"
        @Option(help: "The partner's key; the default is known to everybody.") var partnerKey = "abc456"

        mutating func run() async throws {
            let base = "http://127.0.0.1:\(port)"
            let exchange = try PartnerExchange(isTLS: false)
            let time = SystemTime()
            let simulator = MarketplaceSimulator(
                base: base,
                auth: AuthHMAC(id: partnerId, key: partnerKey),
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

                """
            )
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
