/// A stretch of time in which a zone's offset does not change.
struct Segment: Equatable {
    /// First instant in it; `ZoneTable.beginning` for the first.
    var start: Int64
    /// First instant after it; `ZoneTable.end` for the last.
    var end: Int64
    /// Seconds east.
    var offset: Int64
    /// That of the stretch before; the same as `offset` for the first.
    var previousOffset: Int64

    /// Seconds of the wall clock that the change at `start` skipped.
    var gap: Int64 { max(0, offset - previousOffset) }
    /// Seconds of the wall clock that the change at `start` repeats.
    var fold: Int64 { max(0, previousOffset - offset) }
}

/// A zone's rules, arranged for looking up: the stretches between changes of the offset.
///
/// Tabulated transitions are continued with the footer's to the end of `tabulatedThroughYear`, so that times
/// a scheduler deals with cost one binary search; later ones are computed from the footer each time.
final class ZoneTable: Sendable {
    static let beginning = Int64.min / 4
    static let end = Int64.max / 4
    private static let tabulatedThroughYear = 2100

    /// Far beyond any year that is dealt with, and still safe to add an offset to.
    static func clamped(_ seconds: Int64) -> Int64 { min(max(seconds, beginning + 1), end - 1) }

    /// First instants of the segments; the first is `beginning`.
    private let starts: [Int64]
    private let offsets: [Int32]
    /// All transitions, also those that change the abbreviation only.
    private let eraStarts: [Int64]
    private let eraNames: [String]
    /// The last tabulated transition: only what comes later is the footer's.
    private let lastEra: Int64
    private let footer: PosixRule?

    init(_ file: TZif) {
        var eras = [(start: Self.beginning, offset: file.types[0].offset, name: file.types[0].name)]
        for transition in file.transitions {
            let type = file.types[transition.type]
            eras.append((transition.instant, type.offset, type.name))
        }
        if let footer = file.footer {
            Self.extend(&eras, with: footer)
        }
        var starts: [Int64] = []
        var offsets: [Int32] = []
        for era in eras where offsets.last != Int32(era.offset) {
            starts.append(era.start)
            offsets.append(Int32(era.offset))
        }
        self.starts = starts
        self.offsets = offsets
        eraStarts = eras.map(\.start)
        eraNames = eras.map(\.name)
        lastEra = eraStarts[eraStarts.count - 1]
        footer = file.footer?.daylight == nil ? nil : file.footer
    }

    private static func extend(
        _ eras: inout [(start: Int64, offset: Int, name: String)],
        with footer: PosixRule
    ) {
        guard footer.daylight != nil else {
            // A footer without daylight time holds after the last transition, or always if there is none.
            if eras.count == 1 { eras[0] = (beginning, footer.standard.offset, footer.standard.name) }
            return
        }
        let last = eras.count == 1 ? nil : eras.last?.start
        let firstYear = last.map { Civil.date(ofDay: Civil.day(ofSecond: $0)).year } ?? 1970
        guard firstYear <= tabulatedThroughYear else { return }
        for year in max(1, firstYear)...tabulatedThroughYear {
            for change in footer.changes(aroundYear: year)
            where change.instant > (eras.last?.start ?? beginning)
                && change.instant < Civil.days(year: year + 1, month: 1, day: 1) * Civil.secondsPerDay
            {
                let observance = footer.observance(isDaylight: change.isDaylight)
                eras.append((change.instant, observance.offset, observance.name))
            }
        }
    }

    /// The segment that holds this instant.
    func segment(at instant: Int64) -> Segment {
        var low = 0
        var high = starts.count
        // Invariant: starts[low] <= instant < starts[high].
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= instant { low = middle } else { high = middle }
        }
        if low == starts.count - 1, let footer {
            return segment(at: instant, footer: footer)
        }
        return tabulated(low)
    }

    private func tabulated(_ index: Int) -> Segment {
        Segment(
            start: starts[index],
            end: index + 1 < starts.count ? starts[index + 1] : Self.end,
            offset: Int64(offsets[index]),
            previousOffset: Int64(offsets[max(0, index - 1)])
        )
    }

    /// After the last tabulated change of the offset: the footer's changes of the years around the instant.
    private func segment(at instant: Int64, footer: PosixRule) -> Segment {
        var segment = tabulated(starts.count - 1)
        let place = min(max(instant, lastEra), Self.farthest)
        let year = Civil.date(ofDay: Civil.day(ofSecond: place)).year
        for change in footer.changes(aroundYear: year) where change.instant > lastEra {
            let offset = Int64(footer.observance(isDaylight: change.isDaylight).offset)
            if change.instant > instant {
                guard offset != segment.offset else { continue }
                segment.end = change.instant
                break
            }
            if offset != segment.offset {
                segment.previousOffset = segment.offset
                segment.offset = offset
                segment.start = change.instant
            }
        }
        return segment
    }

    /// Beyond this, years are no longer told apart.
    private static let farthest: Int64 = Civil.days(year: 20_000, month: 1, day: 1) * Civil.secondsPerDay

    func abbreviation(at instant: Int64) -> String {
        if let footer, instant >= lastEra {
            let offset = segment(at: instant).offset
            if offset == Int64(footer.standard.offset) { return footer.standard.name }
            if let daylight = footer.daylight, offset == Int64(daylight.observance.offset) {
                return daylight.observance.name
            }
        }
        var low = 0
        var high = eraStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if eraStarts[middle] <= instant { low = middle } else { high = middle }
        }
        return eraNames[low]
    }
}
