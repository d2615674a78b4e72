internal import Cron
internal import Domain

/// Templates in a job's texts, checked when they are given rather than when they are filled at night.
enum TemplateNames {
    /// What is wrong with `{{…}}` in a text; nil when nothing is. `{{` without `}}` is text.
    static func fault(in text: String) -> (message: String, hint: String?)? {
        let known = TemplateVariable.allCases.map(\.rawValue)
        for name in TemplateText.names(in: text) where !known.contains(name) {
            return ("uses {{\(name)}}, which does not exist", NearestWord.hint(for: name, among: known))
        }
        return nil
    }
}
