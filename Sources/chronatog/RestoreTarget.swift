import Cron
import Effects
import Engine
import Journaling

/// The data folder that a backup is restored to.
///
/// Everything is made ready in a folder inside it first. Only then the old journal goes and the new one takes
/// its place; should that be cut short, the server refuses to start (`unfinishedMark`).
struct RestoreTarget {
    /// Present while the folder's files are being exchanged.
    static let unfinishedMark = "restore-unfinished"
    private static let stage = "restoring"
    private let folder: String

    init(_ folder: String) {
        self.folder = folder
    }

    /// The journal's files that are in the folder now.
    func journalFiles() throws(CommandFailure) -> [String] {
        do {
            let disk = try LiveDisk(directory: folder, access: .readOnly)
            return try disk.list().filter { Inspection.isJournalFile($0) }
        } catch {
            if error.kind == .notFound { return [] }
            throw .failed("\(error)")
        }
    }

    /// The keys that open what the backup holds, found before anything is written.
    func ring(for backup: BackupFile) throws(CommandFailure) -> KeyRing {
        do {
            var keys = try SecretKeyFile.read(keyPath) ?? []
            if let variable = ProcessEnvironment.value(Setting.prefix + "SECRET_KEY") {
                keys = try SecretKeyText.keys(in: variable) + keys
            }
            if let text = try backup.key() {
                keys += try SecretKeyText.keys(in: String(decoding: text, as: UTF8.self))
            }
            let wanted = try Inspection(disk: BackupFolder(backup)).keyID()
            if !keys.isEmpty {
                let ring = try KeyRing(keys: keys, entropy: SystemEntropy())
                if ring.contains(wanted) { return ring }
            }
        } catch let error as BackupError {
            throw CommandFailure(error)
        } catch {
            throw .failed("the key for this backup cannot be read: \(error)")
        }
        throw .failed(
            "the key that opens this backup's secrets is not here; nothing was changed",
            hint: "put the secret.key of the time into \(folder), or give it as CHRONATOG_SECRET_KEY"
        )
    }

    /// Fills the folder.
    /// - Returns: what was settled as restored-over; nil when that was not wanted.
    func fill(
        from backup: BackupFile,
        cut: FolderCut,
        ring: KeyRing,
        settles: Bool,
        replacing present: [String]
    ) throws(CommandFailure) -> (slots: UInt64, runs: Int)? {
        let progress = Progress("restoring")
        defer { progress.end() }
        do {
            let disk = try LiveDisk(directory: folder)
            try disk.lock(holder: ProcessEnvironment.processID)
            defer { disk.unlock() }
            let stage = try LiveDisk(directory: "\(folder)/\(Self.stage)")
            for name in try stage.list() where Inspection.isJournalFile(name) { try stage.remove(name) }
            try backup.unpack(to: stage) { done, total in progress.note("\(done * 100 / max(total, 1)) %") }
            try cut.apply(to: stage)
            let settled = try prepare(stage, ring, settles: settles)
            try exchange(disk, stage, present, backup)
            return settles ? settled : nil
        } catch let error as BackupError {
            throw CommandFailure(error)
        } catch let error as JournalError {
            throw .failed(error.description, hint: error.hint)
        } catch let error as DiskError {
            if case .locked(let holder) = error.kind {
                throw .failed("\(folder) is in use by process \(holder)", hint: "stop that server first")
            }
            throw .failed("\(error)")
        } catch let fault as FileFault {
            throw .failed(fault.sentence)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// Opens the restored journal once, which proves that it opens, and settles the time since.
    private func prepare(_ stage: LiveDisk, _ ring: KeyRing, settles: Bool) throws -> (UInt64, Int) {
        let recovered = try Journal.open(disk: stage, holder: ProcessEnvironment.processID)
        defer { recovered.journal.close() }
        guard settles else { return (0, 0) }
        return try Restoration.settle(
            recovered,
            keys: ring,
            entropy: SystemEntropy(),
            settings: FlowSettings(zones: .embedded),
            now: SystemTime().now
        )
    }

    private func exchange(
        _ disk: LiveDisk,
        _ stage: LiveDisk,
        _ present: [String],
        _ backup: BackupFile
    ) throws {
        try disk.replace(Self.unfinishedMark, with: Array("run `chronatog restore` again\n".utf8))
        for name in present.reversed() { try disk.remove(name) }
        try disk.syncDirectory()
        for name in try stage.list() where Inspection.isJournalFile(name) {
            try SmallFile.move("\(folder)/\(Self.stage)/\(name)", to: "\(folder)/\(name)")
        }
        if let key = try backup.key(), try SecretKeyFile.read(keyPath) == nil {
            try SmallFile.replace(keyPath, with: String(decoding: key, as: UTF8.self), mode: 0o600)
        }
        try disk.syncDirectory()
        try disk.remove(Self.unfinishedMark)
        try disk.syncDirectory()
        SmallFile.removeFolder("\(folder)/\(Self.stage)", emptying: [LiveDisk.lockName])
    }

    private var keyPath: String { "\(folder)/\(DataFile.secretKey)" }
}
