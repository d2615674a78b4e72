/// The known word that a mistyped one probably stands for.
package enum NearestWord {
    /// Longest word compared, in bytes.
    private static let bytesMax = 64

    /// The candidate closest to a word, whatever their case.
    ///
    /// - Returns: nil when none is within a third of the word's length (at least one edit), so that a hint is
    ///   never far-fetched.
    package static func find(_ word: String, in candidates: some Sequence<String>) -> String? {
        let wanted = Array(word.lowercased().utf8)
        guard !wanted.isEmpty, wanted.count <= bytesMax else { return nil }
        var best: (edits: Int, candidate: String)?
        for candidate in candidates {
            let limit = min(best?.edits ?? .max, max(1, wanted.count / 3) + 1)
            let other = Array(candidate.lowercased().utf8)
            guard abs(other.count - wanted.count) < limit else { continue }
            let edits = edits(wanted, other)
            if edits < limit { best = (edits, candidate) }
        }
        return best?.candidate
    }

    /// `did you mean Europe/London?`, or nil when nothing is near.
    ///
    /// - Parameter prefix: put before the word, such as the dashes of a flag.
    package static func question(
        _ word: String,
        in candidates: some Sequence<String>,
        prefix: String = ""
    ) -> String? {
        find(word, in: candidates).map { "did you mean \(prefix)\($0)?" }
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
    private static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    last[column + 1] + 1,
                    current[column] + 1,
                    last[column] + (letter == other ? 0 : 1)
                )
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last.last ?? 0
    }
}
