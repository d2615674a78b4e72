internal import Cron
package import Domain
internal import Effects
internal import Integrations
internal import Scheduling

// Streams that are watched: kept as records, run by one `SourceMachine` each, told to whoever waits.
extension Flow {
    // MARK: What people may ask

    /// Makes a stream, or changes the one of that name as a whole.
    package mutating func setSource(
        _ name: String,
        _ wish: SourceWish,
        now: Timestamp
    ) throws(CommandError) -> SourceView {
        try checkName(name)
        let known = ledger.sources[name]
        guard known?.set.isFromFlags != true else { throw Self.isFromFlags(name) }
        guard known != nil || ledger.sources.count < WatchedSource.countMax else {
            throw .conflict(
                "there are \(WatchedSource.countMax) streams, which is the most; remove one first"
            )
        }
        if let after = wish.alertAfter, after > .days(30) {
            throw .invalid([CommandError.Fault(field: "alert_after", message: "is more than 30d")])
        }
        let source = try read(wish.settings, keeping: watching[name]?.source)
        set(name, source, wish, now: now)
        return try sourceView(name)
    }

    package mutating func removeSource(_ name: String, now: Timestamp) throws(CommandError) {
        guard let known = ledger.sources[name] else { throw noSuchSource(name) }
        guard !known.set.isFromFlags else { throw Self.isFromFlags(name) }
        remove(name, now: now)
    }

    /// Paused, it is not watched, and nothing is told of it.
    package mutating func pauseSource(
        _ name: String,
        _ isPaused: Bool,
        now: Timestamp
    ) throws(CommandError) -> SourceView {
        guard var set = ledger.sources[name]?.set else { throw noSuchSource(name) }
        guard let source = watching[name]?.source else {
            throw .conflict("the settings of \(name) cannot be read any more; give them anew")
        }
        if isPaused, set.isPaused { throw .conflict("stream \(name) is paused already") }
        if !isPaused, !set.isPaused, ledger.sources[name]?.isRefused != true {
            throw .conflict("stream \(name) is neither paused nor unauthorized")
        }
        set.isPaused = isPaused
        keep(set, source, now: now)
        return try sourceView(name)
    }

    /// In order of name.
    package func sourceViews() -> [SourceView] {
        ledger.sources.sorted { $0.key < $1.key }.compactMap { try? sourceView($0.key) }
    }

    package func sourceView(_ name: String) throws(CommandError) -> SourceView {
        guard let source = ledger.sources[name] else { throw noSuchSource(name) }
        let watch = watching[name]
        var state = "unwatched"
        var retryAt: Timestamp?
        switch watch?.machine.state {
        case nil: break
        case .paused?: state = source.set.isPaused ? "paused" : "unwatched"
        case .connecting?: state = "connecting"
        case .open?: state = "open"
        case .authenticated?: state = "authenticated"
        case .unauthorized?: state = "unauthorized"
        case .waiting(let until)?:
            state = "waiting"
            retryAt = until
        }
        let reason = watching.unreadable[name] ?? watch?.machine.reason ?? ""
        return SourceView(
            source: source,
            login: watch?.source.shownLogin ?? "",
            state: state,
            reason: reason.isEmpty ? nil : reason,
            retryAt: retryAt,
            events: watch?.events ?? 0,
            lastEventAt: watch?.lastEventAt
        )
    }

    /// The server that a stream with these settings would be watched at, for the egress policy to judge.
    func sourceOrigin(_ name: String, _ settings: JSON) throws(CommandError) -> Origin {
        try read(settings, keeping: watching[name]?.source).address.origin
    }

    private func noSuchSource(_ name: String) -> CommandError {
        .noSuchStream(name, known: ledger.sources.keys.sorted())
    }

    private static func isFromFlags(_ name: String) -> CommandError {
        .conflict("stream \(name) is made by flags or the environment; change it there and restart")
    }

    private func checkName(_ name: String) throws(CommandError) {
        let isName =
            !name.isEmpty && name.utf8.count <= WatchedSource.nameBytesMax
            && name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || "._-".contains($0)) }
        if !isName {
            let message = "has to be 1 to \(WatchedSource.nameBytesMax) of a-z 0-9 . _ -"
            throw .invalid([CommandError.Fault(field: "name", message: message)])
        }
    }

    private func read(_ settings: JSON, keeping known: TutumSource?) throws(CommandError) -> TutumSource {
        do throws(ChannelSettingsError) {
            return try TutumSource.read(settings, keeping: known)
        } catch {
            throw .invalid(error.faults.map { CommandError.Fault(field: $0.field, message: $0.predicate) })
        }
    }

    // MARK: Records

    private static func place(of name: String) -> SecretPlace {
        SecretPlace(account: 0, object: "stream/\(name)", field: "settings")
    }

    private mutating func set(
        _ name: String,
        _ source: TutumSource,
        _ wish: SourceWish,
        isFromFlags: Bool = false,
        now: Timestamp
    ) {
        keep(
            SourceSet(
                name: name,
                settings: keys.seal(Array(source.json.text.utf8), for: Self.place(of: name)),
                address: source.shown,
                alertAfter: wish.alertAfter,
                takesNotifications: wish.takesNotifications,
                isPaused: wish.isPaused,
                isFromFlags: isFromFlags
            ),
            source,
            now: now
        )
    }

    /// Whatever it did before, it begins anew as it is wanted now.
    private mutating func keep(_ set: SourceSet, _ source: TutumSource, now: Timestamp) {
        leave(set.name)
        write(.source(.set(set)), now)
        resolveAlert(key: WatchedSource.refusalKey(of: set.name), .notWatched, now: now)
        if set.isPaused || set.alertAfter == nil {
            resolveAlert(key: WatchedSource.alertKey(of: set.name), .notWatched, now: now)
        }
        watching.unreadable[set.name] = nil
        watch(set.name, source, now: now)
    }

    private mutating func remove(_ name: String, now: Timestamp) {
        leave(name)
        write(.source(.removed(SourceRemoved(name: name))), now)
        resolveAlert(key: WatchedSource.alertKey(of: name), .notWatched, now: now)
        resolveAlert(key: WatchedSource.refusalKey(of: name), .notWatched, now: now)
        watching.unreadable[name] = nil
        watching.left[name] = nil
    }

    private mutating func leave(_ name: String) {
        guard let watch = watching[name] else { return }
        if watch.attempt > 0 { effects.append(.stream(.close(watch.connection))) }
        watching[name] = nil
    }

    // MARK: Watching

    /// After a start: what flags say is what is so, and everything that was watched is watched again.
    mutating func takeUpSources(now: Timestamp) {
        for (name, source) in ledger.sources.sorted(by: { $0.key < $1.key }) {
            if source.set.isFromFlags, settings.sources[name] == nil {
                remove(name, now: now)
                continue
            }
            do {
                let bytes = try keys.open(source.set.settings, for: Self.place(of: name))
                let json = try JSONReader.value(of: String(decoding: bytes, as: UTF8.self))
                watch(name, try TutumSource.read(json), now: now)
            } catch {
                watching.unreadable[name] = "its settings cannot be read (\(error)): give them anew"
            }
        }
        for (name, wish) in settings.sources.sorted(by: { $0.key < $1.key }) {
            // Configuration has read the same before.
            guard let source = try? TutumSource.read(wish.settings) else { continue }
            let known = ledger.sources[name]?.set
            guard
                known?.isFromFlags != true || watching[name]?.source != source
                    || known?.alertAfter != wish.alertAfter
            else { continue }
            set(name, source, wish, isFromFlags: true, now: now)
        }
    }

    private mutating func watch(_ name: String, _ source: TutumSource, now: Timestamp) {
        guard let known = ledger.sources[name] else { return }
        watching.begin(name, source, SourceMachine(known))
        guard !known.set.isPaused, settings.watchesStreams else { return }
        step(name, now: now) { $0.start(now: now) }
    }

    /// The time of a stream's machine has come.
    mutating func sourceDue(_ number: UInt32, now: Timestamp) {
        guard let name = watching.name(of: number), let watch = watching[name], watch.alarmAt <= now else {
            return
        }
        watching[name]?.alarmAt = .distantFuture
        let chance = self.chance()
        step(name, now: now) { $0.wake(now: now, chance: chance) }
    }

    /// What came of streams since the last turn.
    /// - Parameter hasRoom: the disk takes new promises; otherwise events are left out, and only what became
    ///   of the streams themselves is recorded.
    mutating func hear(_ mail: StreamMail, hasRoom: Bool, now: Timestamp) {
        if mail.isEmpty && watching.left.isEmpty || isStopping { return }
        for new in mail.news {
            guard let name = watching.name(ofConnection: new.id) else { continue }
            var chance = 0.0
            if case .text = new.signal {
                guard hasRoom else {
                    watching.left[name, default: 0] += 1
                    continue
                }
            } else {
                chance = self.chance()
            }
            step(name, now: now) { $0.receive(new.signal, now: now, chance: chance) }
        }
        for (id, count) in mail.dropped {
            if let name = watching.name(ofConnection: id) { watching.left[name, default: 0] += count }
        }
        guard hasRoom else { return }
        for (name, count) in watching.left.sorted(by: { $0.key < $1.key }) {
            write(.source(.overflowed(SourceOverflowed(name: name, events: count))), now)
            effects.append(.stream(.tell(name, .overflowed(count))))
        }
        watching.left = [:]
    }

    /// Lets a machine take a step, does what it says, and sets the alarm for its next one.
    private mutating func step(
        _ name: String,
        now: Timestamp,
        _ body: (inout SourceMachine) -> [SourceMachine.Action]
    ) {
        guard var watch = watching[name] else { return }
        let actions = body(&watch.machine)
        watching[name] = watch
        for action in actions { perform(action, name, watch.machine, now: now) }
        guard let next = watching[name]?.machine.wakeAt, next < watching[name]?.alarmAt ?? .distantPast
        else { return }
        watching[name]?.alarmAt = next
        timetable.set(.source(watch.number), at: next)
    }

    /// From 0 to 1.
    private func chance() -> Double {
        Double(entropy.bytes(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }) / Double(UInt32.max)
    }

    private mutating func perform(
        _ action: SourceMachine.Action,
        _ name: String,
        _ machine: SourceMachine,
        now: Timestamp
    ) {
        switch action {
        case .connect: connect(name)
        case .disconnect:
            if let watch = watching[name] { effects.append(.stream(.close(watch.connection))) }
        case .connected: effects.append(.stream(.tell(name, .connected)))
        case .opened:
            write(.source(.opened(SourceOpened(name: name, outage: machine.outages))), now)
            effects.append(.stream(.tell(name, .authenticated)))
            resolveAlert(key: WatchedSource.alertKey(of: name), .recovered, now: now)
            resolveAlert(key: WatchedSource.refusalKey(of: name), .recovered, now: now)
        case .lost(let reason):
            write(.source(.lost(SourceLost(name: name, outage: machine.outages, reason: reason))), now)
            effects.append(.stream(.tell(name, .lost(reason))))
        case .refused(let reason):
            let record = SourceLost(name: name, outage: machine.outages, reason: reason, isRefused: true)
            write(.source(.lost(record)), now)
            effects.append(.stream(.tell(name, .unauthorized(reason))))
            tellOfRefusal(name, reason, now: now)
        case .alert: tellOfOutage(name, machine, now: now)
        case .happened(let kind, let message, let detail):
            happened(
                SourceHappening(
                    source: name,
                    kind: kind,
                    at: now,
                    message: message,
                    detail: detail,
                    outage: machine.outages
                ),
                now: now
            )
        }
    }

    private mutating func connect(_ name: String) {
        watching[name]?.attempt += 1
        guard let watch = watching[name] else { return }
        let opening = StreamOpening(
            id: watch.connection,
            origin: watch.source.address.origin,
            target: watch.source.target,
            headerLines: watch.source.headerLines(userAgent: settings.userAgent),
            messageBytesMax: SourceMachine.messageBytesMax
        )
        effects.append(.stream(.open(opening)))
    }

    // MARK: Alerts

    private mutating func tellOfOutage(_ name: String, _ machine: SourceMachine, now: Timestamp) {
        let since = Instant(seconds: (machine.lostSince ?? now).seconds).rfc3339
        let title =
            name == "tutum" ? "Tutum Stream connection closed." : "The stream \(name) is not connected"
        openAlert(
            AlertOpened(
                job: nil,
                key: WatchedSource.alertKey(of: name),
                severity: .error,
                cause: .disconnected,
                title: title,
                details: [
                    "Since \(since): \(machine.reason)",
                    "It is opened again and again; `chronatog stream show \(name)` says how it stands.",
                ],
                jobName: "stream \(name)"
            ),
            now: now
        )
    }

    private mutating func tellOfRefusal(_ name: String, _ reason: String, now: Timestamp) {
        openAlert(
            AlertOpened(
                job: nil,
                key: WatchedSource.refusalKey(of: name),
                severity: .error,
                cause: .unauthorized,
                title: "The stream \(name) refuses our credentials, and is not watched any more",
                details: [
                    "It was asked as it is configured, and \(reason).",
                    "Give other credentials, or try these again: `chronatog stream resume \(name)`.",
                ],
                jobName: "stream \(name)"
            ),
            now: now
        )
    }
}
