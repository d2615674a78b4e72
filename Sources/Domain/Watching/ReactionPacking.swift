// A packed definition's `reaction`: fields 50 (each trigger) and 51 (each step) of a job definition, and 59,
// the mark of a job that streams start. Numbers are for ever (`Journaling.docc/Format.md`).

extension Reaction {
    func pack(into w: inout FieldWriter) {
        for trigger in triggers { w.nest(50) { trigger.pack(into: &$0) } }
        for step in steps { w.nest(51) { step.pack(into: &$0) } }
        // Last of all, so that one look at the end finds it.
        if !triggers.isEmpty { w.write(59, 1) }
    }

    /// Whether a packed definition may have triggers: false is certain, and costs one look.
    package static func mayStand(in packed: [UInt8]) -> Bool { packed.suffix(2).elementsEqual([59 << 1, 1]) }
}

extension SourceHappening.Kind {
    package var code: UInt64 {
        switch self {
        case .open: 1
        case .message: 2
        case .close: 3
        case .error: 4
        }
    }

    package init?(code: UInt64) {
        guard let found = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = found
    }
}

extension StreamTrigger {
    fileprivate func pack(into w: inout FieldWriter) {
        w.write(1, source)
        w.write(2, on.code)
        for (field, words) in [(UInt8(3), types), (4, actions), (5, states), (6, parents)] {
            for word in words { w.write(field, Array(word.utf8)) }
        }
        w.write(7, signed: after.microseconds)
        w.write(8, UInt64(startsPerMinuteMax))
    }

    init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init(source: "", on: .message)
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: source = value.text ?? ""
            case 2: on = try value.happening("trigger")
            case 3: types.append(value.text ?? "")
            case 4: actions.append(value.text ?? "")
            case 5: states.append(value.text ?? "")
            case 6: parents.append(value.text ?? "")
            case 7: after = Span(microseconds: value.signed ?? 0)
            case 8: startsPerMinuteMax = UInt32(truncatingIfNeeded: value.number ?? 0)
            default: throw .invalid(field: field, of: "trigger")
            }
        }
    }
}

extension JobStep {
    fileprivate func pack(into w: inout FieldWriter) {
        w.write(1, UInt64(kind.rawValue))
        for kind in on { w.write(2, kind.code) }
        for text in texts {
            w.nest(3) {
                $0.write(1, text.name)
                $0.write(2, text.text)
            }
        }
        if let secrets { w.write(4, secrets) }
    }

    init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init(.note)
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1:
                let code = UInt8(truncatingIfNeeded: value.number ?? 0)
                guard let kind = Kind(rawValue: code) else { throw .invalid(field: field, of: "step") }
                self.kind = kind
            case 2: on.append(try value.happening("step"))
            case 3: texts.append(try Text(packed: value.slice ?? []))
            case 4: secrets = try Sealed(packed: value.slice ?? [])
            default: throw .invalid(field: field, of: "step")
            }
        }
    }
}

extension JobStep.Text {
    fileprivate init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init("", "")
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: name = value.text ?? ""
            case 2: text = value.text ?? ""
            default: throw .invalid(field: field, of: "step")
            }
        }
    }
}

extension FieldValue {
    fileprivate func happening(_ what: String) throws(FieldError) -> SourceHappening.Kind {
        guard let kind = number.flatMap({ SourceHappening.Kind(code: $0) }) else {
            throw .invalid(field: 2, of: what)
        }
        return kind
    }
}
