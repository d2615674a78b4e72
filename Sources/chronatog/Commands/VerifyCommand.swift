import API
import ArgumentParser
import Cron
import Domain
import Effects
import Engine
import Journaling

/// `chronatog verify`
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that every slot has exactly one decision.",
        discussion: """
            Recomputes all slots of all jobs from their schedules and holds the journal's records against
            them. With --data-dir, reads that folder, which a running server may be using; otherwise the
            running server does it. Exit status 0 if every slot has one decision, 1 with the list if not.

            chronatog verify
            chronatog verify --from 2026-03-01T00:00:00Z --to 2026-04-01T00:00:00Z
            """
    )

    @OptionGroup var server: ServerOptions
    @Option(help: "Judge slots from this instant on.") var from: String?
    @Option(help: "Judge slots before this instant.") var to: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let window = try window()
        let answer: JSON
        if let folder = server.dataDir {
            answer = try Self.verify(folder, window)
        } else {
            var path = "\(ServerConnection.api)/verify"
            let bounds = [from.map { "from=\($0)" }, to.map { "to=\($0)" }].compactMap { $0 }
            if !bounds.isEmpty { path += "?" + bounds.joined(separator: "&") }
            let progress = Progress("verifying")
            defer { progress.end() }
            answer = try await ServerConnection.ask(server, "GET", path)
        }
        if json { StandardStream.output.line(answer.text) } else { Self.show(answer) }
        guard answer["sound"] == .bool(true) else { throw CommandFailure.negative }
    }

    private func window() throws(CommandFailure) -> Range<Timestamp> {
        var bounds: [Timestamp] = [.distantPast, .distantFuture]
        for (index, text) in [from, to].enumerated() {
            guard let text else { continue }
            guard let instant = Moments.instant(text) else {
                throw .asked("\"\(text)\" is not an instant", hint: "write 2026-03-08T07:00:00Z")
            }
            bounds[index] = instant
        }
        guard bounds[0] < bounds[1] else { throw .asked("--to lies before --from") }
        return bounds[0]..<bounds[1]
    }

    private static func verify(_ folder: String, _ window: Range<Timestamp>) throws(CommandFailure) -> JSON {
        let progress = Progress("verifying \(folder)")
        defer { progress.end() }
        let inspection = try JournalCommand.inspection(of: folder)
        do {
            let result = try Verification.run(inspection, zones: .embedded, window: window) { sequence in
                progress.note("record \(sequence)")
            }
            return result.json
        } catch {
            throw .failed(error.description, hint: error.hint)
        }
    }

    private static func show(_ answer: JSON) {
        for finding in answer["findings"]?.array ?? [] {
            let slot = finding["slot"]?.string ?? "job \(finding.plain("job"))"
            let at = finding["at"]?.string.map { " at \($0)" } ?? ""
            let record = finding["record"]?.number.map { " (record \($0))" } ?? ""
            StandardStream.output.line(
                "\(finding.plain("kind"))  \(slot)\(at)\(record): \(finding.plain("detail"))"
            )
        }
        let count = answer["findings_count"]?.number ?? 0
        let shown = answer["findings"]?.array?.count ?? 0
        if count > Int64(shown) { StandardStream.output.line("… and \(count - Int64(shown)) more") }
        StandardStream.output.line(
            "records \(answer.plain("history_from")) to \(answer.plain("through")), "
                + "jobs \(answer.plain("jobs")), slots recomputed \(answer.plain("slots")): "
                + "\(answer.plain("runs")) ran, \(answer.plain("settled")) were settled otherwise, "
                + "\(answer.plain("waiting")) wait behind a run"
        )
        StandardStream.output.line(
            count == 0 ? "every slot has exactly one decision" : "NOT PROVED: \(count) findings"
        )
    }
}

extension ServerConnection {
    /// One question to the server that the options name.
    static func ask(_ options: ServerOptions, _ method: String, _ path: String) async throws(CommandFailure)
        -> JSON
    {
        let address = try ServerAddress.find(options.choice, environment: ProcessEnvironment.all)
        var answer = JSON.null
        try await with(address) { (connection) async throws(CommandFailure) in
            answer = try await connection.request(method, path)
        }
        return answer
    }
}
