import Wire

/// The rules of `--egress`, read by the policy itself so that the two cannot disagree.
enum EgressText {
    @Sendable static func check(_ rule: String) throws(ValueFault) {
        do {
            _ = try EgressPolicy.parse(rule)
        } catch {
            throw ValueFault("cannot be used: \(error.sentence)")
        }
    }
}
