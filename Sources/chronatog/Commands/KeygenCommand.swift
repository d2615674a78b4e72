import ArgumentParser
import Effects

/// `chronatog keygen`
struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a key that seals stored secrets.",
        discussion: """
            Prints a key for --secret-key. With --data-dir, makes the folder's secret.key (0600) instead; with
            --rotate too, puts a new key in front of those there. The server seals with the first key, opens
            with all of them, and takes up the change at its next start.
            """
    )

    @Option(help: "The data folder whose secret.key is made or rotated.") var dataDir: String?
    @Flag(help: "Put a new key in front of the present ones.") var rotate = false

    func validate() throws {
        if rotate, dataDir == nil { throw ValidationError("--rotate needs --data-dir.") }
    }

    func run() throws {
        let key = SystemEntropy().bytes(KeyRing.keyBytes)
        guard let dataDir else { return StandardStream.output.line(hexadecimal(key)) }
        let path = "\(dataDir)/\(DataFile.secretKey)"
        do {
            let present = try SecretKeyFile.read(path)
            switch (present, rotate) {
            case (nil, false):
                try SmallFile.makeFolder(dataDir)
                try SecretKeyFile.write([key], to: path)
                StandardStream.output.line("\(path) is made")
            case (nil, true): throw FileFault("cannot rotate \(path): there is no such file yet")
            case (_?, false): throw FileFault("\(path) is there already; --rotate puts a new key in front")
            case (let keys?, true):
                try SecretKeyFile.write([key] + keys, to: path)
                StandardStream.output.line(
                    "\(path) has \(keys.count + 1) keys; the new one is used from the next start on"
                )
            }
        } catch let fault as FileFault {
            throw CommandFailure.failed(fault.sentence)
        }
    }
}

/// `secret.key` in the data folder.
enum SecretKeyFile {
    /// Nil when there is no such file.
    static func read(_ path: String) throws(FileFault) -> [[UInt8]]? {
        let text: String
        do {
            text = try SmallFile.text(of: path)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
        do { return try SecretKeyText.keys(in: text) } catch { throw FileFault("\(path) \(error.sentence)") }
    }

    static func write(_ keys: [[UInt8]], to path: String) throws(FileFault) {
        try SmallFile.replace(path, with: SecretKeyText.text(of: keys), mode: 0o600)
    }
}
