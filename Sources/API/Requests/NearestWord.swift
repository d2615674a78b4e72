/// The known word that was probably meant.
enum NearestWord {
    /// Longest word compared, in bytes.
    private static let bytesMax = 64

    /// "did you mean …?", or all the words when none is near and they are few.
    static func hint(for word: String, in known: [String]) -> String? {
        if let near = find(word, in: known) { return "did you mean \(near)?" }
        if known.isEmpty { return nil }
        return known.count <= 12 ? "known: \(known.joined(separator: ", "))" : nil
    }

    /// nil when no word is within a third of the length.
    static func find(_ word: String, in known: [String]) -> String? {
        let wanted = Array(word.lowercased().utf8.prefix(bytesMax))
        var best: (edits: Int, word: String)?
        for candidate in known {
            let edits = edits(wanted, Array(candidate.lowercased().utf8.prefix(bytesMax)))
            if edits <= max(1, wanted.count / 3), edits < best?.edits ?? .max { best = (edits, candidate) }
        }
        return best?.word
    }

    /// Levenshtein's distance, in two rows.
    private static func edits(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var previous = Array(0...b.count)
        for (row, left) in a.enumerated() {
            var current = [row + 1]
            for (column, right) in b.enumerated() {
                let replaced = previous[column] + (left == right ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[b.count]
    }
}
