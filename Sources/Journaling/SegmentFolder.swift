internal import Domain
internal import Effects

/// The segments that lie in a folder, judged by their headers.
struct SegmentFolder {
    struct Used {
        var ordinal: UInt64
        var header: SegmentHeader
        var size: Int
        var name: String { SegmentHeader.name(ordinal) }
    }

    struct Unused {
        var ordinal: UInt64
        var size: Int
        /// Its header is neither valid nor zeros.
        var isBroken: Bool
        var name: String { SegmentHeader.name(ordinal) }
    }

    /// Those with a valid header, oldest first.
    private(set) var used: [Used] = []
    /// Those after them without one: allocated ahead, or begun when the power went.
    private(set) var unused: [Unused] = []

    /// Throws when a number or a header is missing in the middle.
    init(disk: any Disk) throws(JournalError) {
        let names = try JournalError.mapping { () throws(DiskError) in try disk.list() }
        for ordinal in names.compactMap({ SegmentHeader.ordinal($0) }).sorted() {
            try add(ordinal, disk)
        }
    }

    private mutating func add(_ ordinal: UInt64, _ disk: any Disk) throws(JournalError) {
        let name = SegmentHeader.name(ordinal)
        if let last = unused.last?.ordinal ?? used.last?.ordinal, last + 1 != ordinal {
            throw .corrupt(segment: SegmentHeader.name(last + 1), offset: 0, reason: "the file is missing")
        }
        let (size, block) = try JournalError.mapping { () throws(DiskError) in
            (try disk.size(of: name), try disk.read(name, at: 0, count: SegmentHeader.byteCount))
        }
        switch try SegmentHeader.read(block, name: name) {
        case .valid(let header):
            if let first = unused.first {
                throw .corrupt(segment: first.name, offset: 0, reason: "its header is damaged")
            }
            used.append(Used(ordinal: ordinal, header: header, size: size))
        case .unused: unused.append(Unused(ordinal: ordinal, size: size, isBroken: false))
        case .broken: unused.append(Unused(ordinal: ordinal, size: size, isBroken: true))
        }
    }

    /// What lies behind the last good frame, which ends at `offset` of the last used segment.
    struct Ending {
        /// A write that never returned.
        var torn: RecoveryReport.TornTail?
        /// The first unused segment holds nothing and may be written to.
        var hasSpare = false
    }

    /// Tells a torn tail from corruption: the latter is thrown. Changes nothing.
    func ending(
        after offset: Int,
        position: Position,
        expecting: Sequence,
        disk: any Disk
    ) throws(JournalError) -> Ending {
        var ending = Ending()
        if let last = used.last {
            let rest = try SegmentRest(
                disk: disk,
                name: last.name,
                base: last.header.basePosition,
                from: offset,
                expecting: expecting
            )
            if let later = rest.laterFrame {
                throw .corrupt(
                    segment: last.name,
                    offset: offset,
                    reason: "no valid frame begins here, but a later one does at byte \(later)"
                )
            }
            if rest.end > offset {
                ending.torn = RecoveryReport.TornTail(
                    segment: last.name,
                    offset: offset,
                    bytes: rest.end - offset
                )
            }
        }
        for segment in unused {
            let bytes = try content(of: segment, after: position, expecting: expecting, disk)
            if bytes > 0, ending.torn == nil {
                ending.torn = RecoveryReport.TornTail(segment: segment.name, offset: 0, bytes: bytes)
            }
            if bytes == 0, segment.ordinal == unused.first?.ordinal { ending.hasSpare = true }
        }
        return ending
    }

    /// Bytes in an unused segment up to the last that is not zero. Its frames, if it had any, began at
    /// `position`.
    private func content(
        of segment: Unused,
        after position: Position,
        expecting: Sequence,
        _ disk: any Disk
    ) throws(JournalError) -> Int {
        if !segment.isBroken {
            // No frame is written before the header is durable: a look at the beginning is enough.
            let start = try JournalError.mapping { () throws(DiskError) in
                try disk.read(segment.name, at: 0, count: 16 * SegmentHeader.byteCount)
            }
            if firstNonzero(start, from: 0) == nil { return 0 }
        }
        let rest = try SegmentRest(
            disk: disk,
            name: segment.name,
            base: position,
            from: 0,
            expecting: expecting
        )
        if rest.laterFrame != nil {
            throw .corrupt(
                segment: segment.name,
                offset: 0,
                reason: "its header is damaged, but frames follow it"
            )
        }
        return rest.end
    }

    /// Overwrites a torn tail with zeros, and removes what cannot be used. Returns the spare segment.
    func tidy(_ ending: Ending, disk: any Disk) throws(JournalError) -> Journal.SpareSegment? {
        try JournalError.mapping { () throws(DiskError) in
            if let torn = ending.torn, torn.segment == used.last?.name {
                let zeros = [UInt8](repeating: 0, count: min(torn.bytes, 1 << 20))
                for done in stride(from: 0, to: torn.bytes, by: zeros.count) {
                    let piece = min(zeros.count, torn.bytes - done)
                    try disk.write(torn.segment, at: torn.offset + done, Array(zeros[..<piece]))
                }
                try disk.datasync(torn.segment)
            }
            guard let first = unused.first else { return nil }
            // A folder without a record is made anew.
            let isUsable = ending.hasSpare && !used.isEmpty && first.size > 2 * SegmentHeader.byteCount
            // The last first: a gap in the numbers would be damage.
            for segment in unused.dropFirst(isUsable ? 1 : 0).reversed() {
                try disk.remove(segment.name)
                try disk.syncDirectory()
            }
            guard isUsable else { return nil }
            return Journal.SpareSegment(ordinal: first.ordinal, size: first.size, settledBytes: first.size)
        }
    }
}
