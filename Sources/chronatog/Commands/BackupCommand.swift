import ArgumentParser
import Domain
import Effects
import Journaling

/// `chronatog backup`
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy everything to one file, while the server goes on.",
        discussion: """
            The file is a tar archive with a checksum of each file in it; `chronatog restore` reads it. With
            --data-dir, reads that folder, which a running server may be using; otherwise asks the running
            server. The key that opens stored secrets stays out unless --with-key puts it in.

            chronatog backup chronatog-$(date +%F).tar
            """
    )

    @Argument(help: "The file to write.") var file: String
    @OptionGroup var server: ServerOptions
    @Flag(help: "Put secret.key into the backup: whoever has the file can then read every secret.")
    var withKey = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if withKey, server.dataDir == nil {
            throw ValidationError("--with-key needs --data-dir: the key never leaves the server's machine.")
        }
    }

    func run() async throws {
        let place = try FilePlace(file)
        if let folder = server.dataDir {
            let progress = Progress("backing up \(folder)")
            defer { progress.end() }
            let plan = try plan(of: folder, progress)
            try await place.write(plan.byteCount, progress) { (offset, count) throws(CommandFailure) in
                do throws(BackupError) {
                    return try plan.read(at: offset, count: count)
                } catch {
                    throw CommandFailure(error)
                }
            }
            show(plan.manifest.sequence.value, Moments.text(plan.manifest.time), plan.byteCount)
        } else {
            try await ask(place)
        }
        if !withKey {
            StandardStream.error.line(
                "the key is not in it: keep a copy of \(DataFile.secretKey) from the data folder elsewhere"
            )
        }
    }

    private func plan(of folder: String, _ progress: Progress) throws(CommandFailure) -> BackupPlan {
        do {
            let key =
                withKey ? Array(try SmallFile.text(of: "\(folder)/\(DataFile.secretKey)").utf8) : nil
            let disk = try LiveDisk(directory: folder, access: .readOnly)
            return try BackupPlan(of: disk, key: key, now: SystemTime().now) { done, total in
                progress.note("checking, \(done * 100 / max(total, 1)) %")
            }
        } catch let error as BackupError {
            throw CommandFailure(error)
        } catch let fault as FileFault {
            throw .failed(fault.sentence)
        } catch {
            throw .failed("\(error)", hint: "give the data folder with --data-dir")
        }
    }

    private func ask(_ place: FilePlace) async throws(CommandFailure) {
        let address = try ServerAddress.find(server.choice, environment: ProcessEnvironment.all)
        try await ServerConnection.with(address) { (connection) async throws(CommandFailure) in
            let progress = Progress("backing up \(address.origin)")
            defer { progress.end() }
            let made = try await connection.request("POST", "\(ServerConnection.api)/backups")
            guard let total = made["bytes"]?.number, let id = made["id"]?.string else {
                throw .failed("\(address.origin) answered something that is no backup")
            }
            try await place.write(Int(total), progress) { (offset, count) async throws(CommandFailure) in
                try await connection.bytes(
                    "GET",
                    "\(ServerConnection.api)/backups/\(id)?offset=\(offset)&bytes=\(count)"
                )
            }
            show(UInt64(made["sequence"]?.number ?? 0), made.plain("time"), Int(total))
        }
    }

    private func show(_ sequence: UInt64, _ time: String, _ bytes: Int) {
        if json {
            return StandardStream.output.line(
                JSON.object([
                    JSON.Member("file", .string(file)), JSON.Member("bytes", .number(Int64(bytes))),
                    JSON.Member("sequence", .number(Int64(sequence))), JSON.Member("time", .string(time)),
                ]).text
            )
        }
        StandardStream.output.line("\(file): \(bytes) bytes, up to record \(sequence) at \(time)")
    }
}

extension CommandFailure {
    init(_ error: BackupError) {
        self = .failed(error.description, hint: error.hint)
    }
}

/// A file of the machine: the folder it is in, and its name there.
struct FilePlace {
    let disk: LiveDisk
    let name: String

    init(_ path: String, access: LiveDisk.Access = .readOnly) throws(CommandFailure) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard !name.isEmpty else { throw .asked("\"\(path)\" is a folder, not a file") }
        do { disk = try LiveDisk(directory: folder, access: access) } catch { throw .failed("\(error)") }
    }

    /// Writes the file whole or not at all.
    func write(
        _ total: Int,
        _ progress: Progress,
        read: (_ offset: Int, _ count: Int) async throws(CommandFailure) -> [UInt8]
    ) async throws(CommandFailure) {
        let temporary = name + temporarySuffix
        do {
            try disk.create(temporary, allocating: 0)
            var done = 0
            while done < total {
                let bytes = try await read(done, Self.partBytes)
                guard !bytes.isEmpty else { throw CommandFailure.failed("it ended after \(done) bytes") }
                try disk.write(temporary, at: done, bytes)
                done += bytes.count
                progress.note("\(done * 100 / max(total, 1)) %")
            }
            try disk.datasync(temporary)
            try disk.rename(temporary, to: name)
            try disk.syncDirectory()
        } catch {
            // The first error is the one to tell.
            try? disk.remove(temporary)
            throw error as? CommandFailure ?? .failed("\(error)")
        }
    }

    private static let partBytes = 4 << 20
}
