import Cron

/// The reader of TZif files, and what is asked of a zone that was accepted.
enum ZoneBytes {
    /// Before, within and after any table.
    private static let times: [Int64] = [
        -62_135_596_800, -2_500_000_000, 0, 1_772_953_200, 4_102_444_800, 253_402_300_799,
    ]

    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        let zone: Zone
        do {
            zone = try Zone(name: "Fuzz", tzif: bytes)
        } catch {
            try BrokenProperty.check(!error.description.isEmpty, "a refusal says why")
            return
        }
        for seconds in times { try look(zone, from: Instant(seconds: seconds)) }
    }

    /// A few transitions on from an instant.
    private static func look(_ zone: Zone, from start: Instant) throws(BrokenProperty) {
        var instant = start
        for _ in 0..<4 {
            try lookBothWays(zone, instant)
            guard let next = zone.nextTransition(after: instant) else { return }
            try BrokenProperty.check(next.instant > instant, "the next transition is not after \(instant)")
            try BrokenProperty.check(next.shift != 0, "the transition at \(next.instant) changes nothing")
            let before = Instant(seconds: next.instant.seconds - 1)
            try BrokenProperty.check(
                zone.offset(at: before) == next.offsetBefore
                    && zone.offset(at: next.instant) == next.offsetAfter,
                "the transition at \(next.instant) disagrees with the offsets around it"
            )
            instant = next.instant
        }
    }

    private static func lookBothWays(_ zone: Zone, _ instant: Instant) throws(BrokenProperty) {
        let offset = zone.offset(at: instant)
        // RFC 9636, 3.2.
        try BrokenProperty.check((-89_999...93_599).contains(offset), "offset \(offset) is out of range")
        if let last = zone.previousTransition(before: instant) {
            try BrokenProperty.check(last.instant < instant, "the last transition is not before \(instant)")
        }
        _ = zone.abbreviation(at: instant)
        let local = zone.local(at: instant).local
        switch zone.resolve(local) {
        case .gap:
            throw BrokenProperty(description: "the clock shows \(local) at \(instant), and never shows it")
        case .one(let found):
            try BrokenProperty.check(zone.local(at: found).local == local, "\(found) does not show \(local)")
        case .two(let first, let second):
            try BrokenProperty.check(first < second, "\(local) is shown twice at one time")
            try BrokenProperty.check(
                zone.local(at: first).local == local && zone.local(at: second).local == local,
                "\(first) or \(second) does not show \(local)"
            )
        }
    }
}
