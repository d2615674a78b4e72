import Domain

/// Records about tokens.
extension SampleRecord {
    static let tokens: [SampleRecord] = [
        SampleRecord(
            "tokenAdded",
            .token(
                .added(
                    AccessToken(name: "deploy", role: .trigger, job: JobID(3), digest: Array(0..<32))
                )
            )
        ),
        SampleRecord(
            "tokenAddedSparse",
            .token(.added(AccessToken(name: "wallboard", role: .read, digest: Array(0..<32))))
        ),
        SampleRecord("tokenRemoved", .token(.removed(TokenRemoved(name: "deploy", role: .trigger)))),
    ]
}
