/// A change of a zone's offset from UTC.
public struct Transition: Sendable, Hashable {
    /// The first instant of the new offset.
    public var instant: Instant
    /// Seconds east of UTC.
    public var offsetBefore: Int
    public var offsetAfter: Int

    public init(instant: Instant, offsetBefore: Int, offsetAfter: Int) {
        self.instant = instant
        self.offsetBefore = offsetBefore
        self.offsetAfter = offsetAfter
    }

    /// Positive: the wall clock jumps ahead by so many seconds (a gap). Negative: it goes back (a fold).
    public var shift: Int { offsetAfter - offsetBefore }
    /// What the wall clock would have shown without the change.
    public var localBefore: LocalDateTime { LocalDateTime(seconds: instant.seconds + Int64(offsetBefore)) }
    /// What it shows.
    public var localAfter: LocalDateTime { LocalDateTime(seconds: instant.seconds + Int64(offsetAfter)) }
}

/// A time zone: a name and its rules, of one version of the database. Equal if name and version are.
public struct Zone: Sendable, Hashable, CustomStringConvertible {
    /// `Europe/London`
    public let name: String
    /// Of the database it came from, `2025b`.
    public let version: String
    let table: ZoneTable

    /// - Parameter bytes: a TZif file (RFC 9636, versions 1 to 4) of at most 1 MiB.
    public init(name: String, version: String = "", tzif bytes: [UInt8]) throws(ZoneError) {
        self.init(name: name, version: version, table: ZoneTable(try TZif(bytes, name: name)))
    }

    private init(name: String, version: String, table: ZoneTable) {
        self.name = name
        self.version = version
        self.table = table
    }

    public static let utc = Zone(name: "UTC", version: "", table: ZoneTable(.utc))

    public static func == (left: Zone, right: Zone) -> Bool {
        left.name == right.name && left.version == right.version
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(version)
    }

    public var description: String { name }

    /// Seconds east of UTC.
    public func offset(at instant: Instant) -> Int {
        Int(table.segment(at: instant.seconds).offset)
    }

    /// `EST`, `+03`.
    public func abbreviation(at instant: Instant) -> String {
        table.abbreviation(at: instant.seconds)
    }

    /// The next change of the offset (changes of the abbreviation alone are none).
    public func nextTransition(after instant: Instant) -> Transition? {
        let segment = table.segment(at: instant.seconds)
        return segment.end == ZoneTable.end ? nil : Transition(into: table.segment(at: segment.end))
    }

    /// The last change of the offset before, not at, this instant.
    public func previousTransition(before instant: Instant) -> Transition? {
        let segment = table.segment(at: ZoneTable.clamped(instant.seconds) - 1)
        return segment.start == ZoneTable.beginning ? nil : Transition(into: segment)
    }

    /// What the wall clock shows; fold is 1 if it showed the same once before.
    public func local(at instant: Instant) -> (local: LocalDateTime, fold: Int) {
        let seconds = ZoneTable.clamped(instant.seconds)
        let segment = table.segment(at: seconds)
        let local = LocalDateTime(seconds: seconds + segment.offset)
        return (local, seconds < segment.start + segment.fold ? 1 : 0)
    }

    /// Where a local time lies.
    public enum Resolution: Sendable, Hashable {
        case one(Instant)
        /// The clock shows it twice.
        case two(first: Instant, second: Instant)
        /// The clock never shows it: the first instant after the gap, and the instant moved by the gap's
        /// length.
        case gap(transition: Instant, shifted: Instant)
    }

    public func resolve(_ local: LocalDateTime) -> Resolution {
        // No offset exceeds 26 hours, so all segments in which the clock can show it begin before this
        // window's end.
        let window: Int64 = 26 * 3600
        let local = LocalDateTime(seconds: ZoneTable.clamped(local.seconds))
        var segment = table.segment(at: local.seconds - window)
        var found: (first: Int64, second: Int64?)?
        var gap = Resolution.one(Instant(seconds: local.seconds - segment.offset))
        while true {
            let instant = local.seconds - segment.offset
            if instant >= segment.start, instant < segment.end {
                found = found.map { ($0.first, instant) } ?? (instant, nil)
            } else if segment.gap > 0, instant < segment.start,
                local.seconds >= segment.start + segment.previousOffset
            {
                gap = .gap(
                    transition: Instant(seconds: segment.start),
                    shifted: Instant(seconds: local.seconds - segment.previousOffset)
                )
            }
            guard segment.end <= local.seconds + window, segment.end < ZoneTable.end else { break }
            segment = table.segment(at: segment.end)
        }
        guard let found else { return gap }
        guard let second = found.second else { return .one(Instant(seconds: found.first)) }
        return .two(first: Instant(seconds: found.first), second: Instant(seconds: second))
    }
}

extension Transition {
    init(into segment: Segment) {
        self.init(
            instant: Instant(seconds: segment.start),
            offsetBefore: Int(segment.previousOffset),
            offsetAfter: Int(segment.offset)
        )
    }
}

extension TZif {
    static let utc = TZif(types: [LocalType(offset: 0, isDaylight: false, name: "UTC")])

    private init(types: [LocalType]) {
        self.types = types
    }
}
