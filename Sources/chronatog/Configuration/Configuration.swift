import Cron
import Domain

/// Everything that can be set about `chronatog serve`, nested by the target that reads it.
///
/// Made once by `ConfigurationReader`, checked as a whole, and never changed afterwards. The defaults stand
/// here; `Setting.table` says how each is spelled on the command line and in the environment.
struct Configuration: Sendable, Equatable {
    var server = Server()
    var data = Data()
    var schedules = Schedules()
    var calls = Calls()
    var alerts = Alerts()
    var partner = Partner()
    var limits = Limits()
    var testing = Testing()
    var logs = Logs()

    /// Who may connect, where, and as whom.
    struct Server: Sendable, Equatable {
        var listen = ListenAddress(host: "127.0.0.1", port: 8090)
        /// What `url` fields begin with; nil uses the bound address.
        var publicURL: PublicURL?
        /// The operator's bearer token; nil takes the one in the data folder, made at the first start.
        var token: Secret?
        /// The default scheduler's Basic credentials; both or neither.
        var username: String?
        var password: Secret?
    }

    /// What is kept on the disk.
    struct Data: Sendable, Equatable {
        var folder = FolderPath("./data")
        /// Keys that seal secrets, newest first; nil takes `secret.key` in the data folder, made at the first
        /// start.
        var secretKeys: Secret?
        /// Size that a journal segment is allocated with, ahead of its use.
        var segmentBytes = ByteCount.mebibytes(64)
        /// Room kept for outcomes when the disk is full.
        var reserveBytes = ByteCount.mebibytes(16)
        /// Records older than this go, a whole segment at a time.
        var historyAge = Span.days(30)
        /// The oldest segments go while all together are longer than this.
        var historyBytes = ByteCount.mebibytes(1024)
    }

    /// What a job takes when it does not say otherwise.
    struct Schedules: Sendable, Equatable {
        var zone = ZoneName("UTC")
        var dst = DSTPolicy.vixie
        /// A folder of TZif files instead of the database in the executable.
        var zoneFolder: FolderPath?
    }

    /// Outbound calls.
    struct Calls: Sendable, Equatable {
        /// `allow=CIDR` and `deny=CIDR`, on top of "public addresses only".
        var egress: [String] = []
        /// PEM file of the authorities that targets' certificates are checked against.
        var caFile: FilePath?
        /// A forward proxy that all calls go through.
        var proxy: ProxyURL?
        /// Calls in flight to one (account, host), unless the job has a limit of its own.
        var targetParallel = 64
        /// How long a stop waits for calls in flight.
        var drain = Span.seconds(10)
    }

    /// Where people are told of jobs that fail; each destination is one channel.
    struct Alerts: Sendable, Equatable {
        var pagerDutyKey: Secret?
        /// Another region's events endpoint.
        var pagerDutyURL: String?
        var slackURL: Secret?
        var cachetURL: Secret?
        var cachetToken: Secret?
        /// The component that stands for the jobs: its number or its name.
        var cachetComponent: String?
        var cachetVersion = 2
        var xMattersURL: Secret?
        var sentryDSN: Secret?
        /// The cron monitor that hears of failure and recovery.
        var sentryMonitor: String?
        var webhookURL: Secret?
        /// `whsec_…`
        var webhookSecret: Secret?
        /// Called while the scheduler works.
        var heartbeatURL: Secret?
        var heartbeatEvery = Span.minutes(1)
        /// `smtp://user:password@host:port`
        var smtpURL: Secret?
        /// Addresses with commas between.
        var mailTo: String?
        var mailFrom: String?
        /// The first stream that is watched, `tutum`.
        /// Its query may hold a secret.
        var tutumURL: Secret?
        var tutumUsername: String?
        var tutumToken: Secret?
        /// A whole Authorization value.
        var tutumAuth: Secret?
        var tutumAlertAfter = GraceText(span: SourceSet.usualAlertAfter)
    }

    /// Customers of marketplaces.
    struct Partner: Sendable, Equatable {
        var freePlanLimit = FreePlanLimit.soft
        /// Hosts that "Go Back" may lead to, beside the marketplace's own.
        var returnHosts: [String] = []
        /// A customer has to choose a plan before anything else.
        var asksForPlan = false
        /// Marketplaces are offered the list of people who came.
        var listsUsers = false
        /// Who we are to the marketplace `engineyard-v1`, set at each start; both or neither.
        var id: String?
        var key: Secret?
        /// A marketplace's registration URL: a start registers there, unless it is registered.
        var registration: PublicURL?
    }

    /// Bounds on what a client of the API may do.
    struct Limits: Sendable, Equatable {
        var bodyBytesMax = ByteCount.mebibytes(1)
        var headerBytesMax = ByteCount.kibibytes(64)
        var connectionsMax = 10_000
        /// From a request's first byte to its last.
        var requestTimeout = Span.seconds(30)
    }

    /// `--ephemeral` and what only works with it.
    struct Testing: Sendable, Equatable {
        var isEphemeral = false
        var isDemo = false
        /// A copy of another folder's state (`chronatog fork`): nobody is called.
        var isFork = false
        /// Where the drivable clock starts, frozen; nil lets it run with the machine's.
        var clock: Instant?
        /// Makes ids, keys and nonces repeatable.
        var seed: UInt64?
    }

    struct Logs: Sendable, Equatable {
        var level = LogLevel.info
        var format = LogFormat.text
    }
}
