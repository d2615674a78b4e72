import Domain

/// One record of every kind about checks.
extension SampleRecord {
    static let checks: [SampleRecord] = [
        SampleRecord(
            "checkRegistered",
            .checkRegistered(
                CheckRegistered(
                    check: check,
                    scheduler: 2,
                    address: sealed,
                    definition: checkDefinition.packed(),
                    standing: standing
                )
            )
        ),
        SampleRecord(
            "checkRevised",
            .checkRevised(
                CheckRevised(check: check, definition: checkDefinition.packed(), standing: standing)
            )
        ),
        SampleRecord("checkRemoved", .checkRemoved(CheckRemoved(check: check))),
        SampleRecord("checkPaused", .checkPaused(CheckPaused(check: check))),
        SampleRecord("checkResumed", .checkResumed(CheckResumed(check: check, standing: standing))),
        SampleRecord(
            "checkPinged",
            .checkPinged(
                CheckPinged(
                    check: check,
                    ping: ping,
                    duration: .milliseconds(1500),
                    standing: standing,
                    previous: Sequence(90)
                )
            )
        ),
        SampleRecord(
            "checkLapsed",
            .checkLapsed(
                CheckLapsed(check: check, lapse: .timedOut, since: noon + .seconds(-5), standing: standing)
            )
        ),
        SampleRecord(
            "checkUnwatched",
            .checkUnwatched(
                CheckUnwatched(
                    check: check,
                    since: noon + .seconds(-900),
                    until: now,
                    deadline: now + .hours(1)
                )
            )
        ),
        SampleRecord(
            "checkUnwatched-told",
            .checkUnwatched(
                CheckUnwatched(
                    check: check,
                    since: noon + .seconds(-900),
                    until: now,
                    deadline: now + .hours(25),
                    expected: now + .hours(24),
                    forgetsStarts: true,
                    isTold: true
                )
            )
        ),
        SampleRecord(
            "checkLapsed-excluded",
            .checkLapsed(
                CheckLapsed(
                    check: check,
                    lapse: .excluded,
                    since: noon + .seconds(-5),
                    standing: standing,
                    blackout: "holidays"
                )
            )
        ),
        SampleRecord("serverAttended", .serverAttended),
        SampleRecord(
            "runAwaited",
            .runAwaited(
                RunAwaited(
                    job: job,
                    run: Sequence(90),
                    report: AttemptReport(n: 2, status: 202, address: "192.0.2.1"),
                    until: noon + .hours(1)
                )
            )
        ),
        SampleRecord("pingKeySet", .pingKeySet(PingKeySet(scheduler: 2, key: sealed))),
    ]

    private static let check = CheckID(300)
    private static let sealed = Sealed(keyID: 0xdead_beef, bytes: [1, 2, 3])

    static var checkDefinition: CheckDefinition {
        var definition = CheckDefinition()
        definition.name = "backup é"
        definition.slug = "backup"
        definition.tags = ["nightly", "prod"]
        definition.schedule = ["0 3 * * *", "@hourly"]
        definition.zone = "Europe/Berlin"
        definition.period = .minutes(5)
        definition.grace = .seconds(30)
        definition.maxRuntime = .minutes(2)
        definition.failuresToOpen = 3
        definition.successesToResolve = 2
        return definition
    }

    private static var standing: CheckStanding {
        var standing = CheckStanding()
        standing.status = .down
        standing.failures = 3
        standing.successes = 1
        standing.expected = noon + .hours(3)
        standing.deadline = now + .hours(4)
        return standing
    }

    static var ping: Ping {
        var ping = Ping(.fail, exitCode: 0, run: UniqueID(high: 1, low: 2))
        ping.method = "POST"
        ping.source = "2001:db8::1"
        ping.body = [0x68, 0xff]
        ping.bodyBytes = 12_000
        return ping
    }
}
