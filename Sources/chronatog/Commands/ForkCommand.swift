import ArgumentParser
import Cron
import Domain
import Effects
import Engine
import Journaling

/// `chronatog fork`
struct ForkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fork",
        abstract: "Ask \"what if\": serve a copy of the state at any moment, in memory, calling nobody.",
        discussion: """
            Starts a server as `serve --ephemeral` does, with the jobs and history of a data folder or a
            backup up to the moment, its clock frozen there and driven by `chronatog clock`. No call leaves
            it: each is recorded as refused by the egress policy, unless --egress opens something. Nothing is
            written, and its delivery keys are its own. Flags of `serve` follow after --.

            chronatog fork --at 2026-03-08T00:00:00Z -- --listen 127.0.0.1:0
            chronatog fork --backup chronatog-2026-11-21.tar
            """
    )

    @Option(help: "The moment: an instant, or a record's sequence; otherwise now.") var at: String?
    @Option(help: "The data folder, which a running server may be using.")
    var dataDir: String = ProcessEnvironment.value(ClientVariables.dataFolder) ?? "./data"
    @Option(help: "A backup, instead of the data folder.") var backup: String?
    @Argument(parsing: .postTerminator, help: "Flags of `serve`.") var flags: [String] = []

    func run() async throws {
        let reading = ConfigurationReader(environment: ProcessEnvironment.all)
            .read(arguments: ["--ephemeral"] + flags)
        guard reading.faults.isEmpty else {
            throw CommandFailure.asked(reading.faults, hint: "`chronatog serve --help` lists all settings")
        }
        var configuration = reading.configuration
        let source = try source()
        let cut = try Moment(at).cut(of: Inspection(disk: source.disk))
        let copy = MemoryDisk()
        if configuration.data.secretKeys == nil { configuration.data.secretKeys = source.keys }
        if configuration.testing.clock == nil {
            configuration.testing.clock = Instant(seconds: cut.time.seconds)
        }
        configuration.testing.isFork = true
        do {
            try cut.copy(from: source.disk, to: copy)
            let recovered = try Journal.open(disk: copy, holder: ProcessEnvironment.processID)
            _ = try Restoration.fork(recovered, entropy: SystemEntropy(), now: cut.time)
            recovered.journal.close()
        } catch {
            throw CommandFailure.failed(error.description, hint: error.hint)
        }
        StandardStream.error.line(
            "a fork of \(source.name) as at record \(cut.sequence) of \(Moments.text(cut.time)); "
                + "it calls nobody"
        )
        let folder = DataFolder(disk: copy, path: nil, entropy: SystemEntropy())
        try await ServeCommand.serve(
            configuration,
            prepared: folder,
            logger: ServeCommand.logger(configuration)
        )
    }

    /// Where the state comes from, and the keys that open its secrets.
    private func source() throws(CommandFailure) -> (disk: any Disk, keys: Secret?, name: String) {
        do {
            if let backup {
                let place = try FilePlace(backup)
                let file = try BackupFile(place.name, on: place.disk)
                try file.verify()
                let present = try? SmallFile.text(of: "\(dataDir)/\(DataFile.secretKey)")
                let text = try file.key().map { String(decoding: $0, as: UTF8.self) } ?? present
                return (BackupFolder(file), try text.map { try Secret(settingText: $0) }, backup)
            }
            let disk = try LiveDisk(directory: dataDir, access: .readOnly)
            let text = try? SmallFile.text(of: "\(dataDir)/\(DataFile.secretKey)")
            return (disk, try text.map { try Secret(settingText: $0) }, dataDir)
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as BackupError {
            throw CommandFailure(error)
        } catch {
            throw .failed("\(error)", hint: "give the data folder with --data-dir, or a file with --backup")
        }
    }
}
