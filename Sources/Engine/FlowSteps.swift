internal import Alerting
internal import Cron
internal import Dispatching
internal import Domain
internal import Effects
internal import Integrations
internal import Scheduling

// **A run of steps.** Looks up what is to be looked up, and then says everything at once: the messages'
// intents and the run's end are one group of records, so a crash leaves all of them or none.
extension Flow {
    /// The longest each phase of a lookup may take.
    private static let deadlines = Deadlines(
        name: .seconds(5),
        connect: .seconds(5),
        firstByte: .seconds(10),
        total: .seconds(15)
    )
    private static let fetchedBytesMax = 256 << 10

    /// Begins with a run whose intent is durable. False when its job has no steps.
    mutating func beginSteps(_ flight: UInt64, now: Timestamp) -> Bool {
        guard let id = flights[flight]?.run, let run = ledger.openRuns[id],
            let prepared = courier.prepare(run.job, ledger), prepared.hasSteps
        else { return false }
        let job = run.job
        let steps = (prepared.definition.reaction?.steps ?? []).enumerated().map { index, step in
            revealed(step, index, of: job, account: prepared.account)
        }
        let key = DeliveryKey.make(storeID: ledger.storeID, run: id, run)
        let name = prepared.definition.name
        let began = StepWalk(steps, job: job, cause: ledger.reactions.causes[id]) { variable in
            switch variable {
            case .slot, .scheduledAt: Instant(seconds: run.scheduledAt.seconds).rfc3339
            case .dueMilliseconds: String(run.scheduledAt.microseconds / 1000)
            case .run: id.description
            case .attempt: String(run.attempt)
            case .job: job.description
            case .name: name
            case .now: Instant(seconds: now.seconds).rfc3339
            case .key: key
            }
        }
        reactions.walks[id] = Reactions.Walking(flight: flight, walk: began)
        reactions.lines[job, default: []].append(id)
        walk(on: id, of: job, now: now)
        return true
    }

    /// A step with its secrets in the open.
    private func revealed(_ step: JobStep, _ index: Int, of job: JobID, account: UInt32) -> JobStep {
        guard let sealed = step.secrets,
            let plain = try? keys.open(sealed, for: Self.place(of: index, job, account)),
            let json = try? JSONReader.value(of: plain)
        else { return step }
        var step = step
        for (place, text) in step.texts.enumerated() {
            if let secret = json[text.name]?.string { step.texts[place].text = secret }
        }
        return step
    }

    /// Where a step's secrets are bound to.
    static func place(of index: Int, _ job: JobID, _ account: UInt32) -> SecretPlace {
        SecretPlace(account: account, object: "job/\(job)", field: "step/\(index)")
    }

    private mutating func walk(on id: RunID, of job: JobID, now: Timestamp) {
        while case .fetch(let fetch)? = reactions.walks[id]?.walk.next() {
            let number = reactions.nextFetch()
            do throws(FetchRefusal) {
                let call = try call(for: fetch, number, because: ledger.reactions.causes[id])
                reactions.fetches[number] = Reactions.Fetching(run: id, call: call)
                effects.append(.post(number))
                return
            } catch {
                reactions.walks[id]?.walk.refuse(error.reason)
            }
        }
        reactions.walks[id]?.isDone = true
        sayInOrder(job, now: now)
    }

    /// What a lookup brought.
    mutating func hearFetch(_ outcome: Outcome, now: Timestamp) {
        guard let fetch = reactions.fetches.removeValue(forKey: outcome.id),
            let job = reactions.lines.first(where: { $0.value.contains(fetch.run) })?.key
        else { return }
        reactions.walks[fetch.run]?.walk.receive(outcome.result)
        walk(on: fetch.run, of: job, now: now)
    }

    /// Why a lookup is not even tried.
    private struct FetchRefusal: Error {
        var reason: String
    }

    /// The address in an event is whatever somebody wrote there: it is a path of the server that the job or
    /// its stream names, and never another server.
    private func call(
        for fetch: StepWalk.Fetch,
        _ number: UInt64,
        because cause: RunCause?
    ) throws(FetchRefusal) -> Call {
        guard fetch.uri.hasPrefix("/") else { throw FetchRefusal(reason: "its address is not a path") }
        var headers = [
            ChannelRequest.Header("User-Agent", settings.sender.userAgent),
            ChannelRequest.Header("Accept", "application/json"),
        ]
        headers += fetch.headers.map { .init($0.name, $0.text) }
        let source = cause.flatMap { watching[$0.happening.source]?.source }
        guard var base = fetch.base ?? source?.rest.text else {
            throw FetchRefusal(reason: "the step has no base_url to look it up at")
        }
        if fetch.base == nil, let login = source?.login, fetch.headers.isEmpty {
            headers.append(.init("Authorization", login.header))
        }
        while base.hasSuffix("/") { base.removeLast() }
        guard let address = try? WebAddress(base + fetch.uri) else {
            throw FetchRefusal(reason: "its address cannot be called")
        }
        if let basic = address.basicCredentials { headers.append(.init("Authorization", basic)) }
        let request = ChannelRequest("GET", address, headers: headers)
        return request.call(id: number, deadlines: Self.deadlines, keepBodyBytesMax: Self.fetchedBytesMax)
    }

    // MARK: The end

    /// Lets those speak whose turn it is: a run that has looked up everything waits for those before it.
    private mutating func sayInOrder(_ job: JobID, now: Timestamp) {
        while let id = reactions.lines[job]?.first {
            // A run that was cancelled has nothing to say.
            if let run = ledger.openRuns[id], let walking = reactions.walks[id] {
                guard walking.isDone else { return }
                leaveLine(id, job)
                conclude(id, run, walking, now: now)
            } else {
                leaveLine(id, job)
            }
        }
        reactions.lines[job] = nil
    }

    private mutating func leaveLine(_ id: RunID, _ job: JobID) {
        reactions.walks[id] = nil
        reactions.lines[job]?.removeFirst()
    }

    private mutating func conclude(
        _ id: RunID,
        _ run: OpenRun,
        _ walking: Reactions.Walking,
        now: Timestamp
    ) {
        let flight = flights.removeValue(forKey: walking.flight)
        if let flight {
            limits.release(flight.limit, wasOnWire: flight.isOnWire)
            startReady(flight.limit)
        }
        var reports = walking.walk.reports
        for deed in walking.walk.deeds { perform(deed, id, run, &reports, now: now) }
        let lost = reports.first { !$0.isDone && $0.kind != .enrich }
        let failure = lost.map { Failure(.template, "step \($0.index) (\($0.kind.word)): \($0.note)") }
        close(
            id,
            run,
            as: failure == nil ? .ok : .failed,
            AttemptReport(n: run.attempt, failure: failure),
            steps: reports,
            now: now
        )
        if let flight { serve(flight.limit, now: now) }
        pumpAll(now: now)
    }

    private mutating func perform(
        _ deed: StepWalk.Deed,
        _ id: RunID,
        _ run: OpenRun,
        _ reports: inout [StepReport],
        now: Timestamp
    ) {
        switch deed {
        case .tell(let place, let channel, let line, let said):
            do throws(FetchRefusal) {
                let name = try destination(of: said, channel)
                reports[place].message = tell(name, said, line, id, run.job, reports[place].index, now: now)
                reports[place].note = "handed to \(name)"
            } catch {
                reports[place].isDone = false
                reports[place].note = error.reason
            }
        case .openAlert(_, let key, let severity, let title, let details):
            let name = courier.prepare(run.job, ledger)?.definition.name ?? ""
            openAlert(
                AlertOpened(
                    job: run.job,
                    key: key,
                    severity: severity,
                    cause: .step,
                    title: title,
                    details: details,
                    jobName: name.isEmpty ? "job \(run.job)" : name
                ),
                now: now
            )
        case .resolveAlert(_, let key): resolveAlert(key: key, .step, now: now)
        }
    }

    /// The channel that takes the message; a URL's own is named by its server.
    private func destination(of said: StepMessage, _ channel: String?) throws(FetchRefusal) -> String {
        guard let channel else {
            guard let address = try? WebAddress(said["url"] ?? "") else {
                throw FetchRefusal(reason: "its URL cannot be called once its templates are filled")
            }
            return "\(address.origin.isTLS ? "https" : "http")://\(address.authority)"
        }
        guard channels[channel]?.settings.kind.rawValue == said.kind.word else {
            throw FetchRefusal(reason: "there is no \(said.kind.word) channel named \(channel)")
        }
        return channel
    }

    /// Records the intent of a message and puts it into its line.
    private mutating func tell(
        _ channel: String,
        _ said: StepMessage,
        _ line: String,
        _ id: RunID,
        _ job: JobID,
        _ step: UInt8,
        now: Timestamp
    ) -> MessageID {
        let content = keys.seal(Array(said.json.text.utf8), for: Self.place(of: step, in: id))
        let letter = StepLetter(run: id, step: step, line: line, content: content)
        let intent = MessageIntended(job: job, alert: .zero, channel: channel, kind: .step, letter: letter)
        write(.messageIntended(intent), now)
        let message = ledger.sequence
        enqueue(message, now: now)
        return message
    }

    private static func place(of step: UInt8, in run: RunID) -> SecretPlace {
        SecretPlace(account: 0, object: "run/\(run)", field: "step/\(step)")
    }

    /// What a step's message says; nil when its keys are gone.
    func said(_ letter: StepLetter) -> StepMessage? {
        let place = Self.place(of: letter.step, in: letter.run)
        guard let plain = try? keys.open(letter.content, for: place),
            let json = try? JSONReader.value(of: plain)
        else { return nil }
        return StepMessage(json)
    }

    // MARK: What is asked of a job's steps when it is saved

    /// Refuses steps that could say nothing.
    func check(_ reaction: Reaction) throws(CommandError) {
        var faults: [CommandError.Fault] = []
        for (index, step) in reaction.steps.enumerated() {
            guard let name = step.channel, channels[name]?.settings.kind.rawValue != step.kind.word else {
                continue
            }
            let known = channels.filter { $0.value.settings.kind.rawValue == step.kind.word }.keys.sorted()
            let hint =
                known.isEmpty
                ? "make one with chronatog channel add, or start the server with \(flag(step.kind))"
                : "known: \(known.joined(separator: ", "))"
            faults.append(
                .init(
                    field: "steps[\(index)].\(step.kind.word).channel",
                    message: "there is no \(step.kind.word) channel named \(name)",
                    hint: hint
                )
            )
        }
        if !faults.isEmpty { throw .invalid(faults) }
    }

    private func flag(_ kind: JobStep.Kind) -> String {
        kind == .slack ? "--slack-url" : "--pagerduty-key"
    }
}
