/// The zones that the TZIDs of a calendar name.
///
/// A name of the IANA database is what is hoped for. Outlook and Exchange write the names of Windows, others
/// put a prefix of their own before the name (`/mozilla.org/20050126_1/Europe/Berlin`). What the file itself
/// says in a VTIMEZONE is asked last, and believed only when the offset never changes: its rules end where
/// the producer's knowledge did.
struct CalendarZones {
    /// Distinct names in a file; looking for one that is unknown is slow.
    static let namesMax = 200

    private var known: [String: Zone] = [:]
    /// Those the file defines, with every offset that they mention, as it is written.
    private var offsets: [String: Set<String>] = [:]

    /// - Parameter lines: all of the file, since a zone may be defined after the events in it.
    init(definedIn lines: [CalendarLine]) {
        var name: String?
        var found: Set<String> = []
        for line in lines {
            switch (line.name, line.value.uppercased()) {
            case ("BEGIN", "VTIMEZONE"): (name, found) = (nil, [])
            case ("END", "VTIMEZONE"): if let name { offsets[name] = found }
            case ("TZID", _): name = line.value
            case ("TZOFFSETFROM", _), ("TZOFFSETTO", _): found.insert(line.value)
            default: break
            }
        }
    }

    mutating func zone(
        _ name: String,
        line: Int,
        _ named: (String) -> Zone?
    ) throws(CalendarError) -> Zone {
        if let zone = known[name] { return zone }
        guard known.count < Self.namesMax else {
            throw CalendarError(line: line, "has one time zone more than the \(Self.namesMax) that are read")
        }
        guard let zone = Self.listed(name, named) ?? fixed(name) else {
            throw CalendarError(line: line, unknown(name))
        }
        known[name] = zone
        return zone
    }

    private static func listed(_ name: String, _ named: (String) -> Zone?) -> Zone? {
        guard name.first == "/" else { return named(name) ?? WindowsZones.names[name].flatMap(named) }
        let parts = name.split(separator: "/")
        // Most names have two parts, America/Indiana/Knox has three, UTC one.
        for count in [2, 3, 1] where count < parts.count {
            if let zone = named(parts.suffix(count).joined(separator: "/")) { return zone }
        }
        return nil
    }

    private func fixed(_ name: String) -> Zone? {
        guard let found = offsets[name], found.count == 1, let text = found.first else { return nil }
        return Self.seconds(text).flatMap { Self.zone(name, offset: $0, text) }
    }

    private func unknown(_ name: String) -> String {
        let fault = "has the time zone \"\(name)\", which is no name of the IANA database"
        let candidates = ZoneDatabase.embedded.names + WindowsZones.names.keys.sorted()
        if let question = NearestWord.question(name, in: candidates) { return "\(fault); \(question)" }
        let own = offsets[name] == nil ? "" : ", and whose VTIMEZONE is not read as its offset changes"
        return "\(fault)\(own); write one such as Europe/Berlin in its place"
    }

    /// `+0530`, `-033045` (RFC 5545 §3.3.14).
    private static func seconds(_ text: String) -> Int? {
        let digits = text.utf8.dropFirst().map { Int($0) - 48 }
        guard
            let sign = ["+": 1, "-": -1][text.prefix(1)], [4, 6].contains(digits.count),
            digits.allSatisfy({ (0...9).contains($0) })
        else { return nil }
        let pairs = stride(from: 0, to: digits.count, by: 2).map { digits[$0] * 10 + digits[$0 + 1] }
        guard pairs[0] < 24, pairs.dropFirst().allSatisfy({ $0 < 60 }) else { return nil }
        return sign * zip(pairs, [3600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// - Parameter version: the offset, so that zones of the same name in two files are not taken for one.
    private static func zone(_ name: String, offset: Int, _ version: String) -> Zone? {
        // TZif of version 1 (RFC 9636 §3): no transition, one type, and its abbreviation.
        let abbreviation = Array(version.utf8) + [0]
        var bytes = Array("TZif".utf8) + [UInt8](repeating: 0, count: 32)
        for number in [1, abbreviation.count, offset] {
            let word = UInt32(bitPattern: Int32(number))
            bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        bytes += [0, 0] + abbreviation
        return try? Zone(name: name, version: version, tzif: bytes)
    }
}
