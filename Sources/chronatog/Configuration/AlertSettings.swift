import Domain

extension Setting {
    /// Where alerts are told.
    static let alertRows: [Setting] = [
        Setting(
            "pagerduty-key",
            optional: \.alerts.pagerDutyKey,
            .alerts,
            "tell PagerDuty of failing jobs: the integration key of a service (Events v2)",
            aliases: [Alias(variable: "PAGERDUTY_KEY")]
        ),
        Setting(
            "pagerduty-url",
            optional: \.alerts.pagerDutyURL,
            .alerts,
            "PagerDuty's events endpoint, when it is not https://events.pagerduty.com",
            placeholder: "URL"
        ),
        Setting(
            "slack-url",
            optional: \.alerts.slackURL,
            .alerts,
            "tell Slack (or Mattermost) of failing jobs: the URL of an incoming webhook",
            aliases: [Alias(variable: "SLACK_URL")]
        ),
        Setting(
            "cachet-url",
            optional: \.alerts.cachetURL,
            .alerts,
            "open incidents on this Cachet status page",
            aliases: [Alias(variable: "CACHET_URL")]
        ),
        Setting(
            "cachet-token",
            optional: \.alerts.cachetToken,
            .alerts,
            "Cachet's API token",
            aliases: [Alias(variable: "CACHET_TOKEN")]
        ),
        Setting(
            "cachet-component",
            optional: \.alerts.cachetComponent,
            .alerts,
            "the component that stands for the jobs: its number or its name",
            placeholder: "NUMBER|NAME",
            aliases: [Alias(variable: "CACHET_COMPONENT")]
        ),
        Setting(
            "cachet-version",
            \.alerts.cachetVersion,
            .alerts,
            "2 or 3, as the status page runs it",
            within: { (2...3).contains($0) ? nil : "2 or 3" }
        ),
        Setting(
            "xmatters-url",
            optional: \.alerts.xMattersURL,
            .alerts,
            "trigger this xMatters workflow when a job fails",
            aliases: [Alias(variable: "XMATTERS_URL")]
        ),
        Setting(
            "sentry-dsn",
            optional: \.alerts.sentryDSN,
            .alerts,
            "tell Sentry of failing jobs",
            aliases: [Alias(variable: "SENTRY_DSN")]
        ),
        Setting(
            "sentry-monitor",
            optional: \.alerts.sentryMonitor,
            .alerts,
            "the slug of a Sentry cron monitor that gets a check-in when a job fails and when it is well",
            placeholder: "SLUG",
            aliases: [Alias(variable: "SENTRY_MONITOR_SLUG")]
        ),
        Setting(
            "webhook-url",
            optional: \.alerts.webhookURL,
            .alerts,
            "post alerts to this URL, signed as Standard Webhooks say",
            aliases: [Alias(variable: "WEBHOOK_URL")]
        ),
        Setting(
            "webhook-secret",
            optional: \.alerts.webhookSecret,
            .alerts,
            "what alerts to --webhook-url are signed with: whsec_ and Base64; without it, this "
                + "installation's Ed25519 key",
            aliases: [Alias(variable: "WEBHOOK_SECRET")]
        ),
        Setting(
            "smtp-url",
            optional: \.alerts.smtpURL,
            .alerts,
            "mail alerts by this server: smtp://USER:PASSWORD@HOST:587 (STARTTLS), smtps://… (TLS), or "
                + "smtp://HOST:25?tls=none",
            aliases: [Alias(variable: "SMTP_URL")]
        ),
        Setting(
            "mail-to",
            optional: \.alerts.mailTo,
            .alerts,
            "who gets the mail; several with commas",
            placeholder: "ADDRESS,…",
            aliases: [Alias(variable: "MAIL_TO")]
        ),
        Setting(
            "mail-from",
            optional: \.alerts.mailFrom,
            .alerts,
            "whom the mail comes from, perhaps with a name: \"Chronatog <cron@example.com>\"",
            placeholder: "ADDRESS",
            aliases: [Alias(variable: "MAIL_FROM")]
        ),
        Setting(
            "heartbeat-url",
            optional: \.alerts.heartbeatURL,
            .alerts,
            "call this URL while the scheduler makes progress, for somebody outside who notices silence",
            aliases: [Alias(variable: "HEARTBEAT_URL")]
        ),
        Setting(
            "heartbeat-every",
            \.alerts.heartbeatEvery,
            .alerts,
            "how often",
            within: { (Span.seconds(1)...Span.hours(24)).contains($0) ? nil : "1s to 24h" }
        ),
    ]
}
