import ArgumentParser
import Cron
import Domain
import Effects
import Glibc

/// `chronatog next EXPRESSION`
struct NextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Print when a schedule runs next, one instant in UTC a line. Needs no server.",
        discussion: """
            chronatog next '30 2 * * *' --zone America/New_York --from 2026-03-07T12:00:00Z
            With --stdin, each line of standard input is an object with `expression` and perhaps `zone`,
            `from`, `count`, `dst`, `dialect`, `day_match`; the answer is {"instants":[…]} or {"error":"…"}.
            """
    )

    @Argument(help: "A schedule: '*/5 * * * *', '@every 90s', 'R5/2026-01-01T00:00Z/PT1H', …") var expression:
        String?
    @Option(help: "Zone of the wall clock.") var zone: String = "UTC"
    @Option(help: "After this instant; otherwise now.") var from: String?
    @Option(help: "How many.") var count: Int = 1
    @Option(help: "What clock changes do: vixie, literal, once, shift or utc.") var dst: String = "vixie"
    @Option(help: "How to read it: unix, seconds or quartz.") var dialect: String?
    @Option(help: "What two day fields mean together: or, and.") var dayMatch: String = "or"
    @Flag(help: "Read questions from standard input, one JSON object a line.") var stdin = false

    func validate() throws {
        if (expression == nil) != stdin { throw ValidationError("Give an expression, or --stdin.") }
        if !(1...NextQuestion.countMax).contains(count) {
            throw ValidationError("--count takes 1 to \(NextQuestion.countMax).")
        }
    }

    func run() throws {
        if stdin {
            NextLines().run()
            return
        }
        var question = NextQuestion(expression: expression ?? "")
        question.zone = zone
        question.from = from
        question.count = count
        question.dst = dst
        question.dialect = dialect
        question.dayMatch = dayMatch
        do {
            for instant in try question.instants(now: NextQuestion.now) {
                StandardStream.output.line(instant.rfc3339)
            }
        } catch {
            throw CommandFailure.asked(error.sentence)
        }
    }
}

/// One question about a schedule.
struct NextQuestion {
    var expression: String
    var zone = "UTC"
    var from: String?
    var count = 1
    var dst = "vixie"
    var dialect: String?
    var dayMatch = "or"

    static let countMax = 1_000_000

    static var now: Instant { Instant(seconds: SystemTime().now.seconds) }

    init(expression: String) { self.expression = expression }

    /// From one line of `next --stdin`.
    init(json line: [UInt8]) throws(ValueFault) {
        let value: JSON
        do { value = try JSONReader.value(of: line) } catch { throw ValueFault(error.sentence) }
        guard case .object(let members) = value else { throw ValueFault("a line must be a JSON object") }
        self.init(expression: "")
        var isGiven = false
        for member in members {
            switch (member.key, member.value) {
            case ("expression", .string(let text)):
                expression = text
                isGiven = true
            case ("zone", .string(let text)): zone = text
            case ("from", .string(let text)): from = text
            case ("dst", .string(let text)): dst = text
            case ("dialect", .string(let text)): dialect = text
            case ("day_match", .string(let text)): dayMatch = text
            case ("count", .number(let number)) where (1...Int64(Self.countMax)).contains(number):
                count = Int(number)
            case (_, .null): break
            case ("count", _): throw ValueFault("count takes 1 to \(Self.countMax)")
            case let (key, _) where Self.keys.contains(key): throw ValueFault("\(key) must be a string")
            case let (key, _):
                throw ValueFault("unknown key \"\(key)\"\(NearestWord.hint(for: key, in: Self.keys))")
            }
        }
        guard isGiven else { throw ValueFault("expression is missing") }
    }

    private static let keys = ["expression", "zone", "from", "count", "dst", "dialect", "day_match"]

    /// The next instants at which the schedule runs; fewer than asked for when it ends before.
    func instants(now: @autoclosure () -> Instant) throws(ValueFault) -> [Instant] {
        guard let policy = DSTPolicy(rawValue: dst) else {
            throw ValueFault(
                "dst takes \(DSTPolicy.allCases.map(\.rawValue).joined(separator: ", ")), not \"\(dst)\""
            )
        }
        guard let match = DayMatch(rawValue: dayMatch) else {
            throw ValueFault("day_match takes or, and, not \"\(dayMatch)\"")
        }
        var reading: Dialect?
        if let dialect {
            guard let known = Dialect(rawValue: dialect) else {
                throw ValueFault("dialect takes unix, seconds or quartz, not \"\(dialect)\"")
            }
            reading = known
        }
        let start: Instant
        if let from {
            guard let instant = Instant(rfc3339: from) else {
                throw ValueFault("from takes an instant such as 2026-01-01T00:00:00Z, not \"\(from)\"")
            }
            start = instant
        } else {
            start = now()
        }
        return try instants(after: start, policy, ScheduleOptions(dialect: reading, dayMatch: match))
    }

    private func instants(
        after start: Instant,
        _ policy: DSTPolicy,
        _ options: ScheduleOptions
    ) throws(ValueFault) -> [Instant] {
        let recurrence: Recurrence
        do {
            let schedule = try Schedule(expression, options: options)
            let zone = zone == "UTC" ? Zone.utc : try ZoneDatabase.embedded.zone(named: zone)
            recurrence = Recurrence(schedule, zone: zone, dst: policy, anchor: start)
        } catch let error as ScheduleError {
            throw ValueFault(error.description)
        } catch {
            throw ValueFault("\(error)")
        }
        var instants: [Instant] = []
        instants.reserveCapacity(min(count, 1024))
        var position = start
        while instants.count < count, let next = recurrence.nextRun(after: position) {
            instants.append(next)
            position = next
        }
        return instants
    }
}

/// `next --stdin`: answers as fast as lines come, all the lines of one read in one write.
struct NextLines {
    private static let readBytes = 1 << 16
    private static let lineBytesMax = 1 << 20

    func run() {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: Self.readBytes)
        while true {
            let count = unsafe read(0, &buffer, buffer.count)  // because: the buffer outlives the call
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            pending += buffer[..<count]
            answerWholeLines(&pending)
            if pending.count > Self.lineBytesMax {
                StandardStream.output.line(#"{"error":"a line is longer than 1 MiB"}"#)
                return
            }
        }
        if !pending.isEmpty { StandardStream.output.write(Self.answer(pending[...])) }
    }

    private func answerWholeLines(_ pending: inout [UInt8]) {
        var out: [UInt8] = []
        var start = 0
        while let end = pending[start...].firstIndex(of: 0x0a) {
            let line = pending[start..<end]
            if !line.allSatisfy({ $0 == 0x20 || $0 == 0x0d }) { out += Self.answer(line) }
            start = end + 1
        }
        pending.removeFirst(start)
        if !out.isEmpty { StandardStream.output.write(out) }
    }

    static func answer(_ line: ArraySlice<UInt8>) -> [UInt8] {
        let json: JSON
        do {
            let instants = try NextQuestion(json: Array(line)).instants(now: NextQuestion.now)
            json = .object([.init("instants", .array(instants.map { .string($0.rfc3339) }))])
        } catch {
            json = .object([.init("error", .string(error.sentence))])
        }
        var out: [UInt8] = []
        json.write(to: &out)
        out.append(0x0a)
        return out
    }
}
