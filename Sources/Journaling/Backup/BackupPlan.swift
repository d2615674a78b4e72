internal import Crypto
package import Domain
package import Effects

/// A consistent copy of a folder at one moment, as a tar file: every segment as far as it is whole, every
/// snapshot, and first a manifest with the checksum of each (`Journaling.docc/Format.md`, "Backup").
///
/// Made without stopping anybody: segments only grow, and what comes after the moment is left out. The files
/// must stay until all of it has been read (`Journal.holdHistory`).
package struct BackupPlan: Sendable {
    private let disk: any Disk
    private let pieces: [Piece]
    package let manifest: BackupManifest
    /// Length of the whole file.
    package let byteCount: Int

    private enum Content: Sendable {
        case bytes([UInt8])
        case file(String)
    }

    private struct Piece: Sendable {
        var start: Int
        var count: Int
        var content: Content
    }

    /// - Parameters:
    ///   - key: the text of `secret.key`, when it is to be in the backup.
    ///   - progress: bytes read of all.
    package init(
        of disk: any Disk,
        limits: JournalLimits = JournalLimits(),
        through durable: Sequence? = nil,
        key: [UInt8]? = nil,
        now: Timestamp,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws(BackupError) {
        self.disk = disk
        let inspection = Inspection(disk: disk, limits: limits)
        let cut: FolderCut
        do throws(JournalError) {
            cut = try inspection.cut(at: durable.map { .sequence($0) } ?? .end)
        } catch {
            throw .journal(error)
        }
        var manifest = BackupManifest(cut: cut, madeAt: now, hasKey: key != nil)
        var contents: [Content] = []
        let total = cut.files.reduce(0) { $0 + $1.bytes }
        var done = 0
        for file in cut.files {
            let sum = try Self.checksum(file, disk, limits) { count in
                done += count
                progress(done, total)
            }
            manifest.files.append(BackupManifest.File(name: file.name, bytes: file.bytes, sha256: sum))
            contents.append(.file(file.name))
        }
        if let key {
            let sum = hexadecimal(SHA256.hash(data: key))
            manifest.files.append(
                BackupManifest.File(name: BackupManifest.keyName, bytes: key.count, sha256: sum)
            )
            contents.append(.bytes(key))
        }
        self.manifest = manifest
        (pieces, byteCount) = Self.layOut(manifest, contents, now: now)
    }

    private static func checksum(
        _ file: FolderCut.File,
        _ disk: any Disk,
        _ limits: JournalLimits,
        _ progress: (Int) -> Void
    ) throws(BackupError) -> String {
        var hash = SHA256()
        var offset = 0
        while offset < file.bytes {
            let bytes = try BackupError.mapping { () throws(DiskError) in
                try disk.read(file.name, at: offset, count: min(limits.readBytes, file.bytes - offset))
            }
            guard !bytes.isEmpty else { throw .damaged("\(file.name) became shorter while it was read") }
            hash.update(data: bytes)
            offset += bytes.count
            progress(bytes.count)
        }
        return hexadecimal(hash.finalize())
    }

    private static func layOut(_ manifest: BackupManifest, _ contents: [Content], now: Timestamp) -> (
        [Piece], Int
    ) {
        var pieces: [Piece] = []
        var end = 0
        func add(_ content: Content, _ count: Int) {
            pieces.append(Piece(start: end, count: count, content: content))
            end += count
        }
        func add(_ name: String, _ content: Content, _ count: Int) {
            add(.bytes(Tar.header(name, bytes: count, seconds: now.seconds)), Tar.blockBytes)
            add(content, count)
            let padding = Tar.padding(after: count)
            add(.bytes([UInt8](repeating: 0, count: padding)), padding)
        }
        let text = manifest.text
        add(BackupManifest.name, .bytes(text), text.count)
        let sum = BackupManifest.sumText(of: text)
        add(BackupManifest.sumName, .bytes(sum), sum.count)
        for (file, content) in zip(manifest.files, contents) { add(file.name, content, file.bytes) }
        add(.bytes(Tar.end), Tar.end.count)
        return (pieces, end)
    }

    /// The file's bytes from an offset on: `count` of them, fewer at its end.
    package func read(at offset: Int, count: Int) throws(BackupError) -> [UInt8] {
        var out: [UInt8] = []
        let end = min(byteCount, offset + count)
        for piece in pieces where piece.start < end && piece.start + piece.count > offset {
            let from = max(offset, piece.start) - piece.start
            let to = min(end, piece.start + piece.count) - piece.start
            switch piece.content {
            case .bytes(let bytes): out += bytes[from..<to]
            case .file(let name):
                let bytes = try BackupError.mapping { () throws(DiskError) in
                    try disk.read(name, at: from, count: to - from)
                }
                guard bytes.count == to - from else { throw .damaged("\(name) became shorter") }
                out += bytes
            }
        }
        return out
    }
}

/// Why a backup cannot be made or read.
package enum BackupError: Error, Equatable {
    case journal(JournalError)
    case disk(DiskError)
    /// The file is not a backup, or not a whole one.
    case damaged(String)
    /// Made by a newer build.
    case newer(version: Int64)

    static func mapping<T>(_ operation: () throws(DiskError) -> T) throws(BackupError) -> T {
        do { return try operation() } catch { throw .disk(error) }
    }

    package var description: String {
        switch self {
        case .journal(let error): error.description
        case .disk(let error): "The disk failed: \(error)."
        case .damaged(let reason): "The backup cannot be used: \(reason)."
        case .newer(let version): "The backup has format \(version), which this build does not know."
        }
    }

    package var hint: String {
        switch self {
        case .journal(let error): error.hint
        case .disk: "Check the disk and the system's log."
        case .damaged: "Use another backup; `tar tf FILE` shows what is in this one."
        case .newer: "Use the newer build."
        }
    }
}
