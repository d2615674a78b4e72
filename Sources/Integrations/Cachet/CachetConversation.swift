internal import Domain
internal import Effects

/// Finds or makes the incident, or brings it up to date, then sets the component's status.
///
/// An incident cannot be made twice by a repetition: it carries a reference to the alert, which is looked for
/// first. Everything else (a status) can be said twice without being shown twice.
struct CachetConversation: ChannelConversation {
    private enum State {
        case start
        case findingIncident
        case creatingIncident
        case readingIncident(Int64)
        case updatingIncident
        case findingComponent
        case settingComponent
    }

    private let settings: CachetSettings
    private let message: AlertMessage
    private let sender: AlertSender
    private var state = State.start
    private(set) var learnt: [String: String] = [:]

    private static let incidentFact = AlertReference.incident.rawValue
    private static let componentFact = AlertReference.component.rawValue
    private static let nameScalarsMax = 200

    init(_ settings: CachetSettings, _ message: AlertMessage, _ sender: AlertSender) {
        self.settings = settings
        self.message = message
        self.sender = sender
    }

    func judge(now: Timestamp) -> AnswerJudge {
        AnswerJudge(counterpart: "Cachet", secrets: settings.allSecrets, now: now)
    }

    private var knownIncident: Int64? { message.memory.facts[Self.incidentFact].flatMap { Int64($0) } }

    mutating func begin(now: Timestamp) -> ChannelDelivery.Step {
        switch (message.kind, knownIncident) {
        case (.remind, .some): return .end(ChannelVerdict(.delivered))
        // Was never opened there, so there is nothing to follow up.
        case (.acknowledge, nil), (.success, _): return .end(ChannelVerdict(.delivered))
        case (.open, nil), (.remind, nil):
            state = .findingIncident
            return .call(request("GET", "incidents", query: settings.dialect.incidentQuery(name: name)))
        case (.open, .some), (.resolve, nil): return component(now: now)
        case (.acknowledge, .some(let id)), (.resolve, .some(let id)):
            state = .readingIncident(id)
            return .call(request("GET", "incidents/\(id)"))
        case (.test, _), (.step, _): return create()
        }
    }

    mutating func receive(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        if answer.status == 404, case .readingIncident = state {
            // Somebody deleted it by hand.
            return component(now: now)
        }
        guard [200, 201, 204].contains(answer.status) else {
            return .end(verdict(on: answer, judge(now: now)))
        }
        switch state {
        case .start: preconditionFailure("no answer comes before the first request")
        case .findingIncident: return foundIncidents(answer, now: now)
        case .creatingIncident:
            guard let incident = CachetObject.one(answer.body) else { return .end(unreadable(answer)) }
            if message.kind != .test { learnt[Self.incidentFact] = "\(incident.id)" }
            return component(now: now)
        case .readingIncident(let id): return hasRead(answer, id, now: now)
        case .updatingIncident: return component(now: now)
        case .findingComponent: return foundComponents(answer, now: now)
        case .settingComponent: return .end(ChannelVerdict(.delivered))
        }
    }

    // MARK: - The incident

    private mutating func foundIncidents(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        let ours = CachetObject.page(answer.body).first { $0.text("message")?.contains(reference) == true }
        guard let ours else { return create() }
        learnt[Self.incidentFact] = "\(ours.id)"
        return component(now: now)
    }

    /// A test makes an incident that is over and that nobody but the page's own people sees.
    private mutating func create() -> ChannelDelivery.Step {
        state = .creatingIncident
        let isTest = message.kind == .test
        let body = settings.dialect.newIncident(
            name: isTest ? message.headline.shortened(to: Self.nameScalarsMax) : name,
            message: text + "\n\n" + reference,
            status: isTest ? .fixed : .investigating,
            isVisible: settings.isVisible && !isTest,
            notifies: settings.notifies && !isTest
        )
        return .call(request("POST", "incidents", body))
    }

    /// Brings the incident to its new status unless it is there already.
    private mutating func hasRead(_ answer: Answer, _ id: Int64, now: Timestamp) -> ChannelDelivery.Step {
        guard let incident = CachetObject.one(answer.body) else { return .end(unreadable(answer)) }
        let wanted: CachetIncidentStatus = message.kind == .resolve ? .fixed : .identified
        let isThere =
            incident.status == wanted.rawValue || incident.status == CachetIncidentStatus.fixed.rawValue
        if isThere { return component(now: now) }
        state = .updatingIncident
        let status = JSON.Member("status", .number(wanted.rawValue))
        if settings.dialect == .two, !incident.hasUpdates {
            return .call(request("PUT", "incidents/\(id)", .object([status])))
        }
        let update = JSON.object([status, .init("message", .string(text))])
        return .call(request("POST", "incidents/\(id)/updates", update))
    }

    private var name: String { OneLine.of(message.title).shortened(to: Self.nameScalarsMax) }

    /// Markdown: a paragraph, then a list.
    private var text: String {
        guard settings.showsDetails else { return message.headline }
        let details = message.details.shortened(linesMax: 20, scalarsMax: 500).map { "\n- \($0)" }.joined()
        return message.headline + (details.isEmpty ? "" : "\n\(details)")
    }

    /// By this the incident is known again when the answer to its creation was lost.
    private var reference: String {
        "Reference: " + stableIdentifier("incident", "\(message.key) \(message.openedAt.microseconds)")
    }

    // MARK: - The component

    private mutating func component(now: Timestamp) -> ChannelDelivery.Step {
        switch (settings.component, message.memory.facts[Self.componentFact].flatMap { Int64($0) }) {
        case (nil, _): return .end(ChannelVerdict(.delivered))
        case (.number(let id), _), (.name, .some(let id)): return set(id)
        case (.name(let name), nil):
            state = .findingComponent
            return .call(request("GET", "components", query: settings.dialect.componentQuery(name: name)))
        }
    }

    private mutating func foundComponents(_ answer: Answer, now: Timestamp) -> ChannelDelivery.Step {
        guard case .name(let name)? = settings.component else { return .end(ChannelVerdict(.delivered)) }
        let found = CachetObject.page(answer.body).filter { $0.text("name") == name }
        guard let only = found.first, found.count == 1 else {
            let what = found.isEmpty ? "has no component" : "has \(found.count) components"
            return .end(
                ChannelVerdict(
                    .dead(
                        reason:
                            "Cachet \(what) named \"\(name)\": correct the channel's component, or give its "
                            + "number, and send the message again"
                    )
                )
            )
        }
        learnt[Self.componentFact] = "\(only.id)"
        return set(only.id)
    }

    /// Only the status: what is absent stays as it is.
    private mutating func set(_ id: Int64) -> ChannelDelivery.Step {
        guard let status = wantedComponentStatus else { return .end(ChannelVerdict(.delivered)) }
        state = .settingComponent
        return .call(request("PUT", "components/\(id)", .object([.init("status", .number(status))])))
    }

    private var wantedComponentStatus: Int64? {
        switch message.kind {
        case .open, .remind: status(of: max(message.severity, message.worstOther ?? .info))
        case .resolve: message.worstOther.flatMap { status(of: $0) } ?? 1
        case .acknowledge, .test, .step, .success: nil
        }
    }

    /// Nil when it is not bad enough to be seen on the component.
    private func status(of worst: AlertSeverity) -> Int64? {
        if let chosen = settings.componentStatus { return chosen }
        return switch worst {
        case .info: nil
        case .warning: 2
        case .error, .critical: 4
        }
    }

    // MARK: - Both

    private func request(
        _ method: String,
        _ path: String,
        _ body: JSON? = nil,
        query: String? = nil
    ) -> ChannelRequest {
        .json(
            method,
            settings.base.appending(path, query: query),
            body,
            sender: sender,
            headers: [settings.dialect.authorization(settings.token)]
        )
    }

    private func verdict(on answer: Answer, _ judge: AnswerJudge) -> ChannelVerdict {
        switch (answer.status, state) {
        case (401, _), (403, _):
            judge.broken(answer, "give the channel a token that may write incidents and components")
        case (404, .settingComponent):
            judge.dead(answer, "the component no longer exists; correct the channel's component")
        case (404, .findingIncident), (404, .creatingIncident):
            judge.broken(answer, "check the channel's url and version")
        default: judge.other(answer)
        }
    }

    /// A page that answers 200 to everything is not Cachet's API.
    private func unreadable(_ answer: Answer) -> ChannelVerdict {
        let remedy = "check the channel's url and version"
        return ChannelVerdict(
            .broken(reason: "Cachet answered \(answer.status) without an object in \"data\": \(remedy)")
        )
    }
}
