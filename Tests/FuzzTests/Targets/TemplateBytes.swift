import Dispatching
import Domain

/// Templates in a job's texts: a value of any bytes in a text of any bytes, for all places where they land.
enum TemplateBytes {
    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        var choices = Choices(bytes)
        let value = String(decoding: choices.take(Int(choices.byte()) % 64), as: UTF8.self)
        let text = choices.text
        let template = Template { _ in value }
        let unknown = TemplateText.names(in: text).filter { TemplateVariable(rawValue: $0) == nil }
        for escaping in [Template.Escaping.plain, .json, .url] {
            let filled: String
            do throws(TemplateError) {
                filled = try template.fill(text, escaping)
            } catch {
                try BrokenProperty.check(!unknown.isEmpty, "\(error), though all names are known")
                continue
            }
            try BrokenProperty.check(unknown.isEmpty, "\(unknown) filled, though nobody knows them")
            // A header's text is free of control characters when it is accepted (`HeaderRules`); in JSON some
            // may stand, and `feedEscapes` reads it.
            if escaping != .json, !holdsControls(text) {
                try BrokenProperty.check(!holdsControls(filled), "a value brought in a control character")
            }
        }
        try feedEscapes(template, value)
    }

    private static func holdsControls(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.value < 0x20 && $0.value != 0x09 || $0.value == 0x7f }
    }

    /// One variable alone: what it is escaped to, exactly.
    private static func feedEscapes(_ template: Template, _ value: String) throws(BrokenProperty) {
        guard let url = try? template.fill("{{name}}", .url), let json = try? template.fill("{{name}}", .json)
        else { throw BrokenProperty(description: "a known name is refused") }
        let isUnreserved = url.utf8.allSatisfy { byte in
            byte < 0x80
                && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
                || "-._~%".utf8.contains(byte)
        }
        try BrokenProperty.check(isUnreserved, "\(url) is not percent-encoded")
        let read = try? JSONReader.value(of: "\"\(json)\"")
        let back = read?.string.map { Array($0.utf8) }
        try BrokenProperty.check(
            back == Array(value.utf8),
            "the JSON string \(json) is not what it was made of"
        )
    }
}
