package import Domain

/// Sentry's envelope: a header line, then for each item a header line with its length and the payload, each
/// line ending in LF.
package enum SentryEnvelope {
    /// - Parameter sentAt: the time of this attempt, by which Sentry corrects wrong clocks.
    package static func event(_ event: SentryEvent, to dsn: SentryDSN, sentAt: Timestamp) -> [UInt8] {
        bytes(
            header: [("event_id", .string(event.id)), ("sent_at", .string(sentAt.rfc3339))],
            dsn,
            type: "event",
            event.json
        )
    }

    package static func checkIn(_ checkIn: SentryCheckIn, to dsn: SentryDSN, sentAt: Timestamp) -> [UInt8] {
        bytes(header: [("sent_at", .string(sentAt.rfc3339))], dsn, type: "check_in", checkIn.json)
    }

    /// The request that carries an envelope.
    static func request(_ envelope: [UInt8], to dsn: SentryDSN, from sender: AlertSender) -> ChannelRequest {
        ChannelRequest(
            "POST",
            dsn.envelopes,
            headers: [
                ChannelRequest.Header("User-Agent", sender.userAgent),
                ChannelRequest.Header("Content-Type", "application/x-sentry-envelope"),
                dsn.authorization(sender),
            ],
            body: envelope,
            keepHeader: SentryLimits.headerName
        )
    }

    private static func bytes(
        header: [(String, JSON?)],
        _ dsn: SentryDSN,
        type: String,
        _ item: JSON
    ) -> [UInt8] {
        let payload = item.text
        let itemHeader = JSON.object([
            .init("type", .string(type)),
            .init("length", .number(Int64(payload.utf8.count))),
            .init("content_type", .string("application/json")),
        ])
        let head = JSON.compact(header + [("dsn", .string(dsn.address.text))])
        return Array("\(head.text)\n\(itemHeader.text)\n\(payload)\n".utf8)
    }
}

/// One event: something to be looked at, grouped with its like by fingerprint.
package struct SentryEvent: Sendable, Hashable {
    package enum Level: String, Sendable {
        case fatal, error, warning, info, debug
    }

    /// 32 hexadecimal digits; the same id twice is one event.
    package var id: String
    package var at: Timestamp
    package var level: Level
    /// Dotted name of the part that speaks: `chronatog.alerts`.
    package var logger: String
    package var message: String
    /// Keys of at most 32 characters, values of at most 200.
    package var tags: [JSON.Member]
    package var extra: [JSON.Member]
    package var fingerprint: [String]
    package var serverName: String?
    package var release: String?
    package var environment: String?

    package init(
        id: String,
        at: Timestamp,
        level: Level,
        logger: String,
        message: String,
        tags: [JSON.Member] = [],
        extra: [JSON.Member] = [],
        fingerprint: [String] = [],
        serverName: String? = nil,
        release: String? = nil,
        environment: String? = nil
    ) {
        self.id = id
        self.at = at
        self.level = level
        self.logger = logger
        self.message = message
        self.tags = tags
        self.extra = extra
        self.fingerprint = fingerprint
        self.serverName = serverName
        self.release = release
        self.environment = environment
    }

    /// Sentry cuts what is longer; cutting here keeps the mark that says so.
    private static let messageScalarsMax = 8192

    var json: JSON {
        .compact([
            ("event_id", .string(id)),
            ("timestamp", .string(at.rfc3339)),
            ("platform", .string("other")),
            ("level", .string(level.rawValue)),
            ("logger", .string(logger)),
            ("server_name", serverName.map { .string($0) }),
            ("release", release.map { .string($0) }),
            ("environment", environment.map { .string($0) }),
            (
                "message",
                .object([.init("formatted", .string(message.shortened(to: Self.messageScalarsMax)))])
            ),
            ("fingerprint", fingerprint.isEmpty ? nil : .array(fingerprint.map { .string($0) })),
            ("tags", tags.isEmpty ? nil : .object(tags)),
            ("extra", extra.isEmpty ? nil : .object(extra)),
        ])
    }
}

/// One check-in of a cron monitor.
package struct SentryCheckIn: Sendable, Hashable {
    package enum Status: String, Sendable {
        case inProgress = "in_progress"
        case ok
        case error
    }

    /// 32 hexadecimal digits.
    package var id: String
    package var monitor: String
    package var status: Status
    package var environment: String?
    package var schedule: WatchedSchedule?

    package init(
        id: String,
        monitor: String,
        status: Status,
        environment: String? = nil,
        schedule: WatchedSchedule? = nil
    ) {
        self.id = id
        self.monitor = monitor
        self.status = status
        self.environment = environment
        self.schedule = schedule
    }

    package var json: JSON {
        .compact([
            ("check_in_id", .string(id)),
            ("monitor_slug", .string(monitor)),
            ("status", .string(status.rawValue)),
            ("environment", environment.map { .string($0) }),
            ("monitor_config", schedule.map { Self.configuration($0) }),
        ])
    }

    private static func configuration(_ schedule: WatchedSchedule) -> JSON {
        let when: JSON =
            switch schedule.when {
            case .crontab(let text):
                .object([.init("type", .string("crontab")), .init("value", .string(text))])
            case .everyMinutes(let minutes):
                .object([
                    .init("type", .string("interval")), .init("value", .number(minutes)),
                    .init("unit", .string("minute")),
                ])
            }
        return .compact([
            ("schedule", when),
            ("checkin_margin", schedule.marginMinutes.map { .number($0) }),
            ("max_runtime", schedule.runtimeMinutesMax.map { .number($0) }),
            ("timezone", .string(schedule.zone)),
        ])
    }
}
