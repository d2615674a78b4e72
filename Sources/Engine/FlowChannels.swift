internal import Alerting
internal import Cron
package import Domain
internal import Effects
internal import Integrations

/// A destination as it is now.
struct Channel: Sendable {
    var settings: ChannelSettings
    var rules: ChannelRules
    var isPaused: Bool
    /// Its settings are the start's business, the rest is people's.
    var isFromFlags: Bool
    /// Where its quiet hours are.
    var quietZone: Zone?
}

/// What somebody wants of a channel; what is nil stays as it is.
package struct ChannelWish: Sendable {
    /// `kind` and the kind's own fields; a field that shows its mask keeps its value.
    package var settings: JSON?
    package var rules: ChannelRules?
    package var isPaused: Bool?

    package init(settings: JSON? = nil, rules: ChannelRules? = nil, isPaused: Bool? = nil) {
        self.settings = settings
        self.rules = rules
        self.isPaused = isPaused
    }
}

// Channels: those of flags, and those that people make, sealed in the journal.
extension Flow {
    /// Channels that people may make.
    private static let channelsMax = 100
    private static let nameBytesMax = 64

    /// What flags and journal say together. A name that both have is the flags'; the journal's rules hold for
    /// it too.
    mutating func gatherChannels() {
        defer { outbox.parallelMax = channels.compactMapValues(\.settings.kind.parallelMax) }
        channels = [:]
        unreadable = [:]
        for (name, own) in settings.channels {
            let said = ledger.alerts.configured[name]
            channels[name] = Channel(
                settings: own,
                rules: said?.rules ?? ChannelRules(),
                isPaused: said?.isPaused ?? false,
                isFromFlags: true
            )
        }
        for (name, said) in ledger.alerts.configured where channels[name] == nil {
            guard let sealed = said.settings else { continue }
            do {
                channels[name] = Channel(
                    settings: try open(sealed, of: name),
                    rules: said.rules,
                    isPaused: said.isPaused,
                    isFromFlags: false
                )
            } catch {
                unreadable[name] = "its settings cannot be read (\(error)): give them anew"
            }
        }
        for (name, channel) in channels {
            let zone = channel.rules.quiet.flatMap { self.zone(named: $0.zone) }
            channels[name]?.quietZone = zone
        }
        gladChannels = channels.filter {
            !$0.value.isPaused && $0.value.settings.kind.tellsSuccesses
                && AlertAgenda.hearsSuccesses($0.value.rules)
        }.keys.sorted()
    }

    private func open(_ sealed: Sealed, of name: String) throws -> ChannelSettings {
        let bytes = try keys.open(sealed, for: Self.place(of: name))
        return try ChannelSettings.read(try JSONReader.value(of: String(decoding: bytes, as: UTF8.self)))
    }

    private static func place(of name: String) -> SecretPlace {
        SecretPlace(account: 0, object: "channel/\(name)", field: "settings")
    }

    /// The server that a channel with these settings would call, for the egress policy to judge.
    func origin(of settings: JSON, named name: String) throws(CommandError) -> Origin {
        try read(settings, keeping: channels[name]?.settings).origin
    }

    private func read(
        _ json: JSON,
        keeping known: ChannelSettings?
    ) throws(CommandError) -> ChannelSettings {
        do throws(ChannelSettingsError) {
            return try ChannelSettings.read(json, keeping: known)
        } catch {
            throw .invalid(
                error.faults.map { CommandError.Fault(field: "settings.\($0.field)", message: $0.predicate) }
            )
        }
    }

    mutating func addChannel(_ name: String, _ wish: ChannelWish, now: Timestamp) throws(CommandError) {
        let isName =
            !name.isEmpty && name.utf8.count <= Self.nameBytesMax
            && name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || "._-".contains($0)) }
        guard isName else {
            let message = "has to be 1 to \(Self.nameBytesMax) of a-z 0-9 . _ -"
            throw .invalid([CommandError.Fault(field: "name", message: message)])
        }
        guard channels[name] == nil, unreadable[name] == nil else {
            throw .conflict("there is a channel named \(name); change that one, or choose another name")
        }
        guard ledger.alerts.configured.count < Self.channelsMax else {
            throw .conflict("there are \(Self.channelsMax) channels, which is the most; remove one first")
        }
        guard let json = wish.settings else {
            throw .invalid([CommandError.Fault(field: "settings", message: "is missing")])
        }
        let channel = Channel(
            settings: try read(json, keeping: nil),
            rules: wish.rules ?? ChannelRules(),
            isPaused: wish.isPaused ?? false,
            isFromFlags: false
        )
        try keep(channel, as: name, now: now)
    }

    package mutating func changeChannel(
        _ name: String,
        _ wish: ChannelWish,
        now: Timestamp
    ) throws(CommandError) {
        guard channels[name] != nil || unreadable[name] != nil else { throw noSuchChannel(name) }
        var known = channels[name]
        if let json = wish.settings {
            guard known?.isFromFlags != true else {
                throw .conflict("the settings of \(name) are given by flags; change them there and restart")
            }
            let settings = try read(json, keeping: known?.settings)
            let said = ledger.alerts.configured[name]
            known = Channel(
                settings: settings,
                rules: said?.rules ?? ChannelRules(),
                isPaused: said?.isPaused ?? false,
                isFromFlags: false
            )
        }
        guard var channel = known else {
            throw .conflict("the settings of \(name) cannot be read any more; give them anew")
        }
        if let rules = wish.rules { channel.rules = rules }
        if let isPaused = wish.isPaused { channel.isPaused = isPaused }
        try keep(channel, as: name, now: now)
    }

    private mutating func keep(
        _ channel: Channel,
        as name: String,
        now: Timestamp
    ) throws(CommandError) {
        try check(channel.rules, channel.settings.kind)
        let isOther = channel.settings != channels[name]?.settings
        var sealed = ledger.alerts.configured[name]?.settings
        if channel.isFromFlags {
            sealed = nil
        } else if sealed == nil || isOther {
            sealed = keys.seal(Array(channel.settings.json.text.utf8), for: Self.place(of: name))
        }
        write(
            .channelConfigured(
                ChannelConfigured(
                    name: name,
                    settings: sealed,
                    rules: channel.rules,
                    isPaused: channel.isPaused
                )
            ),
            now
        )
        // What was wrong was said of what it no longer is.
        if isOther { mend(name, now: now) }
        gatherChannels()
        attendAll(now: now)
        reviewSilences(now: now)
    }

    private mutating func mend(_ name: String, now: Timestamp) {
        guard ledger.alerts.channels[name]?.brokenBecause != nil else { return }
        write(.channelMended(ChannelMended(name: name)), now)
    }

    private func check(_ rules: ChannelRules, _ kind: ChannelKind) throws(CommandError) {
        var faults: [CommandError.Fault] = []
        if rules.groupWithin > .zero, !kind.groups {
            faults.append(
                .init(
                    field: "rules.group",
                    message: "is for slack and email; \(kind.rawValue) keeps one message an alert"
                )
            )
        }
        if let quiet = rules.quiet, zone(named: quiet.zone) == nil {
            faults.append(.init(field: "rules.quiet_zone", message: "names no time zone: \(quiet.zone)"))
        }
        if !faults.isEmpty { throw .invalid(faults) }
    }

    mutating func removeChannel(_ name: String, now: Timestamp) throws(CommandError) {
        guard channels[name] != nil || unreadable[name] != nil else { throw noSuchChannel(name) }
        guard channels[name]?.isFromFlags != true else {
            throw .conflict("\(name) is made by flags; leave them out at the next start, or pause it")
        }
        write(.channelRemoved(ChannelRemoved(name: name)), now)
        gatherChannels()
        reviewSilences(now: now)
    }

    /// It is not paused, not broken, and what was given up for it is sent again.
    mutating func enableChannel(_ name: String, now: Timestamp) throws(CommandError) -> Resent {
        guard let channel = channels[name] else {
            if unreadable[name] == nil { throw noSuchChannel(name) }
            throw .conflict("the settings of \(name) cannot be read any more; give them anew")
        }
        mend(name, now: now)
        if channel.isPaused {
            try changeChannel(name, ChannelWish(isPaused: false), now: now)
        }
        return resendDead(channel: name, now: now)
    }

    /// Rules of a zone as the journal has them, or as this build does.
    func zone(named name: String) -> Zone? {
        if let adopted = ledger.zones[name] {
            return try? Zone(name: adopted.name, version: adopted.version, tzif: adopted.bytes)
        }
        return try? settings.zones.zone(named: name)
    }

    func channelView(_ name: String, now: Timestamp) throws(CommandError) -> ChannelView {
        guard let view = channelViews(now: now).first(where: { $0.name == name }) else {
            throw noSuchChannel(name)
        }
        return view
    }

    func noSuchChannel(_ name: String) -> CommandError {
        .noSuchChannel(name, known: (Array(channels.keys) + unreadable.keys).sorted())
    }

    /// What is known of a channel as far as it still holds: a rest that is over is none.
    private func state(of name: String, now: Timestamp) -> ChannelState {
        var state = ledger.alerts.channels[name] ?? ChannelState()
        state.limits = state.limits.filter { $0.value > now }
        return state
    }

    func channelViews(now: Timestamp) -> [ChannelView] {
        let readable = channels.map { name, channel in
            ChannelView(
                name: name,
                summary: channel.settings.summary,
                settings: channel.settings.masked,
                rules: channel.rules,
                isPaused: channel.isPaused,
                isFromFlags: channel.isFromFlags,
                state: state(of: name, now: now)
            )
        }
        let lost = unreadable.map { name, reason in
            var state = state(of: name, now: now)
            state.brokenBecause = reason
            let said = ledger.alerts.configured[name]
            return ChannelView(
                name: name,
                summary: "unreadable",
                settings: .object([]),
                rules: said?.rules ?? ChannelRules(),
                isPaused: said?.isPaused ?? false,
                isFromFlags: false,
                state: state
            )
        }
        return (readable + lost).sorted { $0.name < $1.name }
    }
}

extension ChannelKind {
    /// People read it: several alerts may come as one message. The others keep an object an alert.
    var groups: Bool { self == .slack || self == .email }

    /// Alerts are not only told there one by one: together they make up how one thing stands.
    var sharesOneState: Bool { self == .cachet }

    /// Good news can be told there. The others know incidents, and what ends them, and nothing else.
    var tellsSuccesses: Bool { groups || self == .webhook }
}
