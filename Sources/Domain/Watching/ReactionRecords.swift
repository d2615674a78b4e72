/// Records about what streams would have started. A folder without triggers has none of them.
package enum ReactionRecord: Sendable, Hashable {
    case outageNoted(OutageNoted)
    case outageSpared(OutageSpared)
    case triggerRefused(TriggerRefused)

    package var job: JobID {
        switch self {
        case .outageNoted(let r): r.job
        case .outageSpared(let r): r.job
        case .triggerRefused(let r): r.job
        }
    }
}

/// A stream was closed, and the job wants to know if it stays so.
package struct OutageNoted: Sendable, Hashable {
    package var job: JobID
    package var source: String
    package var outage: UInt64
    package var detail: String
    /// When it was closed.
    package var at: Timestamp
    /// When the job runs, unless the stream is back by then.
    package var due: Timestamp
    package init(
        job: JobID,
        source: String,
        outage: UInt64,
        detail: String,
        at: Timestamp,
        due: Timestamp
    ) {
        self.job = job
        self.source = source
        self.outage = outage
        self.detail = detail
        self.at = at
        self.due = due
    }
}

/// The stream was back in time: nobody hears of this outage.
package struct OutageSpared: Sendable, Hashable {
    package var job: JobID
    package var source: String
    package var outage: UInt64
    package init(job: JobID, source: String, outage: UInt64) {
        self.job = job
        self.source = source
        self.outage = outage
    }
}

/// Something happened that should have started the job, and did not. Recorded once a window; what else is
/// refused in it is counted and told by the next.
package struct TriggerRefused: Sendable, Hashable {
    package enum Reason: UInt8, Sendable, CaseIterable {
        /// `starts_per_minute_max` runs were started in this minute.
        case rate = 1
        /// The event was caused by a run that an event started, and so on, five times.
        case depth = 2
        /// As many runs of the job as may be are open.
        case openRuns = 3

        package var word: String {
            switch self {
            case .rate: "starts-per-minute-max"
            case .depth: "depth-max"
            case .openRuns: "open-runs-max"
            }
        }
    }

    package var job: JobID
    package var source: String
    package var reason: Reason
    /// Refused in the window before and not told of yet.
    package var before: UInt64
    package init(job: JobID, source: String, reason: Reason, before: UInt64) {
        self.job = job
        self.source = source
        self.reason = reason
        self.before = before
    }
}

/// A message that a step handed over, beside what every message has.
package final class StepLetter: Sendable, Hashable {
    package let run: RunID
    package let step: UInt8
    /// The line that it stands in.
    package let line: String
    /// `StepMessage` as JSON, sealed: it may hold credentials.
    package let content: Sealed

    package init(run: RunID, step: UInt8, line: String, content: Sealed) {
        self.run = run
        self.step = step
        self.line = line
        self.content = content
    }

    package static func == (a: StepLetter, b: StepLetter) -> Bool {
        a.run == b.run && a.step == b.step && a.line == b.line && a.content == b.content
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(run)
        hasher.combine(step)
    }
}

/// What a step says, templates filled: to a channel, or to a URL of its own.
package struct StepMessage: Sendable, Hashable {
    package var kind: JobStep.Kind
    package var texts: [JobStep.Text]

    package init(_ kind: JobStep.Kind, _ texts: [JobStep.Text]) {
        self.kind = kind
        self.texts = texts
    }

    package subscript(_ name: String) -> String? { texts.first { $0.name == name }?.text }

    /// The members of an object field, in order.
    package func members(of name: String) -> [JobStep.Text] {
        texts.filter { $0.name.hasPrefix("\(name).") }.map {
            JobStep.Text(String($0.name.dropFirst(name.utf8.count + 1)), $0.text)
        }
    }

    package var json: JSON {
        .object([.init("", .string(kind.word))] + texts.map { .init($0.name, .string($0.text)) })
    }

    /// Reads what `json` wrote.
    package init?(_ json: JSON) {
        guard case .object(let members) = json,
            let kind = members.first?.value.string.flatMap({ JobStep.Kind(word: $0) })
        else { return nil }
        self.init(kind, members.dropFirst().map { JobStep.Text($0.key, $0.value.string ?? "") })
    }
}
