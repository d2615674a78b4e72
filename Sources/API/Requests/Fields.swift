internal import Cron
internal import Domain
internal import Engine

/// Reads the members of a request's object and keeps every fault, so that all are told at once.
///
/// `null` means "the default" and counts as given: a PATCH takes a field back with it.
struct Fields {
    private let members: [JSON.Member]
    /// Put before each field's name: `timeouts.`.
    private let prefix: String
    private(set) var faults: [CommandError.Fault] = []

    init(_ object: JSON, prefix: String = "") {
        if case .object(let members) = object { self.members = members } else { members = [] }
        self.prefix = prefix
    }

    /// Given, `null` included.
    func has(_ name: String) -> Bool { members.contains { $0.key == name } }

    /// The value; nil when absent or `null`.
    func value(_ name: String) -> JSON? {
        guard let value = members.first(where: { $0.key == name })?.value, value != .null else { return nil }
        return value
    }

    mutating func fault(_ name: String, _ message: String, hint: String? = nil) {
        faults.append(CommandError.Fault(field: prefix + name, message: message, hint: hint))
    }

    mutating func take(faultsOf other: Fields) { faults += other.faults }

    /// A name that does not exist is an error; one that only answers have is let pass, so that what was read
    /// can be sent back.
    mutating func refuseUnknown(_ known: [String], answersOnly: [String] = []) {
        for member in members where !known.contains(member.key) && !answersOnly.contains(member.key) {
            fault(member.key, "is not a field", hint: NearestWord.hint(for: member.key, among: known))
        }
    }

    // MARK: Reading into what is there

    /// Sets `place` when the field is given: to the default for `null`.
    mutating func read(_ name: String, into place: inout String, default fallback: String = "", bytesMax: Int)
    {
        guard has(name) else { return }
        guard let value = value(name) else { return place = fallback }
        guard let text = value.string else { return fault(name, "is not a string") }
        guard text.utf8.count <= bytesMax else {
            return fault(name, "has \(text.utf8.count) bytes; the limit is \(bytesMax)")
        }
        place = text
    }

    mutating func read(_ name: String, into place: inout Bool, default fallback: Bool = false) {
        guard has(name) else { return }
        guard let value = value(name) else { return place = fallback }
        guard let flag = value.bool else { return fault(name, "is neither true nor false") }
        place = flag
    }

    mutating func read<Number: FixedWidthInteger>(
        _ name: String,
        into place: inout Number,
        default fallback: Number,
        within range: ClosedRange<Int64>
    ) {
        guard has(name) else { return }
        guard let value = value(name) else { return place = fallback }
        guard let number = value.number, range.contains(number) else {
            return fault(name, "is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        place = Number(number)
    }

    mutating func read(
        _ name: String,
        into place: inout Span,
        default fallback: Span,
        atLeast least: Span = .zero
    ) {
        guard has(name) else { return }
        guard let value = value(name) else { return place = fallback }
        guard let span = Self.span(value) else {
            return fault(
                name,
                "is not a duration",
                hint: "write \"90s\", \"5m\", \"24h\", \"365d\" or whole seconds"
            )
        }
        guard span >= least else { return fault(name, "is less than \(least.text)") }
        place = span
    }

    mutating func read<Choice>(
        _ name: String,
        into place: inout Choice,
        default fallback: Choice,
        choices: [(word: String, choice: Choice)]
    ) {
        guard has(name) else { return }
        guard let value = value(name) else { return place = fallback }
        let words = choices.map(\.word)
        guard let text = value.string, let found = choices.first(where: { $0.word == text }) else {
            let given = value.string.map { "\"\($0)\"" } ?? "what was given"
            let near = value.string.flatMap { NearestWord.question($0, in: words) }
            return fault(name, "\(given) is not one of \(words.joined(separator: ", "))", hint: near)
        }
        place = found.choice
    }

    mutating func read(_ name: String, into place: inout Timestamp?) {
        guard has(name) else { return }
        guard let value = value(name) else { return place = nil }
        guard let text = value.string, let stamp = Timestamp(rfc3339: text) else {
            return fault(name, "is not an RFC 3339 instant", hint: "2026-03-08T07:00:00Z")
        }
        place = stamp
    }

    /// A time zone by its IANA name.
    mutating func readZone(into zone: inout String, default fallback: String, among zones: ZoneDatabase) {
        guard has("zone") else { return }
        guard let value = value("zone") else { return zone = fallback }
        guard let name = value.string else { return fault("zone", "is not a string") }
        do {
            zone = try zones.zone(named: name).name
        } catch ZoneError.unknown(_, let nearest) {
            let hint = nearest.map { "did you mean \($0)?" } ?? "an IANA name such as Europe/London, or UTC"
            fault("zone", "\"\(name)\" is not a time zone", hint: hint)
        } catch {
            fault("zone", "\(error)")
        }
    }

    /// A nested object's fields; nil when the field is absent or no object. `null` is an object without
    /// members.
    mutating func object(_ name: String) -> Fields? {
        guard has(name) else { return nil }
        guard let value = value(name) else { return Fields(.object([]), prefix: "\(prefix)\(name).") }
        guard case .object = value else {
            fault(name, "is not an object")
            return nil
        }
        return Fields(value, prefix: "\(prefix)\(name).")
    }

    var allNames: [String] { members.map(\.key) }

    static func span(_ value: JSON) -> Span? {
        switch value {
        case .number(let seconds) where seconds >= 0: .seconds(seconds)
        case .string(let text): Span(text)
        default: nil
        }
    }

    /// Faults that were found, as an error.
    func check() throws {
        if !faults.isEmpty { throw Problem(faults) }
    }
}

extension NearestWord {
    /// Longest list of known words that is told whole.
    private static let toldMax = 12

    /// "did you mean …?", or all the words when none is near and they are few.
    static func hint(for word: String, among known: [String]) -> String? {
        if let question = question(word, in: known) { return question }
        return known.isEmpty || known.count > toldMax ? nil : "known: \(known.joined(separator: ", "))"
    }
}
