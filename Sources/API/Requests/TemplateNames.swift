internal import Cron
internal import Domain

/// Templates in a job's texts, checked when they are given rather than when they are filled at night.
enum TemplateNames {
    /// What is wrong with `{{…}}` in a text; nil when nothing is. `{{` without `}}` is text.
    /// - Parameters:
    ///   - hasEvent: a stream may start the job, so the event's fields may be named.
    ///   - bound: what earlier steps look up.
    static func fault(
        in text: String,
        hasEvent: Bool = false,
        bound: [String] = []
    ) -> (message: String, hint: String?)? {
        var known = TemplateVariable.allCases.map(\.rawValue)
        if hasEvent { known += EventVariable.allCases.map(\.rawValue) }
        for name in TemplateText.names(in: text) where !known.contains(name) {
            let parts = name.split(separator: ".", maxSplits: 1)
            let isPart = parts.count == 2 && hasEvent
            if isPart, parts[0] == EventVariable.event.rawValue || bound.contains(String(parts[0])) {
                continue
            }
            return (
                "uses {{\(name)}}, which does not exist", NearestWord.hint(for: name, among: known + bound)
            )
        }
        return nil
    }
}
