internal import Cron
internal import Domain
internal import Effects
internal import Integrations
internal import Scheduling

// **Watching.** One `SourceMachine` a stream: what it says is recorded, done, and told.
extension Flow {
    /// After a start: what flags say is what is so, and everything that was watched is watched again.
    mutating func takeUpSources(now: Timestamp) {
        for (name, source) in ledger.sources.sorted(by: { $0.key < $1.key }) {
            if source.set.isFromFlags, settings.sources[name] == nil {
                dropSource(name, now: now)
                continue
            }
            do {
                let bytes = try keys.open(source.set.settings, for: Self.sourcePlace(of: name))
                let json = try JSONReader.value(of: String(decoding: bytes, as: UTF8.self))
                beginWatching(name, try TutumSource.read(json), now: now)
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
            setSource(name, source, wish, isFromFlags: true, now: now)
        }
    }

    mutating func beginWatching(_ name: String, _ source: TutumSource, now: Timestamp) {
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
            resolveAlert(key: WatchedSource.silenceKey(of: name), .recovered, now: now)
        case .lost(let reason):
            resolveAlert(key: WatchedSource.silenceKey(of: name), .notWatched, now: now)
            write(.source(.lost(SourceLost(name: name, outage: machine.outages, reason: reason))), now)
            effects.append(.stream(.tell(name, .lost(reason))))
        case .refused(let reason):
            let record = SourceLost(name: name, outage: machine.outages, reason: reason, isRefused: true)
            write(.source(.lost(record)), now)
            effects.append(.stream(.tell(name, .unauthorized(reason))))
            tellOfRefusal(name, reason, now: now)
        case .alert: tellOfOutage(name, machine, now: now)
        case .silent: tellOfSilence(name, now: now)
        case .heard: resolveAlert(key: WatchedSource.silenceKey(of: name), .recovered, now: now)
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

    private mutating func tellOfSilence(_ name: String, now: Timestamp) {
        let span = ledger.sources[name]?.set.silentAfter?.text ?? ""
        openAlert(
            AlertOpened(
                job: nil,
                key: WatchedSource.silenceKey(of: name),
                severity: .warning,
                cause: .missed,
                title: "The stream \(name) is connected, and has said nothing for \(span)",
                details: ["`chronatog stream show \(name)` says when it said something last."],
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
