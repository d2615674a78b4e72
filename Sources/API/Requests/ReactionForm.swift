internal import Domain
internal import Engine

/// `triggers` and `steps` of a job: what starts it besides its schedule, and what it does.
struct ReactionForm {
    let surroundings: JobForm.Surroundings
    /// What the job has now; nil for none.
    let current: Reaction?

    private typealias Secrets = [JSON.Member]

    func read(_ fields: inout Fields, into draft: inout JobDraft) {
        var triggers = draft.definition.reaction?.triggers ?? []
        var steps = draft.definition.reaction?.steps ?? []
        if fields.has(Reaction.triggersName) {
            triggers = list(&fields, Reaction.triggersName, max: JobLimits.triggersMax) {
                readTrigger($1, &$0)
            }
        }
        if fields.has(Reaction.stepsName) {
            var index = 0
            var bound: [String] = []
            draft.stepSecrets = [:]
            var secrets: [Int: JSON] = [:]
            steps = list(&fields, Reaction.stepsName, max: JobLimits.stepsMax) { fields, place in
                defer { index += 1 }
                return readStep(place, index, &fields, &bound, &secrets)
            }
            draft.stepSecrets = secrets
        }
        let isEmpty = triggers.isEmpty && steps.isEmpty
        draft.definition.reaction = isEmpty ? nil : Reaction(triggers: triggers, steps: steps)
    }

    /// The elements of a list of objects, and all that is wrong with them.
    private func list<Element>(
        _ fields: inout Fields,
        _ name: String,
        max: Int,
        _ read: (inout Fields, String) -> Element?
    ) -> [Element] {
        guard let value = fields.value(name) else { return [] }
        guard let objects = value.array, objects.count <= max else {
            fields.fault(name, "is not a list of at most \(max) objects")
            return []
        }
        var elements: [Element] = []
        for (index, object) in objects.enumerated() {
            let place = "\(name)[\(index)]"
            guard case .object = object else {
                fields.fault(place, "is not an object")
                continue
            }
            var inner = Fields(object, prefix: "\(place).")
            if let element = read(&inner, place) { elements.append(element) }
            fields.take(faultsOf: inner)
        }
        return elements
    }

    // MARK: Triggers

    private func readTrigger(_ place: String, _ fields: inout Fields) -> StreamTrigger? {
        fields.refuseUnknown([
            "stream", "on", "type", "action", "state", "parent", "after", "starts_per_minute_max",
        ])
        var trigger = StreamTrigger(source: "", on: .message)
        fields.read("stream", into: &trigger.source, bytesMax: JobLimits.labelBytesMax)
        if trigger.source.isEmpty { fields.fault("stream", "is missing", hint: "the name of a stream") }
        fields.read(
            "on",
            into: &trigger.on,
            default: .message,
            choices: SourceHappening.Kind.allCases.map { ($0.rawValue, $0) }
        )
        trigger.types = words("type", &fields)
        trigger.actions = words("action", &fields)
        trigger.states = words("state", &fields)
        trigger.parents = words("parent", &fields)
        fields.read("after", into: &trigger.after, default: .zero)
        fields.read(
            "starts_per_minute_max",
            into: &trigger.startsPerMinuteMax,
            default: StreamTrigger.startsPerMinuteUsual,
            within: 1...JobLimits.startsPerMinuteMax
        )
        if trigger.after > .zero, trigger.on != .close {
            fields.fault(
                "after",
                "is for \"on\": \"close\": how long the stream stays closed before it counts"
            )
        }
        let hasFilter = ["type", "action", "state", "parent"].first { fields.value($0) != nil }
        if let hasFilter, trigger.on != .message {
            fields.fault(hasFilter, "is for \"on\": \"message\": only events have it")
        }
        return trigger
    }

    /// A word or a list of words.
    private func words(_ name: String, _ fields: inout Fields) -> [String] {
        guard let value = fields.value(name) else { return [] }
        if let word = value.string { return [word] }
        let words = value.array?.compactMap(\.string) ?? []
        guard !words.isEmpty, words.count == value.array?.count, words.count <= JobLimits.filterWordsMax
        else {
            fields.fault(name, "is neither a word nor a list of 1 to \(JobLimits.filterWordsMax) words")
            return []
        }
        return words
    }

    // MARK: Steps

    private func readStep(
        _ place: String,
        _ index: Int,
        _ fields: inout Fields,
        _ bound: inout [String],
        _ secrets: inout [Int: JSON]
    ) -> JobStep? {
        let kinds = JobStep.Kind.allCases.map(\.word)
        fields.refuseUnknown(kinds + ["on"])
        guard fields.faults.isEmpty else { return nil }
        let named = kinds.filter { fields.value($0) != nil }
        guard named.count == 1, let kind = JobStep.Kind(word: named[0]),
            var inner = fields.object(named[0])
        else {
            fields.fault(
                named.first ?? kinds[1],
                "exactly one of \(kinds.joined(separator: ", ")) has to be given"
            )
            return nil
        }
        var step = JobStep(kind)
        for word in words("on", &fields) {
            guard let on = SourceHappening.Kind(rawValue: word) else {
                let known = SourceHappening.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                fields.fault("on", "\"\(word)\" is not one of \(known)")
                continue
            }
            step.on.append(on)
        }
        inner.refuseUnknown(kind.fields.map(\.name))
        var plain: Secrets = []
        for field in kind.fields { read(field, &inner, bound, into: &step, &plain) }
        check(&step, &inner, &bound)
        if !plain.isEmpty {
            if plain.contains(where: { Self.isMask($0.value.string ?? "") }) {
                step.secrets = kept(step, index)
                if step.secrets == nil {
                    let name = plain.first { Self.isMask($0.value.string ?? "") }?.key ?? ""
                    inner.fault(
                        name,
                        "is the mask of a secret, not a secret",
                        hint: "give every secret of this step anew: they are kept only all together, and "
                            + "for the same server"
                    )
                }
            } else {
                secrets[index] = .object(plain)
            }
        }
        fields.take(faultsOf: inner)
        return step
    }

    private static func isMask(_ text: String) -> Bool { text.contains(CallbackForm.mask) }

    /// The sealed secrets of the step that stands here now, when it shows the same.
    private func kept(_ step: JobStep, _ index: Int) -> Sealed? {
        guard let current, current.steps.indices.contains(index), current.steps[index].kind == step.kind
        else {
            return nil
        }
        let old = current.steps[index]
        func shown(_ step: JobStep) -> [JobStep.Text] {
            step.texts.filter { ["url", "base_url"].contains($0.name) || $0.name.hasPrefix("headers.") }
        }
        return shown(step) == shown(old) ? old.secrets : nil
    }

    private func read(
        _ field: JobStep.Field,
        _ fields: inout Fields,
        _ bound: [String],
        into step: inout JobStep,
        _ plain: inout Secrets
    ) {
        let name = field.name
        guard let value = fields.value(name) else {
            if field.isRequired { fields.fault(name, "is missing") }
            return
        }
        switch field.shape {
        case .texts, .secretTexts:
            guard case .object(let members) = value, members.count <= JobLimits.headersMax else {
                return fields.fault(name, "is not an object of at most \(JobLimits.headersMax) texts")
            }
            for member in members {
                let place = "\(name).\(member.key)"
                guard let text = text(member.value, place, &fields, bound) else { continue }
                guard case .secretTexts = field.shape else {
                    step.texts.append(.init(place, text))
                    continue
                }
                if let refusal = HeaderRules.refusal(name: member.key, value: text) {
                    fields.fault(place, refusal)
                }
                step.texts.append(.init(place, CallbackForm.mask))
                plain.append(.init(place, .string(text)))
            }
        case .url:
            guard let text = text(value, name, &fields, bound) else { return }
            readURL(name, text, &fields, into: &step, &plain)
        case .word(let words):
            guard let text = value.string, words.contains(text) else {
                return fields.fault(name, "is not one of \(words.joined(separator: ", "))")
            }
            step.texts.append(.init(name, text))
        case .name:
            guard let text = value.string, !text.isEmpty, text.utf8.count <= JobLimits.nameBytesMax,
                !text.contains("{{")
            else { return fields.fault(name, "is not a short text without templates") }
            step.texts.append(.init(name, text))
        case .text:
            if let text = text(value, name, &fields, bound) { step.texts.append(.init(name, text)) }
        }
    }

    private func text(_ value: JSON, _ name: String, _ fields: inout Fields, _ bound: [String]) -> String? {
        guard let text = value.string, text.utf8.count <= JobLimits.bodyBytesMax else {
            fields.fault(name, "is not a text of at most \(JobLimits.bodyBytesMax) bytes")
            return nil
        }
        if let fault = TemplateNames.fault(in: text, hasEvent: true, bound: bound) {
            fields.fault(name, fault.message, hint: fault.hint)
        }
        return text
    }

    private func readURL(
        _ name: String,
        _ text: String,
        _ fields: inout Fields,
        into step: inout JobStep,
        _ plain: inout Secrets
    ) {
        do throws(CallbackURL.Fault) {
            let parts = try CallbackURL(text)
            if let refusal = parts.isLiteral ? surroundings.judgeLiteral(parts.host, parts.port) : nil {
                throw CallbackURL.Fault(message: refusal, hint: nil)
            }
            var shown = URLTarget(isTLS: parts.isTLS, host: parts.host, port: parts.port, path: parts.path)
            let hidden = Sealed(keyID: 0, bytes: [])
            if let query = parts.query {
                shown.query = hidden
                shown.queryMask = CallbackURL.mask(query)
            }
            if let userInfo = parts.userInfo {
                shown.userInfo = hidden
                shown.user = String(userInfo.prefix { $0 != ":" })
            }
            step.texts.append(.init(name, shown.masked))
            if parts.query != nil || parts.userInfo != nil { plain.append(.init(name, .string(text))) }
        } catch {
            fields.fault(name, error.message, hint: error.hint)
        }
    }

    /// What a kind of step asks for beyond its fields.
    private func check(_ step: inout JobStep, _ fields: inout Fields, _ bound: inout [String]) {
        switch step.kind {
        case .enrich:
            let parts = (step["get"] ?? "").split(separator: ":", maxSplits: 1)
            let isKnown = parts.first == "resource" && parts.count == 1 || parts.first == "parent"
            if step["get"] != nil, !isKnown {
                fields.fault("get", "is none of resource, parent, parent:N and parent:KIND")
            }
            guard let name = step["as"] else { return }
            let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            if !isName || EventVariable(rawValue: name) != nil || TemplateVariable(rawValue: name) != nil {
                return fields.fault("as", "is not a name of its own, of letters, digits and _")
            }
            bound.append(name)
        case .http:
            guard let method = step["method"] else { return }
            if !HeaderRules.isToken(method) || method.uppercased() == "CONNECT" {
                fields.fault("method", "is not an HTTP method", hint: "GET, POST, PUT, PATCH or DELETE")
            }
        case .alert:
            if step["action"] != "resolve", step["title"] == nil { fields.fault("title", "is missing") }
        case .pagerDuty:
            if step["action"] == "trigger", step["description"] == nil {
                fields.fault("description", "is missing: PagerDuty asks for it")
            }
        case .slack, .note: break
        }
    }
}
