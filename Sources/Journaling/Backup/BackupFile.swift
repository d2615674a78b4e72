internal import Crypto
internal import Domain
package import Effects

/// A backup that is there to be restored from.
package struct BackupFile: Sendable {
    private let disk: any Disk
    private let name: String
    private let places: [String: Int]
    package let manifest: BackupManifest
    private static let readBytes = 1 << 20

    /// Reads the manifest and where everything is; `verify` reads the rest.
    package init(_ name: String, on disk: any Disk) throws(BackupError) {
        self.disk = disk
        self.name = name
        let size = try BackupError.mapping { () throws(DiskError) in try disk.size(of: name) }
        var (offset, found): (Int, [(name: String, bytes: Int)]) = (0, [])
        var places: [String: Int] = [:]
        while offset < size {
            let block = try BackupError.mapping { () throws(DiskError) in
                try disk.read(name, at: offset, count: Tar.blockBytes)
            }
            guard let file = try Tar.file(block) else { break }
            offset += Tar.blockBytes
            guard file.bytes <= size - offset else { throw .damaged("it ends in the middle of \(file.name)") }
            places[file.name] = offset
            found.append(file)
            offset += file.bytes + Tar.padding(after: file.bytes)
        }
        guard found.count > 1, found[0].name == BackupManifest.name, found[1].name == BackupManifest.sumName,
            found[0].bytes <= 16 << 20, found[1].bytes <= 4096
        else { throw .damaged("it does not begin with a manifest") }
        let texts = try found[..<2].map { (file) throws(BackupError) -> [UInt8] in
            try Self.read(disk, name, places[file.name] ?? 0, file.bytes)
        }
        guard texts[1] == BackupManifest.sumText(of: texts[0]) else {
            throw .damaged("its manifest does not match its checksum")
        }
        let manifest = try BackupManifest(text: texts[0])
        let present = found.dropFirst(2)
        guard manifest.files.map(\.name) == present.map(\.name),
            manifest.files.map(\.bytes) == present.map(\.bytes)
        else { throw .damaged("its files are not those that the manifest lists") }
        self.manifest = manifest
        self.places = places
    }

    /// Hands over every file, piece by piece, and checks it against the manifest.
    /// - Parameter body: the file, the offset in it, and its bytes there.
    package func verify(
        progress: (Int, Int) -> Void = { _, _ in },
        _ body: (BackupManifest.File, Int, [UInt8]) throws(BackupError) -> Void = {
            (_, _, _) throws(BackupError) in
        }
    ) throws(BackupError) {
        let total = manifest.files.reduce(0) { $0 + $1.bytes }
        var done = 0
        for file in manifest.files {
            var hash = SHA256()
            var offset = 0
            while offset < file.bytes {
                let bytes = try Self.read(
                    disk,
                    name,
                    (places[file.name] ?? 0) + offset,
                    min(Self.readBytes, file.bytes - offset)
                )
                hash.update(data: bytes)
                try body(file, offset, bytes)
                offset += bytes.count
                done += bytes.count
                progress(done, total)
            }
            guard hexadecimal(hash.finalize()) == file.sha256 else {
                throw .damaged("\(file.name) in it does not match its checksum")
            }
        }
    }

    /// Writes every file but the key to an empty folder, synced.
    package func unpack(to folder: any Disk, progress: (Int, Int) -> Void = { _, _ in }) throws(BackupError) {
        try verify(progress: progress) { (file, offset, bytes) throws(BackupError) in
            if file.name == BackupManifest.keyName { return }
            try BackupError.mapping { () throws(DiskError) in
                if offset == 0 { try folder.create(file.name, allocating: 0) }
                try folder.write(file.name, at: offset, bytes)
                if offset + bytes.count == file.bytes { try folder.datasync(file.name) }
            }
        }
        try BackupError.mapping { () throws(DiskError) in try folder.syncDirectory() }
    }

    /// The text of `secret.key`, when it is in the backup.
    package func key() throws(BackupError) -> [UInt8]? {
        guard let file = manifest.files.first(where: { $0.name == BackupManifest.keyName }),
            let place = places[file.name]
        else { return nil }
        return try Self.read(disk, name, place, file.bytes)
    }

    func read(_ file: String, at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        try disk.read(name, at: (places[file] ?? 0) + offset, count: count)
    }

    private static func read(_ disk: any Disk, _ name: String, _ offset: Int, _ count: Int)
        throws(BackupError)
        -> [UInt8]
    {
        let bytes = try BackupError.mapping { () throws(DiskError) in
            try disk.read(name, at: offset, count: count)
        }
        guard bytes.count == count else { throw .damaged("it is shorter than it says") }
        return bytes
    }
}
