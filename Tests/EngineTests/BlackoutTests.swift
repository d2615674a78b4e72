import Domain
import Effects
import Engine
import Testing

@Suite struct BlackoutTests {
    private let start = EngineRig.start

    private func blackout(_ name: String, _ time: BlackoutTime, labels: [String] = []) -> Blackout {
        Blackout(name: name, time: time, labels: labels)
    }

    @Test func `slots inside are excluded and say so, and those at the edges belong to the right side`()
        async throws
    {
        let rig = try await EngineRig()
        let job = try await rig.add("0 * * * *")
        let other = try await rig.add("0 * * * *") { $0.labels = ["db"] }
        let time = BlackoutTime.once(from: start + .hours(2), to: start + .hours(4))
        _ = try await rig.engine.setBlackout(blackout("upgrade", time, labels: ["db"]), calendarURL: nil)
        try await rig.advance(.hours(6) + .minutes(1))
        #expect(try await rig.results(job) == [.ok: 6])
        #expect(try await rig.results(other) == [.ok: 4, .excluded: 2])
        let excluded = try await rig.records(other).compactMap { entry -> SlotsDecided? in
            if case .slotsDecided(let record) = entry.record { record } else { nil }
        }
        #expect(excluded.map(\.first.instant) == [start + .hours(2), start + .hours(3)])
        #expect(excluded.allSatisfy { $0.reason == .blackout })
        await rig.stop()
    }

    @Test func `what was missed in a blackout is not caught up, and the rest is`() async throws {
        let rig = try await EngineRig()
        let job = try await rig.add("0 * * * *") { $0.catchup.mode = .last }
        let time = BlackoutTime.once(from: start + .hours(2), to: start + .hours(4))
        _ = try await rig.engine.setBlackout(blackout("upgrade", time), calendarURL: nil)
        // The clock leaps over all of it, as if the machine had slept.
        _ = try await rig.engine.drive(.set(start + .hours(5) + .minutes(30)))
        try await rig.advance(.minutes(1))
        #expect(try await rig.results(job) == [.ok: 1, .coalesced: 2, .excluded: 2])
        await rig.stop()
    }

    /// What was decided of a job's slots, in order.
    private func story(_ job: JobID, _ rig: EngineRig) async throws -> [String] {
        try await rig.records(job).compactMap { entry -> String? in
            switch entry.record {
            case .slotsDecided(let r): "\(r.result.word) \((r.last.instant - start).text)"
            case .slotDecided(let r):
                "\(r.reason.word) \((r.slot.instant - start).text) at \((entry.time - start).text)"
            default: nil
            }
        }
    }

    @Test func `run-after keeps the newest slot for the end of the blackout, over a restart`() async throws {
        let disk = MemoryDisk()
        var rig = try await EngineRig(disk: disk)
        let job = try await rig.add("0 * * * *") { $0.blackoutThen = .runAfter }
        // The second follows the first without a break.
        for (name, from, to) in [
            ("a", Span.minutes(90), Span.minutes(200)), ("b", .minutes(200), .minutes(270)),
        ] {
            let time = BlackoutTime.once(from: start + from, to: start + to)
            _ = try await rig.engine.setBlackout(blackout(name, time), calendarURL: nil)
        }
        try await rig.advance(.hours(3))
        #expect(try await story(job, rig) == ["due 1h at 1h"])
        #expect(try await rig.engine.job(job, as: .operator).heldBackUntil == start + .minutes(270))
        await rig.stop()
        rig = try await EngineRig(disk: disk, start: start + .hours(4))
        try await rig.advance(.hours(2))
        let end = ["excluded 3h", "after-blackout 4h at 4h30m", "due 5h at 5h", "due 6h at 6h"]
        #expect(try await story(job, rig) == ["due 1h at 1h"] + end)
        #expect(try await rig.results(job) == [.ok: 4, .excluded: 2])
        await rig.stop()
    }

    @Test
    func
        `an edit or a removed blackout ends the waiting, and too late is too late`()
        async throws
    {
        let disk = MemoryDisk()
        var rig = try await EngineRig(disk: disk)
        let time = BlackoutTime.once(from: start + .minutes(30), to: start + .hours(10))
        _ = try await rig.engine.setBlackout(blackout("long", time), calendarURL: nil)
        let kept = try await rig.add("0 * * * *") { $0.blackoutThen = .runAfter }
        let edited = try await rig.add("0 * * * *") { $0.blackoutThen = .runAfter }
        try await rig.advance(.hours(2) + .minutes(10))
        _ = try await rig.engine.revise(edited, as: .operator) { definition in
            var definition = definition
            definition.schedule = ["30 * * * *"]
            return JobDraft(definition)
        }
        #expect(try await story(edited, rig) == ["excluded 2h"])
        try await rig.engine.removeBlackout("long")
        try await rig.advance(.minutes(1))
        #expect(try await story(kept, rig) == ["coalesced 1h", "caught-up 2h at 2h10m"])
        let short = BlackoutTime.once(from: start + .minutes(170), to: start + .minutes(190))
        _ = try await rig.engine.setBlackout(blackout("short", short), calendarURL: nil)
        let late = try await rig.add("0 3 * * *") {
            $0.blackoutThen = .runAfter
            $0.catchup.window = .hours(1)
        }
        try await rig.advance(.minutes(50))
        await rig.stop()
        rig = try await EngineRig(disk: disk, start: start + .hours(6))
        try await rig.advance(.minutes(1))
        #expect(try await story(late, rig) == ["excluded 3h"])
        await rig.stop()
    }

    @Test func `a recurring blackout and a calendar last as their zone says, and outlast a restart`()
        async throws
    {
        let disk = MemoryDisk()
        var rig = try await EngineRig(disk: disk)
        let job = try await rig.add("0 * * * *")
        let nightly = BlackoutTime.recurring(
            schedule: "0 22 * * *",
            zone: "Europe/Berlin",
            lasting: .hours(2)
        )
        _ = try await rig.engine.setBlackout(blackout("night", nightly), calendarURL: nil)
        let file = """
            BEGIN:VCALENDAR
            BEGIN:VEVENT
            DTSTART;VALUE=DATE:20260102
            END:VEVENT
            END:VCALENDAR

            """
        let holiday = BlackoutTime.calendar(CalendarSource(zone: "UTC", bytes: Array(file.utf8)))
        _ = try await rig.engine.setBlackout(blackout("holiday", holiday), calendarURL: nil)
        try await rig.advance(.hours(12) + .minutes(1))
        await rig.stop()
        rig = try await EngineRig(disk: disk, start: start + .hours(12) + .minutes(1))
        try await rig.advance(.hours(36))
        // 21:00 and 22:00 in UTC on the first; all of the second.
        #expect(try await rig.results(job) == [.ok: 22, .excluded: 26])
        let views = try await rig.engine.blackouts()
        #expect(views.map(\.blackout.name) == ["holiday", "night"])
        #expect(views[0].next == nil)
        #expect(views[1].next?.from == Timestamp(seconds: 1_767_474_000))
        await rig.stop()
    }

    @Test func `a blackout that is removed excludes nothing more, and one that cannot be is refused`()
        async throws
    {
        let rig = try await EngineRig()
        let job = try await rig.add("0 * * * *")
        let always = BlackoutTime.once(from: start, to: start + .days(9))
        _ = try await rig.engine.setBlackout(blackout("long", always), calendarURL: nil)
        try await rig.advance(.hours(2) + .minutes(1))
        try await rig.engine.removeBlackout("long")
        try await rig.advance(.hours(1))
        #expect(try await rig.results(job) == [.ok: 1, .excluded: 2])
        await #expect(throws: CommandError.noSuchBlackout("long")) {
            try await rig.engine.removeBlackout("long")
        }
        for time in [
            BlackoutTime.once(from: start, to: start),
            .recurring(schedule: "0 0 30 2 *", zone: "UTC", lasting: .hours(1)),
            .recurring(schedule: "@daily", zone: "Mars/Base", lasting: .hours(1)),
            .calendar(CalendarSource(zone: "UTC", bytes: Array("hello".utf8))),
        ] {
            await #expect(throws: CommandError.self) {
                try await rig.engine.setBlackout(blackout("bad", time), calendarURL: nil)
            }
        }
        #expect(try await rig.engine.blackouts().isEmpty)
        await rig.stop()
    }

    @Test func `an alert that opens in a blackout is told when that is over`() async throws {
        let stub = ChannelStub()
        let rig = try await EngineRig(transport: stub, channels: ChannelStub.slack())
        let job = try await rig.add("0 * * * *", target: "/_sink/500") { $0.retry.retries = 0 }
        let time = BlackoutTime.once(from: start + .minutes(10), to: start + .minutes(50))
        _ = try await rig.engine.setBlackout(blackout("upgrade", time), calendarURL: nil)
        try await rig.advance(.minutes(20))
        _ = try await rig.engine.runNow(job, as: .operator, overlap: .allow)
        try await rig.advance(.minutes(25))
        #expect(try await rig.engine.openAlerts().count == 1)
        #expect(stub.told.isEmpty)
        try await rig.advance(.minutes(6))
        #expect(stub.told == ["Open"])
        await rig.stop()
    }

    private func calendar(_ day: String, tag: String) -> Answer {
        let lines = [
            "BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART;VALUE=DATE:\(day)", "END:VEVENT", "END:VCALENDAR",
        ]
        return Answer(
            status: 200,
            keptHeader: tag,
            body: Array(lines.map { "\($0)\r\n" }.joined().utf8)
        )
    }

    @Test func `a calendar that is set again with the same address stays as it was read`() async throws {
        let stub = ChannelStub(
            calendar("20260301", tag: "\"one\""),
            Answer(status: 503),
            Answer(status: 503)
        )
        let rig = try await EngineRig(transport: stub)
        func set(_ url: String, labels: [String]) async throws -> BlackoutView {
            let time = BlackoutTime.calendar(CalendarSource(zone: "UTC", bytes: []))
            let blackout = Blackout(name: "holidays", time: time, labels: labels)
            let view = try await rig.engine.setBlackout(blackout, calendarURL: url)
            #expect(view.isPending)
            try await rig.advance(.seconds(1))
            return try #require(try await rig.engine.blackouts().first)
        }
        let day = start + .days(59)
        let first = try await set("https://example.com/a.ics", labels: [])
        #expect(first.next?.from == day && first.events == 1 && !first.isPending && first.fault == nil)
        let again = try await set("https://example.com/a.ics", labels: ["db"])
        #expect(again.next?.from == day && again.events == 1)
        #expect(again.fault == "it answered 503" && again.readAgainAt == start + .minutes(15) + .seconds(1))
        #expect(stub.heard.last?.headers.contains("If-None-Match: \"one\"") == true)
        let other = try await set("https://example.com/b.ics", labels: ["db"])
        #expect(other.next == nil && other.events == 0)
        #expect(stub.heard.last?.headers.contains("If-None-Match") == false)
        await rig.stop()
    }
}
