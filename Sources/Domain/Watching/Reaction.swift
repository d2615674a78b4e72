/// What makes a job run besides its schedule, and what it does then besides calling one URL.
///
/// A reference, and nil for most jobs: a definition is copied often, and this must cost a job without it
/// nothing more than a pointer.
package final class Reaction: Sendable, Hashable {
    /// What starts it; empty for steps that a schedule starts.
    package let triggers: [StreamTrigger]
    /// What it does, in order; empty for a job that calls its URL.
    package let steps: [JobStep]

    package init(triggers: [StreamTrigger], steps: [JobStep]) {
        self.triggers = triggers
        self.steps = steps
    }

    package static func == (a: Reaction, b: Reaction) -> Bool {
        a === b || a.triggers == b.triggers && a.steps == b.steps
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(triggers)
        hasher.combine(steps)
    }

    /// The first trigger that wants what happened.
    package func trigger(for happening: SourceHappening, _ event: StreamFacts) -> StreamTrigger? {
        triggers.first { $0.wants(happening, event) }
    }

    /// A job that hears of closes and of opens is a pair: an open concerns it only while a close of the
    /// same stream is outstanding, or when it is the first.
    package func pairsOpens(of source: String) -> Bool {
        triggers.contains { $0.source == source && $0.on == .close }
    }
}

/// One kind of thing that a watched stream does, as the reason to run.
package struct StreamTrigger: Sendable, Hashable {
    /// The stream's name.
    package var source: String
    package var on: SourceHappening.Kind
    /// Words of which the event has to have one; empty for any. For messages only, as the next three.
    package var types: [String] = []
    package var actions: [String] = []
    package var states: [String] = []
    /// URIs, or kinds of objects (`stack`): one of the event's parents is, or is of, one of them.
    package var parents: [String] = []
    /// How long a stream stays closed before that counts; for closes only.
    package var after: Span = .zero
    /// Runs that it starts in a minute; what comes beyond is left out, and that is recorded.
    package var startsPerMinuteMax: UInt32 = StreamTrigger.startsPerMinuteUsual

    package static let startsPerMinuteUsual: UInt32 = 600

    package init(source: String, on: SourceHappening.Kind) {
        self.source = source
        self.on = on
    }

    package func wants(_ happening: SourceHappening, _ event: StreamFacts) -> Bool {
        guard happening.source == source, happening.kind == on else { return false }
        guard on == .message else { return true }
        return Self.has(types, event.type) && Self.has(actions, event.action)
            && Self.has(states, event.state)
            && (parents.isEmpty
                || event.parents.contains { parent in
                    parents.contains { $0 == parent || StreamFacts.kind(of: parent) == $0 }
                })
    }

    private static func has(_ words: [String], _ word: String) -> Bool {
        words.isEmpty || words.contains(word)
    }
}

/// What an event of a stream says, in the words of Tutum's dialect; empty for opens, closes and errors.
package struct StreamFacts: Sendable, Hashable {
    package var type = ""
    package var action = ""
    package var state = ""
    package var resourceURI = ""
    package var parents: [String] = []
    /// How many runs, each started by what the one before did, led to this event; 0 for none.
    package var depth: UInt8 = 0
    /// The event itself; null when there is none.
    package var json = JSON.null

    package init() {}

    package init(_ message: [UInt8]) {
        guard !message.isEmpty, let json = try? JSONReader.value(of: message) else { return }
        self.json = json
        type = json["type"]?.string ?? ""
        action = json["action"]?.string ?? ""
        state = json["state"]?.string ?? ""
        resourceURI = json["resource_uri"]?.string ?? ""
        parents = json["parents"]?.array?.compactMap(\.string) ?? []
        depth = UInt8(clamping: json["depth"]?.number ?? 0)
    }

    /// `stack` of `/api/v1/stack/0123/`: the part before the last.
    package static func kind(of uri: String) -> String {
        let parts = uri.split(separator: "/")
        return parts.count < 2 ? "" : String(parts[parts.count - 2])
    }
}

/// Why a run began: what its stream did.
package final class RunCause: Sendable, Hashable {
    package let happening: SourceHappening
    /// 1 for what happened by itself; one more than the event's own depth otherwise.
    package let depth: UInt8

    /// A chain of runs, each started by what the one before did, ends here.
    package static let depthMax: UInt8 = 5

    package init(_ happening: SourceHappening, depth: UInt8) {
        self.happening = happening
        self.depth = depth
    }

    package static func == (a: RunCause, b: RunCause) -> Bool {
        a === b || a.happening == b.happening && a.depth == b.depth
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(happening)
        hasher.combine(depth)
    }

    /// As people read it.
    package var json: JSON {
        let event = happening.message.isEmpty ? nil : try? JSONReader.value(of: happening.message)
        return .compact([
            ("stream", .string(happening.source)), ("on", .string(happening.kind.rawValue)),
            ("detail", happening.detail.isEmpty ? nil : .string(happening.detail)),
            ("outage", happening.outage == 0 ? nil : .number(Int64(clamping: happening.outage))),
            ("depth", depth > 1 ? .number(Int64(depth)) : nil), ("event", event),
        ])
    }
}
