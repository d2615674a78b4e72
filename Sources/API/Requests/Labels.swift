internal import Domain

/// The words that jobs are found and grouped by.
enum Labels {
    private static let hint =
        "1 to \(JobLimits.labelBytesMax) of a-z 0-9 . _ : / -, such as \"team:billing\""

    /// Kept in order and once each, so that two ways of writing one set are the same job.
    static func read(_ fields: inout Fields, into labels: inout [String]) {
        guard fields.has("labels") else { return }
        guard let value = fields.value("labels") else { return labels = [] }
        let texts = value.array?.compactMap(\.string)
        guard let texts, texts.count == value.array?.count else {
            return fields.fault("labels", "is not a list of strings")
        }
        for text in texts where !isLabel(text) {
            fields.fault("labels", "\"\(text)\" is not a label", hint: hint)
        }
        let distinct = Set(texts).sorted()
        if distinct.count > JobLimits.labelsMax {
            fields.fault("labels", "has \(distinct.count) labels; the limit is \(JobLimits.labelsMax)")
        }
        labels = distinct
    }

    static func isLabel(_ text: String) -> Bool {
        (1...JobLimits.labelBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "._:/-".utf8.contains(byte)
                }
            }
    }

    /// The label that a list is asked for; nil for all jobs.
    static func wanted(_ request: APIRequest) throws -> String? {
        guard let label = request.query["label"] else { return nil }
        guard isLabel(label) else { throw Problem("label", "\"\(label)\" is not a label", hint: hint) }
        return label
    }
}
