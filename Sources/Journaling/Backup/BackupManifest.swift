internal import Crypto
package import Domain
internal import Effects

/// The first file of a backup: what it is a copy of, up to where, and the checksum of everything else in it.
package struct BackupManifest: Sendable, Hashable {
    package static let name = "manifest.json"
    static let sumName = "manifest.sha256"
    package static let keyName = "secret.key"
    static let version: Int64 = 1

    package struct File: Sendable, Hashable {
        package var name: String
        package var bytes: Int
        /// 64 lower-case hexadecimal digits.
        package var sha256: String
    }

    /// The last record in it, and when it was made.
    package var sequence: Sequence
    package var time: Timestamp
    /// The oldest moment that it can be restored to.
    package var oldest: Sequence
    package var madeAt: Timestamp
    package var hasKey: Bool
    package var files: [File] = []

    init(cut: FolderCut, madeAt: Timestamp, hasKey: Bool) {
        sequence = cut.sequence
        time = cut.time
        oldest = cut.oldest
        self.madeAt = madeAt
        self.hasKey = hasKey
    }

    var text: [UInt8] {
        let json = JSON.object([
            JSON.Member("chronatog_backup", .number(Self.version)),
            JSON.Member("sequence", .number(Int64(sequence.value))),
            JSON.Member("time_us", .number(time.microseconds)),
            JSON.Member("oldest", .number(Int64(oldest.value))),
            JSON.Member("made_at_us", .number(madeAt.microseconds)),
            JSON.Member("with_key", .bool(hasKey)),
            JSON.Member(
                "files",
                .array(
                    files.map { file in
                        .object([
                            JSON.Member("name", .string(file.name)),
                            JSON.Member("bytes", .number(Int64(file.bytes))),
                            JSON.Member("sha256", .string(file.sha256)),
                        ])
                    }
                )
            ),
        ])
        var out: [UInt8] = []
        json.write(to: &out)
        out.append(UInt8(ascii: "\n"))
        return out
    }

    init(text: [UInt8]) throws(BackupError) {
        guard let json = try? JSONReader.value(of: text), let version = json["chronatog_backup"]?.number
        else {
            throw .damaged("its manifest cannot be read")
        }
        guard version <= Self.version else { throw .newer(version: version) }
        guard let sequence = json["sequence"]?.number, let time = json["time_us"]?.number,
            let oldest = json["oldest"]?.number, let madeAt = json["made_at_us"]?.number,
            let list = json["files"]?.array, sequence >= 0, oldest >= 0
        else { throw .damaged("its manifest lacks a field") }
        self.sequence = Sequence(UInt64(sequence))
        self.time = Timestamp(microseconds: time)
        self.oldest = Sequence(UInt64(oldest))
        self.madeAt = Timestamp(microseconds: madeAt)
        hasKey = json["with_key"] == .bool(true)
        for file in list {
            guard let name = file["name"]?.string, Self.isPlain(name), let bytes = file["bytes"]?.number,
                bytes >= 0, let sum = file["sha256"]?.string
            else { throw .damaged("its manifest names a file that cannot be") }
            files.append(File(name: name, bytes: Int(bytes), sha256: sum))
        }
    }

    /// A backup may write what a backup reads, and nothing else.
    private static func isPlain(_ name: String) -> Bool {
        name == keyName || SegmentHeader.ordinal(name) != nil || SnapshotHeader.sequence(name) != nil
    }

    /// As `sha256sum` prints and checks it.
    static func sumText(of manifest: [UInt8]) -> [UInt8] {
        Array("\(hexadecimal(SHA256.hash(data: manifest)))  \(name)\n".utf8)
    }
}
