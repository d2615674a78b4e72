/// The word that somebody probably meant.
enum NearestWord {
    /// `; did you mean --listen?`, or nothing when no candidate is close.
    static func hint(for word: String, in candidates: [String], prefix: String = "") -> String {
        nearest(to: word, in: candidates).map { "; did you mean \(prefix)\($0)?" } ?? ""
    }

    /// The candidate with the fewest edits, if they are at most a third of the word (and at least one is
    /// allowed).
    static func nearest(to word: String, in candidates: [String]) -> String? {
        let limit = max(1, word.utf8.count / 3)
        let scored = candidates.map { (word: $0, edits: edits(Array(word.utf8), Array($0.utf8))) }
        guard let best = scored.min(by: { $0.edits < $1.edits }), best.edits <= limit else { return nil }
        return best.word
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    private static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [Array(0...right.count)]
        for (i, letter) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other {
                    cost = min(cost, rows[i - 1][j - 1] + 1)
                }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
