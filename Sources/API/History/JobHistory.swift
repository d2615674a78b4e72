package import Cron
package import Domain
package import Engine

/// A job's revisions as its records tell them: which definition decided what.
package struct JobHistory: Sendable {
    package struct Revision: Sendable, Hashable {
        package var number: UInt32
        package var definition: JobDefinition
        /// Slots after this instant are this revision's.
        package var cursor: Timestamp
        package var at: Timestamp
    }

    package let job: JobID
    package private(set) var registeredAt: Timestamp?
    package private(set) var revisions: [Revision] = []
    private let zones: ZoneDatabase
    private let records: any RecordSource
    private var compiled: [UInt32: LineTimes] = [:]

    package init(_ job: JobID, zones: ZoneDatabase, records: any RecordSource) {
        self.job = job
        self.zones = zones
        self.records = records
    }

    /// A job at hand. One that was never revised needs no records to know what decided.
    package init(_ view: JobView, zones: ZoneDatabase, records: any RecordSource) {
        self.init(view.id, zones: zones, records: records)
        guard view.entry.revision == 1 else { return }
        registeredAt = view.entry.registeredAt
        revisions = [
            Revision(
                number: 1,
                definition: view.definition,
                cursor: view.entry.registeredAt,
                at: view.entry.registeredAt
            )
        ]
    }

    /// The definitions are known without reading them.
    package var isKnown: Bool { !revisions.isEmpty }

    /// Takes a record about the job's definition; others are ignored.
    package mutating func add(_ entry: Entry) {
        switch entry.record {
        case .jobRegistered(let record):
            registeredAt = entry.time
            add(1, record.definition, record.cursor, entry.time)
        case .jobRevised(let record): add(record.revision, record.definition, record.cursor, entry.time)
        default: break
        }
    }

    private mutating func add(_ number: UInt32, _ packed: [UInt8], _ cursor: Timestamp, _ time: Timestamp) {
        guard !revisions.contains(where: { $0.number == number }),
            let definition = try? JobDefinition(packed: packed)
        else { return }
        revisions.append(Revision(number: number, definition: definition, cursor: cursor, at: time))
    }

    /// The lines of a revision under today's zone rules; nil when the revision is unknown or no longer
    /// compiles.
    package mutating func times(ofRevision number: UInt32) -> LineTimes? {
        if let times = compiled[number] { return times }
        guard let revision = revisions.last(where: { $0.number == number }),
            let zone = try? zones.zone(named: revision.definition.zone),
            let times = try? compile(revision, zone)
        else { return nil }
        compiled[number] = times
        return times
    }

    /// Longest stretch that is counted before it is believed.
    private static let verifiedMax = 20_000

    /// Visits the slots that a stretch stands for, from an instant on, until `body` returns false.
    ///
    /// One or two need no computing. For more the line is recomputed; when the count differs, the zone's
    /// rules have changed since, and the ones in the journal at that time are taken.
    package mutating func expand(
        _ record: SlotsDecided,
        at sequence: Sequence,
        from start: Timestamp = .distantPast,
        _ body: (Slot) -> Bool
    ) {
        if record.count > 2, let times = timesBehind(record, at: sequence) {
            let wanted = Self.disposition(of: record.result)
            for (slot, disposition) in times.slots(
                ofLine: record.first.line,
                from: record.first,
                through: record.last,
                startingAt: start
            ) where disposition == wanted {
                if !body(slot) { return }
            }
            return
        }
        // One, two, or a line that no longer computes: then the two that are certain are better than a wrong
        // list.
        guard record.first.instant < start || body(record.first), record.count > 1 else { return }
        _ = body(record.last)
    }

    private mutating func timesBehind(_ record: SlotsDecided, at sequence: Sequence) -> LineTimes? {
        let today = times(ofRevision: record.revision)
        if let today, record.count > Self.verifiedMax || Self.isRight(today, record) { return today }
        guard let then = timesAdopted(before: sequence, revision: record.revision), Self.isRight(then, record)
        else {
            return nil
        }
        return then
    }

    private static func isRight(_ times: LineTimes, _ record: SlotsDecided) -> Bool {
        let wanted = disposition(of: record.result)
        var count = 0
        for (_, disposition) in times.slots(
            ofLine: record.first.line,
            from: record.first,
            through: record.last
        )
        where disposition == wanted {
            count += 1
            if count > Int(record.count) { return false }
        }
        return count == Int(record.count)
    }

    private static func disposition(of result: SlotResult) -> Occurrence.Disposition {
        switch result {
        case .dstGapMerged: .dstGapMerged
        case .dstGapSkipped: .dstGapSkipped
        case .dstFoldSkipped: .dstFoldSkipped
        default: .run
        }
    }

    private func timesAdopted(before sequence: Sequence, revision number: UInt32) -> LineTimes? {
        guard let revision = revisions.last(where: { $0.number == number }) else { return nil }
        var adopted: ZoneAdopted?
        try? records.scan(from: Sequence(1), job: nil) { entry in
            if case .zoneAdopted(let record) = entry.record, record.name == revision.definition.zone {
                adopted = record
            }
            return entry.sequence < sequence
        }
        guard let adopted,
            let zone = try? Zone(name: adopted.name, version: adopted.version, tzif: adopted.bytes)
        else { return nil }
        return try? compile(revision, zone)
    }

    private func compile(_ revision: Revision, _ zone: Zone) throws -> LineTimes {
        try LineTimes(
            revision.definition,
            job: job,
            registeredAt: registeredAt ?? revision.at,
            zone: zone
        )
    }
}
