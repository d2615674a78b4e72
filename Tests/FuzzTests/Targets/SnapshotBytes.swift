import Domain
import Effects

@testable import Journaling

/// The reader of snapshots.
///
/// After a choice, the input is a whole file, or what is in a file's chunks: then lengths and checksums are
/// put right, or deflated bytes are left as they are, to get behind the first look.
enum SnapshotBytes {
    private static let name = SnapshotHeader.name(Sequence(1000))
    private static let time = Timestamp(microseconds: 1_700_000_000_000_000)

    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        var choices = Choices(bytes)
        let mode = choices.byte() % 3
        let file = mode == 0 ? Array(choices.rest) : file(from: &choices, packs: mode == 1)
        guard let snapshot = read(file) else { return }
        guard let copy = rewritten(snapshot) else {
            throw BrokenProperty(description: "a snapshot that was read cannot be read when written again")
        }
        if let difference = copy.ledger.difference(from: snapshot.ledger) {
            throw BrokenProperty(description: "a snapshot differs when written again: \(difference)")
        }
    }

    /// Kind of chunk, length, content, and so on.
    private static func file(from choices: inout Choices, packs: Bool) -> [UInt8] {
        let jobs = UInt64(choices.byte())
        var deflater = Deflater()
        var chunks: UInt64 = 0
        var out = SnapshotHeader(
            sequence: Sequence(1000),
            lastTime: time,
            replayFrom: SegmentHeader.firstPosition,
            jobs: jobs
        ).bytes
        while !choices.rest.isEmpty {
            let kind: ChunkHeader.Kind = chunks == 0 ? .state : .jobs
            let length = Int(choices.byte()) << 8 | Int(choices.byte())
            let content = choices.take(length)
            let packed = packs ? deflater.pack(content) : content
            let claimed = packs ? content.count : Int(choices.byte()) << 4
            out += ChunkHeader.chunk(kind, rawBytes: claimed, packed: packed)
            chunks += 1
        }
        var last: [UInt8] = []
        last.append(fixed: chunks, bytes: 8)
        return out + ChunkHeader.chunk(.end, rawBytes: last.count, packed: last)
    }

    private static func read(_ file: [UInt8]) -> Snapshot? {
        let disk = MemoryDisk()
        do {
            try disk.create(name, allocating: 0)
            try disk.write(name, at: 0, file)
            return try Snapshot.read(name, from: disk)
        } catch {
            return nil
        }
    }

    private static func rewritten(_ snapshot: Snapshot) -> Snapshot? {
        let disk = MemoryDisk()
        do {
            _ = try snapshot.header.write(snapshot.ledger, to: disk, chunkBytes: 1 << 10)
            return try Snapshot.read(SnapshotHeader.name(snapshot.header.sequence), from: disk)
        } catch {
            return nil
        }
    }
}
