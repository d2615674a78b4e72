internal import Cron
internal import Dispatching
package import Domain
internal import Effects
internal import Integrations
internal import Scheduling

/// A blackout as the operator sees it.
package struct BlackoutView: Sendable {
    package var blackout: Blackout
    /// The stretch that it is in, or that comes next; nil when none comes any more.
    package var next: (from: Timestamp, to: Timestamp)?
    /// Where a calendar is read, without the path, which may be its key; nil for others.
    package var host: String?
    /// Of a calendar: how many events it has.
    package var events: Int?
    /// Why the calendar could not be read the last time.
    package var fault: String?
    /// It has not been read, and nobody has tried, since it was set or the server started.
    package var isPending = false
    package var readAgainAt: Timestamp?
}

/// Reading calendars that are somewhere else.
struct CalendarReading: Sendable {
    /// Names by the number that their alarm and their call carry; a number is never used again.
    var names: [String] = []
    /// Calls under way, by their id.
    var calls: [UInt64: Call] = [:]
    /// What was learnt of each calendar, by name; nothing of one that is set anew, or gone.
    var known: [String: Known] = [:]

    struct Known: Sendable {
        var fault: String?
        /// What the place said of the bytes that we have (RFC 9110, ETag), for it to say that they are the
        /// newest.
        var tag: String?
        /// The first reading has had no outcome yet.
        var isPending = false
        var readAgainAt: Timestamp?
    }

    static let every = Span.hours(6)
    static let afterFault = Span.minutes(15)
    /// Ids of these calls are apart from all sequences, and from those of check-ins.
    private static let mark: UInt64 = 1 << 62

    static func id(of number: Int) -> UInt64 { mark | UInt64(number) }
    static func number(of id: UInt64) -> Int? { id & ~(mark - 1) == mark ? Int(id & (mark - 1)) : nil }
}

// **Blackouts**: times in which jobs do not run, kept as records, compiled when they are set.
extension Flow {
    /// What a job is under; nil for most.
    mutating func cover(of job: JobID) -> BlackoutCover? {
        if blackouts.isEmpty { return nil }
        return blackouts.cover(labels: courier.prepare(job, ledger)?.definition.labels ?? [])
    }

    package mutating func setBlackout(_ blackout: Blackout, now: Timestamp) throws(CommandError)
        -> BlackoutView
    {
        guard ledger.blackouts[blackout.name] != nil || ledger.blackouts.count < Blackout.countMax else {
            throw .conflict("there are \(Blackout.countMax) blackouts already; remove some first")
        }
        var blackout = blackout
        var known = CalendarReading.Known()
        if let kept = keptCalendar(of: blackout) {
            blackout.time = .calendar(kept)
            known.tag = calendars.known[blackout.name]?.tag
        }
        excludePassed(now: now)
        try compile(blackout, now: now)
        switch blackout.time {
        case .once: break
        case .recurring(_, let zone, _): adoptZone(zone, now: now)
        case .calendar(let source): adoptZone(source.zone, now: now)
        }
        write(.blackoutSet(blackout), now)
        reviewExcluded(now: now)
        calendars.known[blackout.name] = known
        readSoon(blackout, at: now)
        reviewHeldBack(now: now)
        return view(blackout, now: now)
    }

    /// Set anew with the same address, a calendar stays as it was read last until it is read again.
    private func keptCalendar(of blackout: Blackout) -> CalendarSource? {
        guard case .calendar(var source) = blackout.time, source.url != nil,
            let old = ledger.blackouts[blackout.name], case .calendar(let kept) = old.time,
            let address = address(of: blackout), address == self.address(of: old)
        else { return nil }
        source.bytes = kept.bytes
        return source
    }

    package mutating func removeBlackout(_ name: String, now: Timestamp) throws(CommandError) {
        guard ledger.blackouts[name] != nil else { throw .noSuchBlackout(name) }
        excludePassed(now: now)
        write(.blackoutRemoved(BlackoutRemoved(name: name)), now)
        blackouts.remove(name)
        calendars.known[name] = nil
        reviewHeldBack(now: now)
        reviewExcluded(now: now)
    }

    /// The blackouts have changed: what waits for the end of one may wait no longer, or for another.
    private mutating func reviewHeldBack(now: Timestamp) {
        for job in heldBack.keys { timetable.set(job, at: now) }
        heldBack = [:]
        reviewSilences(now: now)
    }

    /// In order of name.
    package func blackoutViews(now: Timestamp) -> [BlackoutView] {
        ledger.blackouts.sorted { $0.key < $1.key }.map { view($0.value, now: now) }
    }

    private func view(_ blackout: Blackout, now: Timestamp) -> BlackoutView {
        let known = calendars.known[blackout.name]
        return BlackoutView(
            blackout: blackout,
            next: blackouts.cover(named: blackout.name)?.next(after: now),
            host: address(of: blackout)?.origin.host,
            events: blackouts.eventCount(of: blackout.name),
            fault: known?.fault,
            isPending: known?.isPending ?? false,
            readAgainAt: known?.readAgainAt
        )
    }

    /// After a start. A blackout that this build cannot read says so where it is listed, and covers nothing.
    mutating func takeUpBlackouts(now: Timestamp) {
        for (name, blackout) in ledger.blackouts.sorted(by: { $0.key < $1.key }) {
            do {
                try compile(blackout, now: now)
            } catch {
                calendars.known[name] = CalendarReading.Known(fault: "\(error)")
            }
            readSoon(blackout, at: now)
        }
    }

    private mutating func compile(_ blackout: Blackout, now: Timestamp) throws(CommandError) {
        func fault(_ field: String, _ message: String) -> CommandError {
            .invalid([CommandError.Fault(field: field, message: message)])
        }
        let (adopted, zones) = (ledger.zones, settings.zones)
        do {
            try blackouts.set(
                blackout,
                zone: { name in
                    if let zone = adopted[name] {
                        return try? Zone(name: zone.name, version: zone.version, tzif: zone.bytes)
                    }
                    return try? zones.zone(named: name)
                },
                now: now
            )
        } catch {
            switch error {
            case .empty: throw fault("to", "has to be later than from, and a length at least 1s")
            case .zone(let name): throw fault("zone", "\"\(name)\" is no time zone of the IANA database")
            case .schedule(let text): throw fault("schedule", text)
            case .calendar(let text): throw fault("ics", text)
            }
        }
    }

    // MARK: Calendars somewhere else

    private func address(of blackout: Blackout) -> WebAddress? {
        guard case .calendar(let source) = blackout.time, let sealed = source.url,
            let text = try? keys.open(sealed, for: Self.place(ofCalendar: blackout.name))
        else { return nil }
        return try? WebAddress(String(decoding: text, as: UTF8.self))
    }

    private static func place(ofCalendar name: String) -> SecretPlace {
        SecretPlace(account: 0, object: "blackout/\(name)", field: "url")
    }

    package func sealCalendar(url: String, of name: String) -> Sealed {
        keys.seal(Array(url.utf8), for: Self.place(ofCalendar: name))
    }

    private mutating func readSoon(_ blackout: Blackout, at time: Timestamp) {
        guard case .calendar(let source) = blackout.time, source.url != nil else { return }
        calendars.names.append(blackout.name)
        calendars.known[blackout.name, default: CalendarReading.Known()].isPending = true
        timetable.set(.calendar(UInt32(calendars.names.count - 1)), at: time)
    }

    /// The time to read a calendar has come.
    mutating func calendarDue(_ number: Int, now: Timestamp) {
        let name = calendars.names[number]
        // An older number of the same name was overtaken by a change.
        guard calendars.names.lastIndex(of: name) == number, let blackout = ledger.blackouts[name] else {
            return
        }
        guard let address = address(of: blackout) else {
            let fault = "its address does not open with this folder's keys"
            return calendars.known[name] = CalendarReading.Known(fault: fault)
        }
        let tag = calendars.known[name]?.tag
        let known = tag.map { [ChannelRequest.Header("If-None-Match", $0)] } ?? []
        let request = ChannelRequest(
            "GET",
            address,
            headers: [
                .init("User-Agent", settings.userAgent), .init("Accept", "text/calendar, */*;q=0.5"),
            ] + known,
            keepHeader: "etag"
        )
        let id = CalendarReading.id(of: number)
        var call = request.call(
            id: id,
            deadlines: .long,
            keepBodyBytesMax: CalendarFile.bytesMax
        )
        call.redirectsMax = 3
        calendars.calls[id] = call
        effects.append(.post(id))
    }

    /// What the place of a calendar answered. A calendar that cannot be read stays as it was.
    mutating func readCalendar(_ outcome: Outcome, _ number: Int, now: Timestamp) {
        calendars.calls[outcome.id] = nil
        let name = calendars.names[number]
        guard calendars.names.lastIndex(of: name) == number, var blackout = ledger.blackouts[name],
            case .calendar(var source) = blackout.time
        else { return }
        var known = calendars.known[name] ?? CalendarReading.Known()
        var fault: String?
        switch outcome.result {
        case .failed(let failure): fault = failure.message
        case .answered(let answer) where answer.status == 304 && known.tag != nil: break
        case .answered(let answer) where answer.status != 200: fault = "it answered \(answer.status)"
        case .answered(let answer) where answer.isTruncated:
            fault = "it is longer than \(CalendarFile.bytesMax) bytes"
        case .answered(let answer):
            source.bytes = answer.body
            blackout.time = .calendar(source)
            do {
                excludePassed(now: now)
                try compile(blackout, now: now)
                if ledger.blackouts[name] != blackout {
                    write(.blackoutSet(blackout), now)
                    reviewExcluded(now: now)
                }
                known.tag = answer.keptHeader
                reviewHeldBack(now: now)
            } catch {
                if case .invalid(let faults) = error { fault = faults.first?.message }
            }
        }
        let next = now + (fault == nil ? CalendarReading.every : CalendarReading.afterFault)
        (known.fault, known.isPending, known.readAgainAt) = (fault, false, next)
        calendars.known[name] = known
        timetable.set(.calendar(UInt32(number)), at: next)
    }
}
