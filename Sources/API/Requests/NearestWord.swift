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

    /// Letters put in, left out, replaced, or swapped with their neighbour; in three rows.
    private static func edits(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var rows = (before: [Int](), last: Array(0...b.count))
        for (row, left) in a.enumerated() {
            var current = [row + 1]
            for (column, right) in b.enumerated() {
                var cost = rows.last[column] + (left == right ? 0 : 1)
                cost = min(cost, rows.last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left == b[column - 1], a[row - 1] == right {
                    cost = min(cost, rows.before[column - 1] + 1)
                }
                current.append(cost)
            }
            rows = (rows.last, current)
        }
        return rows.last[b.count]
    }
}
