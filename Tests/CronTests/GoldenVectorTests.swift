import Cron
import Testing

/// The table of semantics §4.1, cell by cell.
struct GoldenVectorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var expression: String
        var zone: String
        var day: String
        var dst: DSTPolicy
        var count: Int
        /// The first ones, on the day before or on the day, UTC.
        var times: [String]

        var testDescription: String { "\(expression) in \(zone) on \(day) under \(dst.rawValue)" }
    }

    private static func rows(
        _ expression: String,
        _ zone: String,
        _ day: String,
        _ cells: [(DSTPolicy, Int, [String])]
    ) -> [Row] {
        cells.map { Row(expression: expression, zone: zone, day: day, dst: $0.0, count: $0.1, times: $0.2) }
    }

    private static let newYork = "America/New_York"
    private static let spring = "2026-03-08"
    private static let autumn = "2026-11-01"

    static let gapRows: [Row] =
        rows(
            "30 2 * * *",
            newYork,
            spring,
            [
                (.vixie, 1, ["07:00"]), (.literal, 0, []), (.once, 0, []), (.shift, 1, ["07:30"]),
            ]
        )
        + rows(
            "30,45 2 * * *",
            newYork,
            spring,
            [
                (.vixie, 1, ["07:00"]), (.literal, 0, []), (.once, 0, []), (.shift, 2, ["07:30", "07:45"]),
            ]
        )
        + rows(
            "*/15 2 * * *",
            newYork,
            spring,
            [
                (.vixie, 0, []), (.literal, 0, []), (.once, 0, []),
                (.shift, 4, ["07:00", "07:15", "07:30", "07:45"]),
            ]
        )
        + rows(
            "0 3 * * *",
            newYork,
            spring,
            [
                (.vixie, 1, ["07:00"]), (.literal, 1, ["07:00"]), (.once, 1, ["07:00"]),
                (.shift, 1, ["07:00"]),
            ]
        )
        + rows(
            "0 * * * *",
            newYork,
            spring,
            [
                (.vixie, 23, []), (.literal, 23, []), (.once, 23, []), (.shift, 23, []),
            ]
        )
        + rows(
            "30 */2 * * *",
            newYork,
            spring,
            [
                (.vixie, 11, ["05:30", "08:30"]), (.literal, 11, ["05:30", "08:30"]),
                (.once, 11, ["05:30", "08:30"]), (.shift, 12, ["05:30", "07:30", "08:30"]),
            ]
        )

    static let foldRows: [Row] =
        rows(
            "30 1 * * *",
            newYork,
            autumn,
            [
                (.vixie, 1, ["05:30"]), (.literal, 2, ["05:30", "06:30"]), (.once, 1, ["05:30"]),
                (.shift, 1, ["05:30"]),
            ]
        )
        + rows(
            "0,30 1 * * *",
            newYork,
            autumn,
            [
                (.vixie, 2, ["05:00", "05:30"]), (.literal, 4, ["05:00", "05:30", "06:00", "06:30"]),
                (.once, 2, ["05:00", "05:30"]), (.shift, 2, ["05:00", "05:30"]),
            ]
        )
        + rows(
            "*/30 1 * * *",
            newYork,
            autumn,
            [
                (.vixie, 4, ["05:00", "05:30", "06:00", "06:30"]),
                (.literal, 4, ["05:00", "05:30", "06:00", "06:30"]),
                (.once, 2, ["05:00", "05:30"]), (.shift, 2, ["05:00", "05:30"]),
            ]
        )
        + rows(
            "0 * * * *",
            newYork,
            autumn,
            [
                (.vixie, 25, []), (.literal, 25, []), (.once, 24, ["04:00", "05:00", "07:00"]),
                (.shift, 24, []),
            ]
        )
        + rows(
            "30 0-3 * * *",
            newYork,
            autumn,
            [
                (.vixie, 4, ["04:30", "05:30", "07:30", "08:30"]), (.literal, 5, []), (.once, 4, []),
                (.shift, 4, []),
            ]
        )

    static let elsewhereRows: [Row] =
        rows(
            "0 0 * * *",
            "Africa/Cairo",
            "2026-04-24",
            [
                (.vixie, 1, ["22:00"]), (.literal, 0, []), (.once, 0, []), (.shift, 1, ["22:00"]),
            ]
        )
        + rows(
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-04",
            [
                (.vixie, 1, ["15:30"]), (.literal, 0, []), (.once, 0, []), (.shift, 1, ["15:45"]),
            ]
        )
        + rows(
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-05",
            [
                (.vixie, 1, ["14:45"]), (.literal, 2, ["14:45", "15:15"]), (.once, 1, ["14:45"]),
                (.shift, 1, ["14:45"]),
            ]
        )

    @Test(arguments: gapRows + foldRows + elsewhereRows)
    func `each policy gives the specified runs`(row: Row) throws {
        let found = try runs(recurrence(row.expression, row.zone, dst: row.dst), onDay: row.day)
        #expect(found.count == row.count)
        let times = found.map { String($0.rfc3339.dropFirst(11).prefix(5)) }
        #expect(Array(times.prefix(row.times.count)) == row.times)
    }

    @Test func `the vectors east of Greenwich fall on the day before in UTC`() throws {
        #expect(
            try runs(recurrence("0 0 * * *", "Africa/Cairo"), onDay: "2026-04-24").map(\.rfc3339)
                == ["2026-04-23T22:00:00Z"]
        )
        #expect(
            try runs(recurrence("15 2 * * *", "Australia/Lord_Howe"), onDay: "2026-10-04").map(\.rfc3339)
                == ["2026-10-03T15:30:00Z"]
        )
        #expect(
            try runs(recurrence("45 1 * * *", "Australia/Lord_Howe"), onDay: "2026-04-05").map(\.rfc3339)
                == ["2026-04-04T14:45:00Z"]
        )
    }
}
