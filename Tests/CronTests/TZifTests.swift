import Cron
import Testing

/// Zone files made by hand, sound and hostile.
struct TZifTests {
    /// A version 2 file with these transitions, types and footer.
    private func file(
        transitions: [(Int64, UInt8)] = [],
        types: [(Int32, UInt8, UInt8)] = [(0, 0, 0)],
        names: String = "AAA\0BBB\0",
        footer: String
    ) -> [UInt8] {
        func header(_ times: Int, _ types: Int, _ names: Int) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
                + [0, 0, 0, times, types, names].flatMap { bytes(Int32($0)) }
        }
        return header(0, 1, 1) + [UInt8](repeating: 0, count: 7)
            + header(transitions.count, types.count, names.utf8.count)
            + transitions.flatMap { bytes($0.0) } + transitions.map(\.1)
            + types.flatMap { bytes($0.0) + [$0.1, $0.2] }
            + Array(names.utf8) + Array("\n\(footer)\n".utf8)
    }

    private func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private func zone(footer: String) throws -> Zone {
        try Zone(name: "Test", tzif: file(footer: footer))
    }

    private func transitions(_ footer: String, year: Int) throws -> [String] {
        let zone = try zone(footer: footer)
        var found: [String] = []
        var after = try instant("\(year)-01-01T00:00Z")
        while let next = zone.nextTransition(after: after),
            next.instant < (try instant("\(year + 1)-01-01T00:00Z"))
        {
            found.append("\(next.instant) \(next.shift)")
            after = next.instant
        }
        return found
    }

    @Test func `the footer's forms of dates are understood, tabulated and beyond`() throws {
        let cases = [
            ("EST5EDT,M3.2.0,M11.1.0", ["03-08T07:00:00Z 3600", "11-01T06:00:00Z -3600"]),
            ("<+03>-3<+04>,J60/0,J300/24", ["02-28T21:00:00Z 3600", "10-27T20:00:00Z -3600"]),
            ("AAA0BBB,59/0,300/0", ["03-01T00:00:00Z 3600", "10-27T23:00:00Z -3600"]),
            // Hours below 0 and beyond 24: version 3.
            ("AAA2BBB,M3.5.0/-1,M10.5.0/-1", ["03-29T01:00:00Z 3600", "10-25T00:00:00Z -3600"]),
            ("AAA-2BBB,M3.4.4/50,M10.4.4/50", ["03-28T00:00:00Z 3600", "10-23T23:00:00Z -3600"]),
            ("AAA3:30BBB2:00,M3.2.0,M11.1.0", ["03-08T05:30:00Z 5400", "11-01T04:00:00Z -5400"]),
        ]
        for (footer, expected) in cases {
            // The Gregorian calendar repeats after 400 years, weekdays included.
            for year in [2026, 2426, 9226] {
                #expect(try transitions(footer, year: year) == expected.map { "\(year)-\($0)" }, "\(footer)")
            }
        }
    }

    @Test func `29 February is counted by n and not by Jn`() throws {
        #expect(try transitions("AAA0BBB,J60/0,J300/0", year: 2028).first == "2028-03-01T00:00:00Z 3600")
        #expect(try transitions("AAA0BBB,60/0,300/0", year: 2028).first == "2028-03-01T00:00:00Z 3600")
        #expect(try transitions("AAA0BBB,59/0,300/0", year: 2028).first == "2028-02-29T00:00:00Z 3600")
    }

    @Test func `daylight time that never ends is one offset`() throws {
        let zone = try zone(footer: "XXX3EDT4,0/0,J365/23")
        #expect(zone.nextTransition(after: try instant("2026-01-01T00:00Z")) == nil)
        #expect(zone.offset(at: try instant("2026-01-01T00:00Z")) == -14_400)
        #expect(zone.abbreviation(at: try instant("2026-01-01T00:00Z")) == "EDT")
    }

    @Test func `the last transition holds until the footer's next one`() throws {
        let bytes = file(
            transitions: [(1_767_225_600, 1)],
            types: [(0, 0, 0), (7200, 0, 4)],
            footer: "BBB-2CCC,M3.2.0,M11.1.0"
        )
        let zone = try Zone(name: "Test", tzif: bytes)
        #expect(zone.offset(at: try instant("2025-12-31T23:59:59Z")) == 0)
        #expect(zone.offset(at: try instant("2026-02-01T00:00Z")) == 7200)
        #expect(zone.offset(at: try instant("2026-07-01T00:00Z")) == 10_800)
        #expect(zone.offset(at: try instant("3026-07-01T00:00Z")) == 10_800)
    }

    @Test func `a version 1 file is read in 32 bits`() throws {
        let header =
            Array("TZif\0".utf8) + [UInt8](repeating: 0, count: 15)
            + [0, 0, 0, 1, 2, 8].flatMap { bytes(Int32($0)) }
        let body =
            bytes(Int32(1_000_000)) + [1] + bytes(Int32(-3600)) + [0, 0] + bytes(Int32(3600)) + [1, 4]
        let zone = try Zone(name: "Old", tzif: header + body + Array("AAA\0BBB\0".utf8))
        #expect(zone.offset(at: Instant(seconds: 999_999)) == -3600)
        #expect(zone.offset(at: Instant(seconds: 1_000_000)) == 3600)
        #expect(zone.offset(at: Instant(seconds: 9_000_000_000)) == 3600)
        #expect(zone.abbreviation(at: Instant(seconds: 9_000_000_000)) == "BBB")
    }

    @Test func `a file cut short anywhere is an error`() throws {
        for name in ["Europe/London", "Asia/Tokyo"] {
            let whole = try #require(ZoneDatabase.embedded.bytes(named: name))
            for length in 0..<whole.count {
                #expect(throws: ZoneError.self) { try Zone(name: name, tzif: Array(whole.prefix(length))) }
            }
        }
    }

    @Test func `damaged bytes are an error or a zone, never a crash`() throws {
        let whole = try #require(ZoneDatabase.embedded.bytes(named: "Africa/Cairo"))
        var generator = SeededGenerator(seed: 20_261_121)
        let schedule = try Schedule("30 2 * * *")
        for _ in 0..<1500 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(
                    in: 0...255,
                    using: &generator
                )
            }
            guard let zone = try? Zone(name: "Damaged", tzif: damaged) else { continue }
            for dst in [DSTPolicy.vixie, .shift] {
                let job = Recurrence(schedule, zone: zone, dst: dst, anchor: Instant(seconds: 0))
                let found = job.occurrences(after: Instant(seconds: 0), before: Instant(seconds: 86_400 * 20))
                let instants = found.prefix(100).map(\.instant)
                #expect(instants == instants.sorted())
            }
            _ = zone.resolve(LocalDateTime(seconds: 1_000_000_000))
        }
    }

    struct Flaw: Sendable, CustomTestStringConvertible {
        var reason: String
        var transitions: [(Int64, UInt8)] = []
        var types: [(Int32, UInt8, UInt8)] = [(0, 0, 0)]
        var names = "AAA\0"
        var footer = "AAA0"
        var testDescription: String { reason }
    }

    static let flaws = [
        Flaw(reason: "its transitions are out of order", transitions: [(5, 0), (5, 0)]),
        Flaw(reason: "a transition has no type", transitions: [(5, 1)]),
        Flaw(reason: "a transition is out of range", transitions: [(.min, 0)]),
        Flaw(reason: "an offset is out of range", types: [(200_000, 0, 0)]),
        Flaw(reason: "a daylight flag is neither 0 nor 1", types: [(0, 2, 0)]),
        Flaw(reason: "an abbreviation has no end", types: [(0, 0, 9)]),
        Flaw(reason: "it has 0 types", types: []),
        Flaw(reason: "its footer \"AAA0BBB\" is not a POSIX rule", footer: "AAA0BBB"),
        Flaw(reason: "its footer \"A0\" is not a POSIX rule", footer: "A0"),
        Flaw(
            reason: "its footer \"AAA0BBB,M13.1.0,M11.1.0\" is not a POSIX rule",
            footer: "AAA0BBB,M13.1.0,M11.1.0"
        ),
    ]

    @Test(arguments: flaws)
    func `a flaw is named`(flaw: Flaw) {
        let bytes = file(
            transitions: flaw.transitions,
            types: flaw.types,
            names: flaw.names,
            footer: flaw.footer
        )
        #expect(throws: ZoneError.malformed(name: "Test", reason: flaw.reason)) {
            try Zone(name: "Test", tzif: bytes)
        }
    }
}
