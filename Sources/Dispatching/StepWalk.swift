package import Domain
package import Effects

/// A job's steps on their way: says what to look up next, takes what came of it, and ends with everything
/// that is to be said. No I/O, and nothing is said before the end: so a run that is begun anew after a crash
/// says nothing twice.
package struct StepWalk: Sendable {
    /// What is to be looked up.
    package struct Fetch: Sendable, Equatable {
        /// Of an `enrich` step with a URL of its own; nil for the stream's.
        package var base: String?
        /// As the event has it: nobody has checked it.
        package var uri: String
        package var headers: [JobStep.Text]

        package init(base: String?, uri: String, headers: [JobStep.Text]) {
            self.base = base
            self.uri = uri
            self.headers = headers
        }
    }

    package enum Next: Sendable, Equatable {
        case fetch(Fetch)
        case end
    }

    /// What is done at the end, by the place of the step's report.
    package enum Deed: Sendable, Equatable {
        /// - Parameter line: messages in one line arrive in order.
        case tell(report: Int, channel: String?, line: String, StepMessage)
        case openAlert(report: Int, key: String, AlertSeverity, title: String, details: [String])
        case resolveAlert(report: Int, key: String)
    }

    private let steps: [JobStep]
    private let cause: RunCause?
    private let job: JobID
    /// The values of `TemplateVariable`, in the order of its cases.
    private let standard: [String]
    private var values: EventValues
    private var index = 0
    /// What could not be looked up, in words.
    private var notes: [String] = []
    package private(set) var deeds: [Deed] = []
    package private(set) var reports: [StepReport] = []

    /// What Slack is told by a step that says nothing.
    package static let usualText = "You received a message from Chronatog!"

    /// - Parameters:
    ///   - steps: with their secrets in the open.
    ///   - standard: the value of each template variable that all calls know.
    package init(
        _ steps: [JobStep],
        job: JobID,
        cause: RunCause?,
        standard: (TemplateVariable) -> String
    ) {
        self.steps = steps
        self.job = job
        self.cause = cause
        self.standard = TemplateVariable.allCases.map(standard)
        values = EventValues(cause)
    }

    /// Goes on to the next thing that has to be looked up, or to the end.
    package mutating func next() -> Next {
        while index < steps.count {
            let step = steps[index]
            if !step.isFor(cause?.happening.kind) {
                index += 1
            } else if step.kind == .enrich {
                if let uri = uri(step["get"] ?? "resource") {
                    let headers = StepMessage(.enrich, step.texts).members(of: "headers")
                    return .fetch(Fetch(base: step["base_url"], uri: uri, headers: headers))
                }
                lack("the event has no \(step["get"] ?? "resource")")
            } else {
                do throws(TemplateError) {
                    try act(step)
                } catch {
                    guard case .unknownName(let name) = error else { continue }
                    report(false, "there is no template variable {{\(name)}}")
                }
                index += 1
            }
        }
        return .end
    }

    /// What became of the last fetch.
    package mutating func receive(_ result: Outcome.Result) {
        guard index < steps.count, steps[index].kind == .enrich else { return }
        let (step, uri) = (steps[index], uri(steps[index]["get"] ?? "resource") ?? "")
        switch result {
        case .failed(let failure): lack("GET \(uri): \(failure.message)")
        case .answered(let answer):
            guard (200...299).contains(answer.status) else {
                return lack("GET \(uri) was answered \(answer.status)")
            }
            guard !answer.isTruncated, let json = try? JSONReader.value(of: answer.body),
                case .object = json
            else { return lack("GET \(uri) brought no JSON object") }
            values.bound[step["as"] ?? ""] = json
            report(true, "GET \(uri) was answered \(answer.status)")
            index += 1
        }
    }

    /// The fetch cannot even be made.
    package mutating func refuse(_ reason: String) { lack(reason) }

    /// The resource, the n-th parent, or the first parent of a kind; nil when the event has none.
    private func uri(_ which: String) -> String? {
        let facts = values.facts
        guard which != "resource" else { return facts.resourceURI.isEmpty ? nil : facts.resourceURI }
        let key = which.split(separator: ":").dropFirst().first.map { String($0) } ?? "0"
        if let number = Int(key) {
            return facts.parents.indices.contains(number) ? facts.parents[number] : nil
        }
        return facts.parents.first { StreamFacts.kind(of: $0) == key }
    }

    private mutating func lack(_ reason: String) {
        let name = steps[index]["as"] ?? ""
        values.missing.insert(name)
        notes.append("\(name) could not be looked up: \(reason)")
        report(false, reason)
        index += 1
    }

    private mutating func report(_ isDone: Bool, _ note: String) {
        reports.append(
            StepReport(index: UInt8(clamping: index), kind: steps[index].kind, isDone: isDone, note: note)
        )
    }

    // MARK: What steps say

    private mutating func act(_ step: JobStep) throws(TemplateError) {
        switch step.kind {
        case .enrich: break
        case .note: report(true, try fill(step["text"] ?? "", .plain))
        case .slack: try say(step, line: "job/\(job)", try slack(step))
        case .pagerDuty:
            let texts = try pagerDuty(step)
            try say(step, line: "pagerduty/\(texts.first { $0.name == "key" }?.text ?? "")", texts)
        case .http: try say(step, line: "job/\(job)/step/\(index)", try http(step))
        case .alert: try alert(step)
        }
    }

    private mutating func say(_ step: JobStep, line: String, _ texts: [JobStep.Text]) throws(TemplateError) {
        let message = StepMessage(step.kind, texts)
        deeds.append(.tell(report: reports.count, channel: step.channel, line: line, message))
        report(true, "")
    }

    private func slack(_ step: JobStep) throws(TemplateError) -> [JobStep.Text] {
        let given = try fill(step["text"] ?? "", .slack)
        let lines = [given.isEmpty ? Self.usualText : given] + notes.map { "Note: \(Self.slackText($0))" }
        return [JobStep.Text("text", lines.joined(separator: "\n"))]
    }

    private static func slackText(_ text: String) -> String {
        (try? Template(value: { _ in "" }, more: { _ in .string(text) }).fill("{{note}}", .slack)) ?? ""
    }

    private func pagerDuty(_ step: JobStep) throws(TemplateError) -> [JobStep.Text] {
        var texts: [JobStep.Text] = []
        for text in step.texts where text.name != "channel" {
            texts.append(JobStep.Text(text.name, try fill(text.text, .plain)))
        }
        if step["key"] == nil {
            let source = cause?.happening.source ?? "job-\(job)"
            texts.append(JobStep.Text("key", source == "tutum" ? "tutum-stream" : "stream-\(source)"))
        }
        for (number, note) in notes.enumerated() {
            texts.append(JobStep.Text("details.note\(number == 0 ? "" : "-\(number + 1)")", note))
        }
        return texts
    }

    private func http(_ step: JobStep) throws(TemplateError) -> [JobStep.Text] {
        var texts: [JobStep.Text] = []
        for text in step.texts {
            let escaping: Template.Escaping =
                switch text.name {
                case "url": .url
                case "body": .body(text.text)
                default: .plain
                }
            texts.append(JobStep.Text(text.name, try fill(text.text, escaping)))
        }
        // What a call without a body of its own has to say is what happened.
        if step["body"] == nil, step["method"] != "GET", let cause {
            let message = cause.happening.message
            let body = message.isEmpty ? cause.json.text : String(decoding: message, as: UTF8.self)
            texts.append(JobStep.Text("body", body))
        }
        return texts
    }

    private mutating func alert(_ step: JobStep) throws(TemplateError) {
        let key = "job/\(job)/step/\(try fill(step["key"] ?? "", .plain))"
        if step["action"] == "resolve" {
            deeds.append(.resolveAlert(report: reports.count, key: key))
            return report(true, "resolves \(key)")
        }
        let title = try fill(step["title"] ?? "", .plain)
        let severity = AlertSeverity.allCases.first { $0.word == step["severity"] } ?? .error
        deeds.append(
            .openAlert(
                report: reports.count,
                key: key,
                severity,
                title: title.isEmpty ? Self.usualText : title,
                details: notes
            )
        )
        report(true, "opens \(key)")
    }

    private func fill(_ text: String, _ escaping: Template.Escaping) throws(TemplateError) -> String {
        let template = Template(
            value: { variable in
                TemplateVariable.allCases.firstIndex(of: variable).map { standard[$0] } ?? ""
            },
            more: { values.value($0) }
        )
        return try template.fill(text, escaping)
    }
}
