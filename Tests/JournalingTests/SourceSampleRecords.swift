import Domain

/// Records about watched streams.
extension SampleRecord {
    static let sources: [SampleRecord] = [
        SampleRecord(
            "sourceSet",
            .source(
                .set(
                    SourceSet(
                        name: "tutum",
                        settings: Sealed(keyID: 7, bytes: Array(0..<40)),
                        address: "wss://stream.tutum.co/v1/events",
                        alertAfter: .minutes(2),
                        takesNotifications: true,
                        isPaused: true,
                        isFromFlags: true
                    )
                )
            )
        ),
        SampleRecord(
            "sourceSetSparse",
            .source(
                .set(
                    SourceSet(
                        name: "other",
                        settings: Sealed(keyID: 7, bytes: Array(0..<40)),
                        address: "ws://127.0.0.1:9/v1/events",
                        alertAfter: nil
                    )
                )
            )
        ),
        SampleRecord(
            "sourceSetSilent",
            .source(
                .set(
                    SourceSet(
                        name: "other",
                        settings: Sealed(keyID: 7, bytes: Array(0..<40)),
                        address: "ws://127.0.0.1:9/v1/events",
                        silentAfter: .hours(1)
                    )
                )
            )
        ),
        SampleRecord("sourceRemoved", .source(.removed(SourceRemoved(name: "tutum")))),
        SampleRecord("sourceOpened", .source(.opened(SourceOpened(name: "tutum", outage: 3)))),
        SampleRecord(
            "sourceLost",
            .source(
                .lost(SourceLost(name: "tutum", outage: 4, reason: "it answered 401", isRefused: true))
            )
        ),
        SampleRecord("sourceOverflowed", .source(.overflowed(SourceOverflowed(name: "tutum", events: 12)))),
    ]
}
