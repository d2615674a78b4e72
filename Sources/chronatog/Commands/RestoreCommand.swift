import API
import ArgumentParser
import Cron
import Domain
import Effects
import Engine
import Journaling

/// `chronatog restore`
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a data folder from a backup, as it was at any moment in it.",
        discussion: """
            The server of that folder must not be running. What was scheduled between the restored moment and
            now is recorded as restored-over and not called, unless --catch-up leaves it to each job's own
            rule; calls that were out then are not repeated.

            chronatog restore chronatog-2026-11-21.tar --dry-run
            chronatog restore chronatog-2026-11-21.tar --at 2026-11-20T18:00:00Z --data-dir ./data --replace
            """
    )

    @Argument(help: "The backup.") var file: String
    @Option(help: "The moment: an instant such as 2026-11-20T18:00:00Z, or a record's sequence.") var at:
        String?
    @Option(help: "The folder to make.")
    var dataDir: String = ProcessEnvironment.value(ClientVariables.dataFolder) ?? "./data"
    @Flag(help: "Say what would happen, and write nothing.") var dryRun = false
    @Flag(help: "Take the place of what is in the folder.") var replace = false
    @Flag(help: "Let each job's catch-up rule decide about what it missed.") var catchUp = false

    func run() throws {
        let backup = try open()
        let cut = try Moment(at).cut(of: Inspection(disk: BackupFolder(backup)))
        let target = RestoreTarget(dataDir)
        let ring = try target.ring(for: backup)
        let present = try target.journalFiles()
        let moment = "record \(cut.sequence) of \(Moments.text(cut.time))"
        if dryRun {
            StandardStream.output.line(
                "\(file) is whole: records up to \(backup.manifest.sequence), "
                    + "restorable from \(cut.oldest) on"
            )
            StandardStream.output.line("\(dataDir) would be as at \(moment)")
            if !present.isEmpty {
                StandardStream.output.line("\(present.count) files of the folder would go (--replace)")
            }
            return
        }
        guard present.isEmpty || replace else {
            throw CommandFailure.failed(
                "\(dataDir) has a journal already; nothing was changed",
                hint: "restore to another --data-dir, or take its place with --replace"
            )
        }
        let settled = try target.fill(
            from: backup,
            cut: cut,
            ring: ring,
            settles: !catchUp,
            replacing: present
        )
        StandardStream.output.line("\(dataDir) is as at \(moment)")
        if let settled {
            StandardStream.output.line(
                "recorded as restored-over: slots since then \(settled.slots), open runs \(settled.runs)"
            )
        }
        StandardStream.output.line("start it with: chronatog serve --data-dir \(dataDir)")
    }

    private func open() throws(CommandFailure) -> BackupFile {
        let place = try FilePlace(file)
        let progress = Progress("checking \(file)")
        defer { progress.end() }
        do throws(BackupError) {
            let backup = try BackupFile(place.name, on: place.disk)
            try backup.verify(progress: { done, total in progress.note("\(done * 100 / max(total, 1)) %") })
            return backup
        } catch {
            throw CommandFailure(error)
        }
    }
}

/// A moment as a person says it.
struct Moment {
    private let moment: FolderCut.Moment

    /// - Parameter text: nil stands for the newest there is.
    init(_ text: String?) throws(CommandFailure) {
        guard let text else {
            moment = .end
            return
        }
        if let number = UInt64(text) {
            moment = .sequence(Sequence(number))
        } else if let instant = Moments.instant(text) {
            moment = .time(instant)
        } else {
            throw .asked(
                "\"\(text)\" is neither an instant nor a sequence",
                hint: "write 2026-11-20T18:00:00Z, or a number from `chronatog journal dump`"
            )
        }
    }

    func cut(of inspection: Inspection) throws(CommandFailure) -> FolderCut {
        do throws(JournalError) {
            return try inspection.cut(at: moment)
        } catch {
            guard case .historyMissing(_, let oldest) = error else {
                throw .failed(error.description, hint: error.hint)
            }
            throw .failed(
                "that moment lies before the oldest state that can be rebuilt, record \(oldest)",
                hint: "take a later moment; --dry-run shows what there is"
            )
        }
    }
}
