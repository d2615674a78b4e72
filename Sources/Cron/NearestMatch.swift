/// The candidate closest to a mistyped word, for hints such as "did you mean Europe/London?".
///
/// - Returns: nil when none is within a third of the word's length (at least one edit), so that a hint is
///   never far-fetched.
func nearestMatch(to word: String, in candidates: some Sequence<String>) -> String? {
    let wanted = Array(word.lowercased().utf8)
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
        let limit = min(best?.distance ?? .max, max(1, wanted.count / 3) + 1)
        let other = Array(candidate.lowercased().utf8)
        guard abs(other.count - wanted.count) < limit else { continue }
        let distance = editDistance(wanted, other)
        if distance < limit { best = (distance, candidate) }
    }
    return best?.candidate
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
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
