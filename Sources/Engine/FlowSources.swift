package import Domain
internal import Effects
internal import Integrations

// Streams that are watched, as people ask for them and as records keep them (`FlowWatching` runs them).
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
        for (field, span) in [("alert_after", wish.alertAfter), ("silent_after", wish.silentAfter)] {
            guard let span, span > .days(30) else { continue }
            throw .invalid([CommandError.Fault(field: field, message: "is more than 30d")])
        }
        let source = try read(wish.settings, keeping: watching[name]?.source)
        setSource(name, source, wish, now: now)
        return try sourceView(name)
    }

    package mutating func removeSource(_ name: String, now: Timestamp) throws(CommandError) {
        guard let known = ledger.sources[name] else { throw noSuchSource(name) }
        guard !known.set.isFromFlags else { throw Self.isFromFlags(name) }
        dropSource(name, now: now)
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

    /// What the flow counts of itself, with how its streams stand.
    var figures: FlowMetrics {
        var figures = metrics
        if !ledger.sources.isEmpty { figures.streams = sourceViews() }
        return figures
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

    static func sourcePlace(of name: String) -> SecretPlace {
        SecretPlace(account: 0, object: "stream/\(name)", field: "settings")
    }

    mutating func setSource(
        _ name: String,
        _ source: TutumSource,
        _ wish: SourceWish,
        isFromFlags: Bool = false,
        now: Timestamp
    ) {
        keep(
            SourceSet(
                name: name,
                settings: keys.seal(Array(source.json.text.utf8), for: Self.sourcePlace(of: name)),
                address: source.shown,
                alertAfter: wish.alertAfter,
                silentAfter: wish.silentAfter,
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
        resolveAlert(key: WatchedSource.silenceKey(of: set.name), .notWatched, now: now)
        if set.isPaused || set.alertAfter == nil {
            resolveAlert(key: WatchedSource.alertKey(of: set.name), .notWatched, now: now)
        }
        watching.unreadable[set.name] = nil
        beginWatching(set.name, source, now: now)
    }

    mutating func dropSource(_ name: String, now: Timestamp) {
        leave(name)
        write(.source(.removed(SourceRemoved(name: name))), now)
        resolveAlert(key: WatchedSource.alertKey(of: name), .notWatched, now: now)
        resolveAlert(key: WatchedSource.refusalKey(of: name), .notWatched, now: now)
        resolveAlert(key: WatchedSource.silenceKey(of: name), .notWatched, now: now)
        watching.unreadable[name] = nil
        watching.left[name] = nil
    }

    private mutating func leave(_ name: String) {
        guard let watch = watching[name] else { return }
        if watch.attempt > 0 { effects.append(.stream(.close(watch.connection))) }
        watching[name] = nil
    }
}
