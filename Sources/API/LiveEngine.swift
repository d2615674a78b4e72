package import Domain
package import Engine
internal import Journaling

// The engine that lives, as the routes see it.
extension Engine: EngineFace {
    package func records() async throws(CommandError) -> any RecordSource {
        JournalHistory(reader: try await history())
    }

    package var durableRecords: any RecordSource { JournalHistory(reader: journal.reader()) }

    package func watchGrowth(_ watch: @escaping @Sendable (Sequence) -> Void) { growth.watch(watch) }

    package func holdFolder() async throws(CommandError) -> HeldFolder {
        let durable = try await status().sequence
        journal.holdHistory()
        return HeldFolder(
            inspection: journal.inspection,
            disk: journal.disk,
            durable: durable,
            limits: journal.limits
        )
    }

    package func releaseFolder() async { journal.releaseHistory() }

    package func figures() async throws(CommandError) -> Figures {
        let status = try await status()
        return Figures(
            sequence: status.sequence,
            jobs: status.jobs,
            openRuns: status.openRuns,
            behind: status.behind,
            isStorageFull: status.isStorageFull,
            metrics: EngineMetrics.all(status)
        )
    }
}

/// History out of the journal's segments.
struct JournalHistory: RecordSource {
    let reader: JournalReader

    /// A job with no more records than this is read along its chain instead of by going through the whole
    /// journal.
    private static let chainMax = 2048

    func scan(from: Sequence, job: JobID?, newest: Position, _ body: (Entry) throws -> Bool) throws {
        if job != nil, newest != .none, let entries = try chain(from: from, newest: newest) {
            for entry in entries.reversed() {
                guard try body(entry) else { return }
            }
            return
        }
        // What the body throws is not the journal's error, and travels beside it.
        var thrown: (any Error)?
        try reader.scan(from: from, subject: job) { (entry, _) throws(JournalError) in
            do {
                return try body(entry) ? .next : .stop
            } catch {
                thrown = error
                return .stop
            }
        }
        if let thrown { throw thrown }
    }

    /// The job's records from a sequence on, newest first; nil when they are too many.
    private func chain(from: Sequence, newest: Position) throws -> [Entry]? {
        var entries: [Entry] = []
        var isWhole = true
        try reader.chain(from: newest) { (entry, _) throws(JournalError) in
            if entry.sequence < from { return .stop }
            guard entries.count < Self.chainMax else {
                isWhole = false
                return .stop
            }
            entries.append(entry)
            return .next
        }
        return isWhole ? entries : nil
    }

    func scanBack(from newest: Position, of job: JobID, _ body: (Entry) throws -> Bool) throws {
        var thrown: (any Error)?
        try reader.chain(from: newest) { (entry, _) throws(JournalError) in
            do {
                return try body(entry) ? .next : .stop
            } catch {
                thrown = error
                return .stop
            }
        }
        if let thrown { throw thrown }
    }

    func sequence(firstAtOrAfter time: Timestamp) throws -> Sequence {
        try reader.sequence(firstAtOrAfter: time)
    }

    var historyStart: HistoryStart { reader.historyStart }

    func find(_ sequence: Sequence) throws -> Entry? {
        guard let position = try reader.find(sequence) else { return nil }
        return try reader.entry(at: position)?.entry
    }
}
