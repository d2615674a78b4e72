import Cron
import Testing

struct ZoneTests {
    private func zone(_ name: String) throws -> Zone { try ZoneDatabase.embedded.zone(named: name) }

    @Test func `the embedded database knows its version and its zones`() throws {
        let database = ZoneDatabase.embedded
        #expect(database.version == "2025b")
        #expect(database.names.count > 590)
        #expect(database.names == database.names.sorted())
        #expect(database.names.contains("Europe/London") && !database.names.contains("posixrules"))
        #expect(try zone("Europe/London").version == "2025b")
        #expect(try zone("Europe/London") == zone("Europe/London"))
        #expect(database.bytes(named: "Europe/London")?.starts(with: Array("TZif".utf8)) == true)
        #expect(database.bytes(named: "Europe/Londo") == nil)
    }

    @Test func `every embedded zone is sound`() throws {
        for name in ZoneDatabase.embedded.names {
            let zone = try zone(name)
            let offset = zone.offset(at: Instant(seconds: 1_800_000_000))
            #expect((-43_200...50_400).contains(offset), "\(name)")
        }
    }

    @Test func `an unknown zone comes with the nearest name`() {
        #expect(throws: ZoneError.unknown(name: "Europe/Lodnon", nearest: "Europe/London")) {
            try ZoneDatabase.embedded.zone(named: "Europe/Lodnon")
        }
        #expect(throws: ZoneError.unknown(name: "europe/london", nearest: "Europe/London")) {
            try ZoneDatabase.embedded.zone(named: "europe/london")
        }
        #expect(throws: ZoneError.unknown(name: "../../etc/passwd", nearest: nil)) {
            try ZoneDatabase.embedded.zone(named: "../../etc/passwd")
        }
        #expect(
            ZoneError.unknown(name: "Mars", nearest: nil).description
                == "no time zone \"Mars\"; write an IANA name such as Europe/London or UTC"
        )
    }

    @Test func `offsets and abbreviations follow the rules`() throws {
        let newYork = try zone("America/New_York")
        #expect(newYork.offset(at: try instant("2026-03-08T06:59:59Z")) == -18_000)
        #expect(newYork.offset(at: try instant("2026-03-08T07:00:00Z")) == -14_400)
        #expect(newYork.abbreviation(at: try instant("2026-07-01T00:00:00Z")) == "EDT")
        #expect(newYork.abbreviation(at: try instant("2250-01-01T00:00:00Z")) == "EST")
        #expect(newYork.abbreviation(at: try instant("1800-01-01T00:00:00Z")) == "LMT")
        #expect(Zone.utc.offset(at: try instant("2026-07-01T00:00:00Z")) == 0)
        #expect(Zone.utc.nextTransition(after: Instant(seconds: 0)) == nil)
        #expect(Zone.utc.abbreviation(at: Instant(seconds: 0)) == "UTC")
    }

    @Test func `transitions are found in both directions`() throws {
        let zone = try zone("Australia/Lord_Howe")
        let next = try #require(zone.nextTransition(after: try instant("2026-04-10T00:00Z")))
        #expect(next.instant == (try instant("2026-10-03T15:30:00Z")))
        #expect(next.shift == 1800)
        #expect(next.localBefore == (try local("2026-10-04T02:00")))
        #expect(next.localAfter == (try local("2026-10-04T02:30")))
        #expect(zone.previousTransition(before: try instant("2026-04-10T00:00Z"))?.shift == -1800)
        #expect(
            zone.previousTransition(before: next.instant)?.instant == (try instant("2026-04-04T15:00:00Z"))
        )
        #expect(zone.previousTransition(before: try instant("1800-01-01T00:00Z")) == nil)
    }

    @Test func `a local time lies at one instant, at two, or in a gap`() throws {
        let zone = try zone("America/New_York")
        #expect(zone.resolve(try local("2026-07-01T12:00")) == .one(try instant("2026-07-01T16:00Z")))
        #expect(
            zone.resolve(try local("2026-11-01T01:30"))
                == .two(first: try instant("2026-11-01T05:30Z"), second: try instant("2026-11-01T06:30Z"))
        )
        #expect(
            zone.resolve(try local("2026-03-08T02:30"))
                == .gap(
                    transition: try instant("2026-03-08T07:00Z"),
                    shifted: try instant("2026-03-08T07:30Z")
                )
        )
        #expect(
            try self.zone("Pacific/Apia").resolve(try local("2011-12-30T09:00"))
                == .gap(
                    transition: try instant("2011-12-30T10:00Z"),
                    shifted: try instant("2011-12-30T19:00Z")
                )
        )
        #expect(zone.local(at: try instant("2026-11-01T06:30Z")) == (try local("2026-11-01T01:30"), 1))
        #expect(zone.local(at: try instant("2026-11-01T05:30Z")) == (try local("2026-11-01T01:30"), 0))
    }

    @Test func `far years follow the footer`() throws {
        let london = try zone("Europe/London")
        // Last Sundays of March and October 2500 and 9000.
        #expect(
            london.nextTransition(after: try instant("2500-01-01T00:00Z"))?.instant
                == (try instant("2500-03-28T01:00Z"))
        )
        #expect(
            london.nextTransition(after: try instant("2500-06-01T00:00Z"))?.instant
                == (try instant("2500-10-31T01:00Z"))
        )
        #expect(
            try runs(recurrence("0 12 1 7 *", "Europe/London"), from: "8999-12-01T00:00Z", count: 1)
                == ["9000-07-01T11:00:00Z"]
        )
        #expect(try zone("Asia/Tokyo").nextTransition(after: try instant("2100-01-01T00:00Z")) == nil)
    }

    @Test func `the folder of the system says the same as the embedded bundle`() throws {
        guard let folder = try? ZoneDatabase(directory: "/usr/share/zoneinfo") else { return }
        #expect(folder.names.contains("Europe/London"))
        #expect(folder.bytes(named: "../zoneinfo/UTC") == nil)
        guard folder.version == ZoneDatabase.embedded.version else { return }
        for name in [
            "Europe/London", "Africa/Casablanca", "Australia/Lord_Howe", "America/Argentina/Ushuaia",
        ] {
            var (here, there) = (Instant(seconds: -4_000_000_000), Instant(seconds: -4_000_000_000))
            let (embedded, system) = (try zone(name), try folder.zone(named: name))
            for _ in 0..<400 {
                guard let next = embedded.nextTransition(after: here) else { break }
                #expect(next == system.nextTransition(after: there))
                (here, there) = (next.instant, next.instant)
            }
        }
    }

    @Test func `a folder that is none is an error that names it`() {
        #expect(
            throws: ZoneError.unreadable(path: "/nowhere", reason: "it is not a folder that can be opened")
        ) {
            try ZoneDatabase(directory: "/nowhere")
        }
    }
}
