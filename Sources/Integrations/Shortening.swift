internal import Crypto
internal import Effects

/// Text without line ends and other control characters, for subjects, summaries and header values.
enum OneLine {
    static func of(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { isControl($0) }) else { return text }
        let words = text.unicodeScalars.split { isControl($0) }.map { String(Substring($0)) }
        return words.joined(separator: " ")
    }

    /// C0, DEL, C1 and the two separators of Unicode.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            || [0x2028, 0x2029].contains(scalar.value)
    }
}

extension String {
    /// At most so many Unicode scalars, the last of them `…` when something was cut. Scalars, because that is
    /// what counterparts count; never inside a character.
    func shortened(to scalarsMax: Int) -> String {
        guard unicodeScalars.count > scalarsMax else { return self }
        var kept = ""
        var count = 1
        for character in self {
            count += character.unicodeScalars.count
            if count > scalarsMax { break }
            kept.append(character)
        }
        return kept + "…"
    }

    /// The text itself when it fits, else its beginning and a fingerprint of all of it: two long keys with
    /// the same beginning stay different.
    func shortenedKey(to bytesMax: Int) -> String {
        guard utf8.count > bytesMax else { return self }
        let mark = "#" + hexadecimal(SHA256.hash(data: Array(utf8)).prefix(16))
        var kept = ""
        for character in self {
            if kept.utf8.count + character.utf8.count > bytesMax - mark.utf8.count { break }
            kept.append(character)
        }
        return kept + mark
    }
}

extension [String] {
    /// At most so many lines of at most so many scalars each; says how many were left out.
    func shortened(linesMax: Int, scalarsMax: Int) -> [String] {
        var kept = prefix(linesMax).map { $0.shortened(to: scalarsMax) }
        if count > kept.count { kept.append("… \(count - kept.count) more lines") }
        return kept
    }
}

/// Sixteen bytes that stand for a text, as 32 hexadecimal digits: ids that survive a retry.
func stableIdentifier(_ purpose: String, _ text: String) -> String {
    hexadecimal(SHA256.hash(data: Array("chronatog \(purpose) \(text)".utf8)).prefix(16))
}
