import Domain

extension Setting {
    /// All settings of `chronatog serve`, in the order in which help shows them.
    static let table: [Setting] =
        serverRows + dataRows + scheduleRows + callRows + alertRows + streamRows + partnerRows + limitRows
        + testingRows
        + logRows

    /// The setting of that flag name.
    static func named(_ name: String) -> Setting? { table.first { $0.name == name } }

    private static let serverRows: [Setting] = [
        Setting(
            "listen",
            \.server.listen,
            .server,
            "where to listen; port 0 picks a free one",
            aliases: [Alias(variable: "PORT", translate: { "0.0.0.0:\($0)" })]
        ),
        Setting("public-url", optional: \.server.publicURL, .server, "what the `url` of objects begins with"),
        Setting(
            "token",
            optional: \.server.token,
            .server,
            "the operator's bearer token; otherwise the one in the data folder, made at the first start"
        ),
        Setting(
            "username",
            optional: \.server.username,
            .server,
            "the default scheduler's user name (Basic)",
            aliases: [Alias(variable: "CHRONOS_AUTH_USERNAME")]
        ),
        Setting(
            "password",
            optional: \.server.password,
            .server,
            "the default scheduler's password",
            aliases: [Alias(variable: "CHRONOS_AUTH_PASSWORD")]
        ),
    ]

    private static let dataRows: [Setting] = [
        Setting("data-dir", \.data.folder, .data, "the one folder that everything is kept in"),
        Setting(
            "secret-key",
            optional: \.data.secretKeys,
            .data,
            "keys that seal stored secrets, newest first; otherwise `secret.key` in the data folder"
        ),
        Setting(
            "journal-segment-bytes",
            \.data.segmentBytes,
            .data,
            "size of a journal segment, allocated ahead",
            within: { (1 << 20...1 << 30).contains($0.bytes) ? nil : "1MiB to 1GiB" }
        ),
        Setting(
            "journal-reserve-bytes",
            \.data.reserveBytes,
            .data,
            "room kept for outcomes when the disk is full",
            within: { (1 << 20...1 << 30).contains($0.bytes) ? nil : "1MiB to 1GiB" }
        ),
        Setting(
            "history-age",
            \.data.historyAge,
            .data,
            "records older than this are removed, a whole segment at a time",
            within: { $0 >= .hours(1) ? nil : "1h or more" }
        ),
        Setting(
            "history-bytes",
            \.data.historyBytes,
            .data,
            "the oldest segments are removed while all together are longer than this",
            within: { (4 << 20...1 << 50).contains($0.bytes) ? nil : "4MiB or more" }
        ),
    ]

    private static let scheduleRows: [Setting] = [
        Setting("zone", \.schedules.zone, .schedules, "zone of jobs that name none"),
        Setting(
            "dst",
            \.schedules.dst,
            .schedules,
            "what a clock change does to jobs that do not say: vixie, literal, once, shift or utc"
        ),
        Setting(
            "zoneinfo",
            optional: \.schedules.zoneFolder,
            .schedules,
            "read zones from this folder instead of the database in the executable"
        ),
    ]

    private static let callRows: [Setting] = [
        Setting(
            "egress",
            list: \.calls.egress,
            .calls,
            "open or close address ranges for calls, on top of \"public addresses only\"; repeatable",
            placeholder: "allow=CIDR|deny=CIDR",
            check: EgressText.check
        ),
        Setting("ca-file", optional: \.calls.caFile, .calls, "PEM file of certificate authorities to trust"),
        Setting(
            "proxy",
            optional: \.calls.proxy,
            .calls,
            "send all calls through this forward proxy; the egress policy then judges names only"
        ),
        Setting(
            "target-parallel",
            \.calls.targetParallel,
            .calls,
            "calls in flight to one account and host",
            within: { (1...100_000).contains($0) ? nil : "1 to 100000" }
        ),
        Setting(
            "drain",
            \.calls.drain,
            .calls,
            "how long a stop waits for calls in flight",
            within: { $0 <= .hours(1) ? nil : "at most 1h" }
        ),
    ]

    private static let limitRows: [Setting] = [
        Setting(
            "body-bytes-max",
            \.limits.bodyBytesMax,
            .limits,
            "largest request body (413)",
            within: { (1 << 10...1 << 28).contains($0.bytes) ? nil : "1KiB to 256MiB" }
        ),
        Setting(
            "header-bytes-max",
            \.limits.headerBytesMax,
            .limits,
            "largest request head (431)",
            within: { (1 << 10...1 << 20).contains($0.bytes) ? nil : "1KiB to 1MiB" }
        ),
        Setting(
            "connections-max",
            \.limits.connectionsMax,
            .limits,
            "client connections at a time",
            within: { (1...1_000_000).contains($0) ? nil : "1 to 1000000" }
        ),
        Setting(
            "request-timeout",
            \.limits.requestTimeout,
            .limits,
            "time for a whole request to arrive (408)",
            within: { (Span.milliseconds(100)...Span.hours(1)).contains($0) ? nil : "100ms to 1h" }
        ),
    ]

    private static let testingRows: [Setting] = [
        Setting(
            "ephemeral",
            \.testing.isEphemeral,
            .testing,
            "memory instead of disk, calls to loopback only, /_sink, and a clock that can be driven"
        ),
        Setting(
            "demo",
            \.testing.isDemo,
            .testing,
            "four sample jobs, their calls printed; implies --ephemeral"
        ),
        Setting(
            "clock",
            optional: \.testing.clock,
            .testing,
            "start with the clock frozen at this instant (--ephemeral)"
        ),
        Setting("seed", optional: \.testing.seed, .testing, "repeatable ids, keys and nonces (--ephemeral)"),
    ]

    private static let logRows: [Setting] = [
        Setting(
            "log-level",
            \.logs.level,
            .logs,
            "least severity written: trace, debug, info, notice, warning, error or critical"
        ),
        Setting("log-format", \.logs.format, .logs, "text or json, on standard error"),
    ]
}
