import Domain
import Effects
import Journaling

/// The data folder as `serve` needs it: the disk, the keys, the token.
struct DataFolder {
    let disk: any Disk
    /// Nil when everything is in memory.
    let path: String?
    let entropy: any Entropy

    static func open(_ configuration: Configuration, entropy: any Entropy) throws(CommandFailure)
        -> DataFolder
    {
        if configuration.testing.isEphemeral {
            return DataFolder(disk: MemoryDisk(), path: nil, entropy: entropy)
        }
        let path = configuration.data.folder.path
        do {
            return DataFolder(disk: try LiveDisk(directory: path), path: path, entropy: entropy)
        } catch {
            throw .failed(
                "the data folder \(path) cannot be used: \(error)",
                hint: "give a folder that this user may write with --data-dir"
            )
        }
    }

    /// Reads the journal, however long that takes.
    func recover(_ configuration: Configuration) throws(CommandFailure) -> Recovered {
        if let path, (try? disk.exists(RestoreTarget.unfinishedMark)) == true {
            throw .failed(
                "a restore into \(path) was cut short, and the folder is incomplete",
                hint: "run `chronatog restore FILE --data-dir \(path) --replace` again"
            )
        }
        var limits = JournalLimits()
        limits.segmentBytes = configuration.data.segmentBytes.bytes
        limits.reserveBytes = configuration.data.reserveBytes.bytes
        // A driven clock passes years in seconds: only the size counts then.
        if path != nil { limits.historyAgeMax = configuration.data.historyAge }
        limits.historyBytesMax = configuration.data.historyBytes.bytes
        let progress = Progress("reading the journal")
        defer { progress.end() }
        do {
            return try Journal.open(disk: disk, limits: limits, holder: ProcessEnvironment.processID) {
                done in
                guard done.bytesTotal > 0 else { return }
                progress.note("\(done.bytesDone * 100 / done.bytesTotal) %")
            }
        } catch {
            throw .failed(error.description, hint: error.hint)
        }
    }

    /// The ring that opens what the folder holds.
    func keys(_ configuration: Configuration, for ledger: Ledger) throws(CommandFailure) -> KeyRing {
        let ring: KeyRing
        do {
            ring = try KeyRing(
                keys: try keyBytes(configuration, isNew: ledger.storeID.isEmpty),
                entropy: entropy
            )
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw .failed("the secret key cannot be used: \(error)")
        }
        guard ledger.storeID.isEmpty || ring.contains(ledger.keyID) else {
            throw .failed(
                "the secret key is not the one this data folder was made with",
                hint: "restore its \(DataFile.secretKey), or give the right --secret-key; nothing was changed"
            )
        }
        return ring
    }

    private func keyBytes(_ configuration: Configuration, isNew: Bool) throws -> [[UInt8]] {
        if let secret = configuration.data.secretKeys { return try SecretKeyText.keys(in: secret.value) }
        guard let path else { return [entropy.bytes(KeyRing.keyBytes)] }
        let file = "\(path)/\(DataFile.secretKey)"
        do {
            if let keys = try SecretKeyFile.read(file) { return keys }
            guard isNew else {
                throw CommandFailure.failed(
                    "\(file) is missing, and without it the folder's secrets cannot be opened",
                    hint: "restore it from where you keep it, or give it as --secret-key; nothing was changed"
                )
            }
            let key = entropy.bytes(KeyRing.keyBytes)
            try SecretKeyFile.write([key], to: file)
            return [key]
        } catch let fault as FileFault {
            throw CommandFailure.failed(fault.sentence)
        }
    }

    /// The operator's token, and whether it was made just now.
    func token(_ configuration: Configuration) throws(CommandFailure) -> (token: String, isNew: Bool) {
        if let token = configuration.server.token { return (token.value, false) }
        guard let path else { return (hexadecimal(entropy.bytes(16)), true) }
        let file = "\(path)/\(DataFile.token)"
        do {
            let present = try SmallFile.text(of: file).prefix { !$0.isNewline }
            if !present.isEmpty { return (String(present), false) }
        } catch  where error.isMissing {
            // The first start makes it.
        } catch {
            throw .failed(error.sentence)
        }
        let token = hexadecimal(entropy.bytes(16))
        do {
            try SmallFile.replace(file, with: token + "\n", mode: 0o600)
        } catch {
            throw .failed(error.sentence)
        }
        return (token, true)
    }

    /// Tells client commands on this machine where the server is.
    func announce(_ url: String) throws(FileFault) {
        guard let path else { return }
        try SmallFile.replace("\(path)/\(DataFile.endpoint)", with: url + "\n", mode: 0o600)
    }

    func withdraw() {
        if let path { SmallFile.remove("\(path)/\(DataFile.endpoint)") }
    }
}
