/// What `{{…}}` may name in the texts of a job that streams start, besides `TemplateVariable`.
package enum EventVariable: String, Sendable, CaseIterable {
    case type
    case action
    /// `created`, `updated`, `deleted`.
    case actionPast = "action_past"
    case state
    case resourceURI = "resource_uri"
    /// A list where JSON stands, else joined with commas.
    case parents
    /// The event as JSON; `{{event.data.name}}` is a part of it.
    case event
    /// The stream's name.
    case source
    /// `message`, `open`, `close` or `error`.
    case on
    /// Why the stream closed, or what went wrong.
    case detail
    /// The number of the outage.
    case outage
}

/// The values of templates in a run that an event may have started: of the event, and of what was looked up.
package struct EventValues: Sendable {
    package let facts: StreamFacts
    private let happening: SourceHappening?
    /// What was looked up, by the name that it was bound to.
    package var bound: [String: JSON] = [:]
    /// Names that nothing could be bound to.
    package var missing: Set<String> = []

    /// Stands where a value should that could not be looked up.
    package static let unknown = "(unknown)"

    package init(_ cause: RunCause?) {
        happening = cause?.happening
        facts = StreamFacts(cause?.happening.message ?? [])
    }

    /// nil when nothing has that name.
    package func value(_ name: String) -> JSON? {
        if let variable = EventVariable(rawValue: name) { return value(variable) }
        var parts = name.split(separator: ".")[...]
        guard let first = parts.popFirst().map({ String($0) }), !parts.isEmpty else { return nil }
        var json: JSON
        if first == EventVariable.event.rawValue {
            json = facts.json
        } else if let known = bound[first] {
            json = known
        } else {
            return missing.contains(first) ? .string(Self.unknown) : nil
        }
        for part in parts {
            if let index = Int(part), let values = json.array {
                json = values.indices.contains(index) ? values[index] : .null
            } else {
                json = json[String(part)] ?? .null
            }
        }
        return json == .null ? .string("") : json
    }

    private func value(_ variable: EventVariable) -> JSON {
        switch variable {
        case .type: .string(facts.type)
        case .action: .string(facts.action)
        case .actionPast: .string(Self.past(of: facts.action))
        case .state: .string(facts.state)
        case .resourceURI: .string(facts.resourceURI)
        case .parents: .array(facts.parents.map { .string($0) })
        case .event: facts.json
        case .source: .string(happening?.source ?? "")
        case .on: .string(happening?.kind.rawValue ?? "")
        case .detail: .string(happening?.detail ?? "")
        case .outage: .number(Int64(clamping: happening?.outage ?? 0))
        }
    }

    /// The participle of an English verb that has no whims: all that streams have.
    package static func past(of verb: String) -> String {
        verb.isEmpty ? "" : verb.hasSuffix("e") ? verb + "d" : verb + "ed"
    }
}

extension JSON {
    /// As it stands in plain text: lists of texts with commas, no quotes around texts.
    package var plainText: String {
        switch self {
        case .string(let text): text
        case .null: ""
        case .array(let values) where values.allSatisfy { $0.string != nil }:
            values.compactMap(\.string).joined(separator: ",")
        default: text
        }
    }
}
