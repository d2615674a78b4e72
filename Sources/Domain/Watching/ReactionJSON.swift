// Triggers and steps as people read and write them. Secrets are masks already.

extension Reaction {
    package static let triggersName = "triggers"
    package static let stepsName = "steps"
}

extension StreamTrigger {
    package var json: JSON {
        func words(_ words: [String]) -> JSON? {
            words.isEmpty ? nil : .array(words.map { .string($0) })
        }
        let usual = Self.startsPerMinuteUsual
        return .compact([
            ("stream", .string(source)), ("on", .string(on.rawValue)), ("type", words(types)),
            ("action", words(actions)), ("state", words(states)), ("parent", words(parents)),
            ("after", after == .zero ? nil : .string(after.text)),
            (
                "starts_per_minute_max",
                startsPerMinuteMax == usual ? nil : .number(Int64(startsPerMinuteMax))
            ),
        ])
    }
}

extension JobStep {
    package var json: JSON {
        var members: [JSON.Member] = []
        for field in kind.fields {
            switch field.shape {
            case .texts, .secretTexts:
                let prefix = "\(field.name)."
                let inner = texts.filter { $0.name.hasPrefix(prefix) }.map {
                    JSON.Member(String($0.name.dropFirst(prefix.count)), .string($0.text))
                }
                if !inner.isEmpty { members.append(.init(field.name, .object(inner))) }
            default: if let text = self[field.name] { members.append(.init(field.name, .string(text))) }
            }
        }
        return .compact([
            (kind.word, .object(members)),
            ("on", on.isEmpty ? nil : .array(on.map { .string($0.rawValue) })),
        ])
    }
}
