package import Domain

extension Failure {
    /// `{kind, message, next_step}`: what went wrong, and what a person can do about it.
    package var json: JSON {
        .object([
            JSON.Member("kind", .string(kind.word)),
            JSON.Member("message", .string(message)),
            JSON.Member("next_step", .string(kind.nextStep)),
        ])
    }
}
