internal import Dispatch
internal import Domain
internal import Effects
internal import Synchronization

/// A snapshot, read whole.
struct Snapshot {
    var header: SnapshotHeader
    var ledger: Ledger
    var bytes: Int

    /// Chunks that are unpacked at the same time.
    private static let lanes = 2

    /// Reads and checks every byte. `progress` hears how many of how many bytes are done.
    static func read(
        _ name: String,
        from disk: any Disk,
        progress: ((Int, Int) -> Void)? = nil
    ) throws(SnapshotFault) -> Snapshot {
        var file = try ChunkFile(disk: disk, name: name)
        let header = try SnapshotHeader(try file.read(SnapshotHeader.byteCount))
        guard let (first, state) = try file.nextChunk(), first.kind == .state else {
            throw .damaged(offset: SnapshotHeader.byteCount, reason: "the state is missing")
        }
        var jobs = JobTable()
        var chunks: UInt64 = 1
        var isEnded = false
        while !isEnded {
            var batch: [(offset: Int, header: ChunkHeader, bytes: [UInt8])] = []
            while batch.count < lanes, !isEnded {
                let offset = file.offset
                guard let (chunk, bytes) = try file.nextChunk() else {
                    throw .damaged(offset: offset, reason: "the file ends before its end chunk")
                }
                switch chunk.kind {
                case .jobs:
                    batch.append((offset, chunk, bytes))
                    chunks += 1
                case .end:
                    guard bytes.count == ChunkHeader.byteCount + 8, bytes.fixed64(at: 16) == chunks else {
                        throw .damaged(offset: offset, reason: "chunks are missing")
                    }
                    isEnded = true
                case .state: throw .damaged(offset: offset, reason: "a second state")
                }
            }
            for entries in try rows(of: batch, base: header.lastTime) {
                guard Int(entries.first.number) == jobs.count + 1 else {
                    throw .damaged(offset: file.offset, reason: "jobs are out of order")
                }
                for entry in entries.entries { jobs.append(entry) }
            }
            progress?(file.offset, file.size)
        }
        guard UInt64(jobs.count) == header.jobs, file.offset == file.size else {
            throw .damaged(offset: file.offset, reason: "its length does not agree with its header")
        }
        return Snapshot(
            header: header,
            ledger: try ledger(header, jobs, try unpack(first, state, offset: SnapshotHeader.byteCount)),
            bytes: file.size
        )
    }

    private static func ledger(
        _ header: SnapshotHeader,
        _ jobs: JobTable,
        _ raw: [UInt8]
    ) throws(SnapshotFault) -> Ledger {
        let state: LedgerState
        do {
            state = try LedgerState(raw)
        } catch {
            throw .unreadable(reason: "its state cannot be read: \(error.sentence)")
        }
        guard state.openRuns.values.allSatisfy({ jobs.contains($0.job) }),
            state.awaited.keys.allSatisfy({ state.openRuns[$0] != nil })
        else {
            throw .unreadable(reason: "it has a run of a job that it does not have")
        }
        return Ledger(
            sequence: header.sequence,
            lastTime: header.lastTime,
            storeID: state.storeID,
            keyID: state.keyID,
            jobs: jobs,
            openRuns: state.openRuns,
            queued: state.queued,
            pauses: state.pauses,
            schedulers: state.schedulers,
            schedulersEver: state.schedulersEver,
            zones: state.zones,
            alerts: state.alerts,
            checks: state.checks,
            blackouts: state.blackouts,
            awaited: state.awaited,
            accounts: state.accounts(jobs: jobs),
            sources: state.sources,
            reactions: state.reactions,
            tokens: state.tokens
        )
    }

    private struct Rows: Sendable {
        var first: JobID
        var entries: [JobEntry]
    }

    /// Unpacks and reads chunks side by side, and gives their jobs in order.
    private static func rows(
        of batch: [(offset: Int, header: ChunkHeader, bytes: [UInt8])],
        base: Timestamp
    ) throws(SnapshotFault) -> [Rows] {
        let results = Mutex<[Int: Result<Rows, SnapshotFault>]>([:])
        DispatchQueue.concurrentPerform(iterations: batch.count) { index in
            let (offset, header, bytes) = batch[index]
            let result = Result { () throws(SnapshotFault) in
                try decode(try unpack(header, bytes, offset: offset), offset: offset, base: base)
            }
            results.withLock { $0[index] = result }
        }
        var rows: [Rows] = []
        for (_, result) in results.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            rows.append(try result.get())
        }
        return rows
    }

    private static func unpack(
        _ header: ChunkHeader,
        _ chunk: [UInt8],
        offset: Int
    ) throws(SnapshotFault) -> [UInt8] {
        guard header.matches(chunk) else {
            throw .damaged(offset: offset, reason: "a chunk's checksum differs")
        }
        guard let raw = inflate(chunk, ChunkHeader.byteCount..<chunk.count, count: header.rawBytes) else {
            throw .damaged(offset: offset, reason: "a chunk cannot be unpacked")
        }
        return raw
    }

    private static func decode(_ raw: [UInt8], offset: Int, base: Timestamp) throws(SnapshotFault) -> Rows {
        do throws(FieldError) {
            let span = raw.span
            var cursor = ByteCursor(0..<raw.count)
            let first = try cursor.varint(span)
            let count = try cursor.varint(span)
            // A row has eleven bytes or more.
            guard (1...UInt64(UInt32.max)).contains(first), count <= UInt64(raw.count / 11),
                first + count <= UInt64(UInt32.max)
            else { throw .overlong }
            var entries: [JobEntry] = []
            entries.reserveCapacity(Int(count))
            for index in 0..<count {
                let job = JobID(UInt32(first + index))
                entries.append(try JobEntry(row: raw, span, &cursor, job: job, base: base))
            }
            guard cursor.index == raw.count else { throw .overlong }
            return Rows(first: JobID(UInt32(first)), entries: entries)
        } catch {
            throw .unreadable(
                reason: "the chunk at byte \(offset) has a row that cannot be read: \(error.sentence)"
            )
        }
    }
}

/// A snapshot's file, chunk after chunk.
private struct ChunkFile {
    let disk: any Disk
    let name: String
    let size: Int
    private(set) var offset = 0

    init(disk: any Disk, name: String) throws(SnapshotFault) {
        self.disk = disk
        self.name = name
        do { size = try disk.size(of: name) } catch { throw .unreadable(reason: "\(error)") }
    }

    mutating func read(_ count: Int) throws(SnapshotFault) -> [UInt8] {
        do {
            let bytes = try disk.read(name, at: offset, count: count)
            offset += bytes.count
            return bytes
        } catch {
            throw .unreadable(reason: "\(error)")
        }
    }

    /// A chunk with its header; nil at the end of the file. Its checksum is not judged yet.
    mutating func nextChunk() throws(SnapshotFault) -> (ChunkHeader, [UInt8])? {
        guard offset < size else { return nil }
        let start = offset
        guard let header = ChunkHeader(try read(ChunkHeader.byteCount)),
            header.packedBytes <= size - offset
        else { throw .damaged(offset: start, reason: "no chunk begins here") }
        offset = start
        let bytes = try read(ChunkHeader.byteCount + header.packedBytes)
        guard bytes.count == ChunkHeader.byteCount + header.packedBytes,
            header.kind != .end || header.matches(bytes)
        else { throw .damaged(offset: start, reason: "a chunk's checksum differs") }
        return (header, bytes)
    }
}
