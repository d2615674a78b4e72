internal import Cron
internal import Domain

/// Templates in a job's texts, checked when they are given rather than when they are filled at night.
enum TemplateNames {
    /// What is wrong with `{{…}}` in a text; nil when nothing is. `{{` without `}}` is text.
    static func fault(in text: String) -> (message: String, hint: String?)? {
        let known = TemplateVariable.allCases.map(\.rawValue)
        for name in names(in: text) where !known.contains(name) {
            return ("uses {{\(name)}}, which does not exist", NearestWord.hint(for: name, among: known))
        }
        return nil
    }

    private static func names(in text: String) -> [String] {
        var names: [String] = []
        var rest = text[...]
        while let open = pair("{", in: rest), let close = pair("}", in: rest[open.upperBound...]) {
            names.append(rest[open.upperBound..<close.lowerBound].filter { $0 != " " })
            rest = rest[close.upperBound...]
        }
        return names
    }

    /// Where a character stands twice in a row.
    private static func pair(_ character: Character, in text: Substring) -> Range<Substring.Index>? {
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == character, next < text.endIndex, text[next] == character {
                return index..<text.index(after: next)
            }
            index = next
        }
        return nil
    }
}
