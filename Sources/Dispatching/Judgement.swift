package import Domain
package import Effects

/// Turns what the wire brought into what the journal keeps: success or failure by the job's rule, and as much
/// of the body as the job wants.
package enum Judgement {
    /// - Parameter pattern: `success.body_matches`, compiled; nil when the job has none.
    package static func report(
        _ outcome: Outcome,
        attempt: UInt16,
        definition: JobDefinition,
        pattern: Pattern?
    ) -> AttemptReport {
        var report = AttemptReport(n: attempt, address: outcome.address, timings: outcome.timings)
        switch outcome.result {
        case .failed(let failure): report.failure = failure
        case .answered(let answer):
            report.status = answer.status
            report.failure = judge(answer, definition.success, pattern)
            if report.failure != nil || definition.callback.keepsSuccessBody {
                let limit = Int(definition.callback.keepBodyBytesMax)
                report.body = Array(answer.body.prefix(limit))
                report.isTruncated = answer.isTruncated || answer.body.count > limit
            }
        }
        return report
    }

    /// nil when the answer counts as success.
    private static func judge(_ answer: Answer, _ rule: SuccessRule, _ pattern: Pattern?) -> Failure? {
        let statuses = rule.statuses.isEmpty ? [200...299] : rule.statuses
        guard statuses.contains(where: { $0.contains(answer.status) }) else {
            return Failure(.status, "answered \(answer.status), which is not among the success statuses")
        }
        guard rule.readsBody else { return nil }
        let seen = answer.isTruncated ? "the first \(answer.body.count) bytes" : "the body"
        if !rule.bodyContains.isEmpty, !contains(answer.body, Array(rule.bodyContains.utf8)) {
            return Failure(
                .body,
                "\(seen) of the answer does not contain the text that success.body_contains asks for"
            )
        }
        if !rule.bodyMatches.isEmpty, pattern?.matches(answer.body) != true {
            return Failure(.body, "\(seen) of the answer does not match success.body_matches")
        }
        return nil
    }

    private static func contains(_ body: [UInt8], _ text: [UInt8]) -> Bool {
        guard let first = text.first, body.count >= text.count else { return text.isEmpty }
        for start in 0...(body.count - text.count) where body[start] == first {
            if body[start..<(start + text.count)].elementsEqual(text) { return true }
        }
        return false
    }
}
