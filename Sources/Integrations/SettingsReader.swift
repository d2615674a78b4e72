internal import Domain

/// Everything that is wrong with a channel's settings, at once.
package struct ChannelSettingsError: Error, Equatable {
    /// One field and what is wrong with it. Quotes no value, for any may be a secret.
    package struct Fault: Sendable, Equatable {
        package var field: String
        /// The part of the sentence after the field's name.
        package var predicate: String

        package init(field: String, predicate: String) {
            self.field = field
            self.predicate = predicate
        }

        package var sentence: String { "\(field) \(predicate)" }
    }

    package var faults: [Fault]

    package init(faults: [Fault]) {
        self.faults = faults
    }

    package var sentence: String { faults.map(\.sentence).joined(separator: "; ") }
}

/// Takes a channel's settings out of JSON field by field and gathers what is wrong with them.
struct SettingsReader {
    private let members: [JSON.Member]
    private var asked: [String] = []
    private(set) var faults: [ChannelSettingsError.Fault] = []

    private static let textBytesMax = 8192

    init(_ json: JSON) {
        if case .object(let members) = json {
            self.members = members
        } else {
            members = []
            faults = [.init(field: "the channel", predicate: "has to be a JSON object")]
        }
    }

    mutating func fault(_ field: String, _ predicate: String) {
        faults.append(.init(field: field, predicate: predicate))
    }

    /// The value; null counts as absent.
    private mutating func take(_ field: String) -> JSON? {
        asked.append(field)
        let value = members.first { $0.key == field }?.value
        return value == .null ? nil : value
    }

    /// A text that must be there and not be empty.
    mutating func text(_ field: String) -> String? {
        let known = faults.count
        if let text = optionalText(field) { return text }
        if faults.count == known { fault(field, "is missing") }
        return nil
    }

    mutating func optionalText(_ field: String) -> String? {
        guard let value = take(field) else { return nil }
        guard let text = value.string, !text.isEmpty else {
            fault(field, "has to be a text that is not empty")
            return nil
        }
        return checked(text, field)
    }

    private mutating func checked(_ text: String, _ field: String) -> String? {
        if text == Secrets.mask || text.hasSuffix("/\(Secrets.mask)") {
            fault(field, "is the mask that stands for a secret: give the secret itself")
        } else if text.utf8.count > Self.textBytesMax {
            fault(field, "is longer than \(Self.textBytesMax) bytes")
        } else if text.first?.isWhitespace == true || text.last?.isWhitespace == true {
            fault(field, "begins or ends with a blank, which is probably not meant")
        } else if OneLine.of(text) != text {
            fault(field, "holds a line end or another control character")
        } else {
            return text
        }
        return nil
    }

    mutating func texts(_ field: String, countMax: Int) -> [String] {
        guard let value = take(field) else { return [] }
        // One is as good as a list of one.
        if let text = value.string { return checked(text, field).map { [$0] } ?? [] }
        guard let values = value.array, values.count <= countMax else {
            fault(field, "has to be a list of at most \(countMax) texts")
            return []
        }
        let texts = values.compactMap(\.string).filter { !$0.isEmpty }
        if texts.count < values.count { fault(field, "holds something that is not a text, or an empty one") }
        return texts.compactMap { checked($0, field) }
    }

    mutating func flag(_ field: String, default standard: Bool) -> Bool {
        guard let value = take(field) else { return standard }
        if let flag = value.bool { return flag }
        fault(field, "has to be true or false, without quotes")
        return standard
    }

    mutating func number(_ field: String, in range: ClosedRange<Int64>, default standard: Int64) -> Int64 {
        guard let value = take(field) else { return standard }
        if let number = value.number, range.contains(number) { return number }
        fault(field, "has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
        return standard
    }

    /// One of a few words.
    mutating func word<Choice: RawRepresentable & CaseIterable>(_ field: String, default standard: Choice)
        -> Choice
    where Choice.RawValue == String {
        guard let value = take(field) else { return standard }
        if let choice = value.string.flatMap({ Choice(rawValue: $0) }) { return choice }
        fault(field, "has to be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        return standard
    }

    /// A number or a name, as the two are used for components.
    mutating func numberOrName(_ field: String) -> JSON? {
        guard let value = take(field) else { return nil }
        if let number = value.number, number > 0 { return .number(number) }
        if let text = value.string, !text.isEmpty { return checked(text, field).map { .string($0) } }
        fault(field, "has to be a number above 0 or a name")
        return nil
    }

    mutating func address(_ field: String) -> WebAddress? {
        text(field).flatMap { parse($0, field) }
    }

    mutating func address(_ field: String, default standard: String) -> WebAddress? {
        let known = faults.count
        let text = optionalText(field)
        return faults.count == known ? parse(text ?? standard, field) : nil
    }

    private mutating func parse(_ text: String, _ field: String) -> WebAddress? {
        do {
            return try WebAddress(text)
        } catch {
            fault(field, error.predicate)
            return nil
        }
    }

    mutating func headers(_ field: String, countMax: Int) -> [ChannelRequest.Header] {
        guard let value = take(field) else { return [] }
        guard case .object(let members) = value, members.count <= countMax else {
            fault(field, "has to be an object of at most \(countMax) header names and values")
            return []
        }
        return members.compactMap { member in
            let isName =
                !member.key.isEmpty
                && member.key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
            let isOurs = ["host", "content-length", "connection", "transfer-encoding"]
            guard isName, !isOurs.contains(member.key.lowercased()) else {
                fault(
                    field,
                    "holds a name that is no header name, or one that only the server itself may set"
                )
                return nil
            }
            guard let text = member.value.string, let value = checked(text, field) else {
                fault(field, "holds a value that is not one line of text")
                return nil
            }
            return ChannelRequest.Header(member.key, value)
        }
    }

    /// A field nobody asked for is a slip of the pen, and is said so before it matters.
    mutating func refuseUnknown() {
        for member in members where !asked.contains(member.key) {
            fault(
                member.key.shortened(to: 40),
                "is no field of this channel; it takes \(asked.joined(separator: ", "))"
            )
        }
    }
}
