import Cron
import Domain
import Engine
import Journaling
import Synchronization

/// `serve --demo`: four sample jobs against the built-in sink, and every call printed as it happens.
final class Demo: Sendable {
    private let server: Composition
    private let ink = Ink(isOn: StandardStream.output.isTerminal)
    private let names = Mutex<[JobID: String]>([:])
    private let hasBegun = Mutex(false)
    private static let nameWidth = 8

    init(_ server: Composition) {
        self.server = server
    }

    /// Adds the jobs. What they show is said where they are made.
    func begin() async {
        var lines = "\n"
        for (draft, sense) in Self.samples {
            do {
                let view = try await server.engine.register(
                    JobDraft(draft),
                    scheduler: try await defaultScheduler()
                )
                names.withLock { $0[view.id] = draft.name }
                lines += "job \(view.id)  \(Self.padded(draft.name))  \(sense)\n"
            } catch {
                StandardStream.error.line("error: the demo's job \"\(draft.name)\" was refused: \(error)")
            }
        }
        lines += "\nIn another terminal, after the `export` line above:\n"
        lines += "  chronatog jobs\n"
        if let gap = gapTime() {
            lines += "  chronatog explain nightly \(gap)   # a local time that will not exist\n"
        }
        StandardStream.output.write(lines + "\n")
        hasBegun.withLock { $0 = true }
    }

    private func defaultScheduler() async throws(CommandError) -> UInt32 {
        try await server.engine.schedulers().first { $0.name == "default" }?.number ?? 1
    }

    private static var samples: [(JobDefinition, sense: String)] {
        let sink = { (target: String) in Callback(target: .sink("/_sink/\(target)")) }
        var works = JobDefinition(callback: sink("200"), schedule: ["@every 5s"])
        works.name = "works"
        var flaky = JobDefinition(callback: sink("200?fail_first=2"), schedule: ["*/15 * * * * *"])
        flaky.name = "flaky"
        flaky.dialect = .seconds
        flaky.retry.retries = 3
        flaky.retry.backoffMin = .seconds(1)
        flaky.retry.backoffMax = .seconds(2)
        var slow = JobDefinition(callback: sink("200?delay=7s"), schedule: ["@every 4s"])
        slow.name = "slow"
        var nightly = JobDefinition(callback: sink("204"), schedule: ["30 2 * * *"])
        nightly.name = "nightly"
        nightly.zone = "America/New_York"
        return [
            (works, "every 5 seconds: works"),
            (flaky, "every 15 seconds: fails twice, then works"),
            (slow, "every 4 seconds, takes 7: overlaps itself, so some slots are skipped"),
            (nightly, "02:30 in New York: meets the clock change in spring"),
        ]
    }

    /// 02:30 on the day on which New York's clocks next go forward.
    private func gapTime() -> String? {
        guard let zone = try? server.zones.zone(named: "America/New_York") else { return nil }
        var instant = Instant(seconds: WallClock.milliseconds / 1000)
        for _ in 0..<4 {
            guard let transition = zone.nextTransition(after: instant) else { return nil }
            if transition.shift > 0 { return "\(transition.localBefore.text.prefix(10))T02:30:00" }
            instant = transition.instant
        }
        return nil
    }

    /// Prints what the journal gains, until cancelled.
    func run() async {
        var last = Sequence.zero
        var printer = DemoPrinter(ink: ink, nameWidth: Self.nameWidth)
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(200))
            guard hasBegun.withLock({ $0 }) else { continue }
            let names = names.withLock { $0 }
            var text = ""
            do {
                try await server.engine.history().scan(from: last.next) { (entry, _) throws(JournalError) in
                    last = entry.sequence
                    text += printer.lines(for: entry, names: names)
                    return .next
                }
            } catch {
                return
            }
            if !text.isEmpty { StandardStream.output.write(text) }
        }
    }

    static func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(0, nameWidth - name.count))
    }
}

/// One line a call: time, job, attempt, status, milliseconds, result.
struct DemoPrinter {
    let ink: Ink
    let nameWidth: Int
    private var runs: [RunID: (job: JobID, slot: Timestamp?)] = [:]
    private var hasExplainedRun = false
    private var hasExplainedSkip = false

    init(ink: Ink, nameWidth: Int) {
        self.ink = ink
        self.nameWidth = nameWidth
    }

    mutating func lines(for entry: Entry, names: [JobID: String]) -> String {
        switch entry.record {
        case .slotDecided(let record):
            runs[entry.sequence] = (record.job, record.slot.instant)
            return ""
        case .runOpened(let record):
            runs[entry.sequence] = (record.job, nil)
            return ""
        case .attemptFailed(let record):
            let wait = Span(
                microseconds: max(0, (record.retryAt - entry.time).microseconds / 100_000 * 100_000)
            )
            let sense = "\(reason(record.report)); again in \(wait.text)"
            return line(entry, names[record.job], record.report, ink.paint(sense, .yellow))
        case .runClosed(let record):
            let isFine = record.result == .ok
            let sense = isFine ? "ok" : "\(record.result.word): \(reason(record.report))"
            var text = line(entry, names[record.job], record.report, ink.paint(sense, isFine ? .green : .red))
            if isFine, !hasExplainedRun, let slot = runs[record.run]?.slot {
                hasExplainedRun = true
                text += hint(names[record.job], slot)
            }
            runs[record.run] = nil
            return text
        case .slotsDecided(let record):
            var text = line(
                entry,
                names[record.job],
                nil,
                ink.paint("\(record.result.word): \(record.reason.word)", .grey)
            )
            if record.result == .overlapSkipped, !hasExplainedSkip {
                hasExplainedSkip = true
                text += hint(names[record.job], record.first.instant)
            }
            return text
        default: return ""
        }
    }

    private func line(_ entry: Entry, _ name: String?, _ report: AttemptReport?, _ sense: String) -> String {
        let time = Moments.text(entry.time).dropFirst(11).prefix(8)
        let attempt = report.map { "attempt \($0.n)" } ?? "not called"
        let status = report.map { $0.status == 0 ? "  -" : String($0.status) } ?? "  -"
        let milliseconds = report.map { "\($0.timings.total / 1000) ms" } ?? ""
        return
            "\(time)  \(Demo.padded(name ?? "?"))  \(right(attempt, -10))  \(status)  "
            + "\(right(milliseconds, 8))  \(sense)\n"
    }

    private func reason(_ report: AttemptReport) -> String {
        report.failure?.message ?? "status \(report.status)"
    }

    private func hint(_ name: String?, _ slot: Timestamp) -> String {
        let command = "chronatog explain \(name ?? "?") \(Moments.text(slot))"
        return "          " + ink.paint("why? \(command)", .grey) + "\n"
    }

    /// Fills up on the left to `width`, or on the right when that is negative.
    private func right(_ text: String, _ width: Int) -> String {
        let gap = String(repeating: " ", count: max(0, abs(width) - text.count))
        return width < 0 ? text + gap : gap + text
    }
}
