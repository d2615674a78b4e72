import Domain

/// What wget's flags mean for a call.
enum WgetAct {
    case post, body, method, header, user, password, timeout, connectTimeout, readTimeout, tries, waitRetry
    case output, agent, referer, spider, redirectsMax, noCache
}

extension CommandFlags where Act == WgetAct {
    static let wget = CommandFlags(flags: acts + harmless + missed + refused, joinsWithEquals: true)

    private static let acts: [Flag] = {
        let rows: [([String], WgetAct, Bool)] = [
            (["--post-data"], .post, true), (["--body-data"], .body, true), (["--method"], .method, true),
            (["--header"], .header, true), (["--user", "--http-user"], .user, true),
            (["--password", "--http-password"], .password, true), (["-T", "--timeout"], .timeout, true),
            (["--connect-timeout"], .connectTimeout, true), (["--read-timeout"], .readTimeout, true),
            (["-t", "--tries"], .tries, true), (["--waitretry"], .waitRetry, true),
            (["-O", "--output-document"], .output, true), (["-U", "--user-agent"], .agent, true),
            (["--referer"], .referer, true), (["--spider"], .spider, false),
            (["--max-redirect"], .redirectsMax, true), (["--no-cache"], .noCache, false),
        ]
        return rows.map { Flag(names: $0.0, takesValue: $0.2, effect: .act($0.1)) }
    }()

    private static let harmless: [Flag] =
        [
            "-q", "--quiet", "-nv", "--no-verbose", "-v", "--verbose", "-d", "--debug", "--delete-after",
            "-b",
            "--background", "--no-cookies", "--auth-no-challenge", "--retry-connrefused",
            "--content-on-error",
            "-S", "--server-response", "--no-proxy", "--show-progress", "--no-hsts", "--no-config", "-nd",
            "--no-directories", "-nH", "--no-host-directories", "--trust-server-names",
            "--no-http-keep-alive",
        ].map { Flag(names: [$0], takesValue: false, effect: .nothing) }
        + [["--dns-timeout"], ["--progress"]].map { Flag(names: $0, takesValue: true, effect: .nothing) }

    private static let missed: [Flag] = {
        let rows: [([String], String, Bool)] = [
            (["-o", "--output-file"], "nothing is logged to a file", true),
            (["-a", "--append-output"], "nothing is logged to a file", true),
            (["-P", "--directory-prefix"], "the answer is not written to a file", true),
            (["--content-disposition"], "the answer is not written to a file", false),
            (["-4", "--inet4-only"], "IPv6 is used where the target has it", false),
            (["-6", "--inet6-only"], "IPv4 is used where the target has it", false),
            (["--limit-rate"], "the speed is not limited", true),
            (["--save-cookies"], "cookies that are set are not kept", true),
            (["--keep-session-cookies"], "cookies that are set are not kept", false),
        ]
        return rows.map { Flag(names: $0.0, takesValue: $0.2, effect: .missed($0.1)) }
    }()

    private static let refused: [Flag] = {
        let rows: [([String], String, Bool)] = [
            (
                ["--no-check-certificate"],
                "a server's certificate is always checked; serve --ca-file names an authority of your own",
                false
            ),
            (["--post-file", "--body-file"], "the file is not part of the line", true),
            (["-i", "--input-file"], "the file is not part of the line", true),
            (["--load-cookies"], "the file is not part of the line", true),
            (["--ca-certificate"], "authorities are the server's own setting: serve --ca-file", true),
            (["--certificate", "--private-key"], "calls bring no certificate of their own", true),
            (["-e", "--execute"], "a setting of wget cannot be told from here", true),
            (["-r", "--recursive"], "a job makes one call", false),
            (["-m", "--mirror"], "a job makes one call", false),
            (["-p", "--page-requisites"], "a job makes one call", false),
            (["-N", "--timestamping"], "whether it is called depends on a file", false),
            (["-nc", "--no-clobber"], "whether it is called depends on a file", false),
            (["-c", "--continue"], "the position depends on a file", false),
            (["--bind-address"], "the way out is the system's choice", true),
        ]
        return rows.map { Flag(names: $0.0, takesValue: $0.2, effect: .refused($0.1)) }
    }()
}

/// A wget command line as a call.
struct WgetCommand {
    private var call = ImportedCall()
    private var reasons: [String] = []
    private var username: String?
    private var password: String?
    private var agent: String?
    private var referer: String?

    /// wget follows 20 redirects and waits 15 minutes for an answer, unless told otherwise.
    private static let redirects: Int64 = 20
    private static let readTimeout = Span.minutes(15)

    /// - Parameter arguments: the words after `wget`.
    static func call(_ arguments: [String]) throws(Untranslatable) -> ImportedCall {
        let reading = CommandFlags.wget.read(arguments)
        var command = WgetCommand()
        command.reasons = reading.reasons
        command.call.notes = reading.notes
        command.call.redirects = redirects
        command.call.firstByte = readTimeout
        command.call.total = CurlCommand.patience
        for (act, value) in reading.acts { command.take(act, value) }
        command.finish(reading.hasUnknown ? Array(reading.operands.suffix(1)) : reading.operands)
        guard command.reasons.isEmpty else { throw Untranslatable(command.reasons) }
        return command.call
    }

    private mutating func take(_ act: WgetAct, _ value: String) {
        switch act {
        case .post:
            call.body = value
            if call.method.isEmpty { call.method = "POST" }
        case .body: call.body = value
        case .method: call.method = value.uppercased()
        case .spider: if call.method.isEmpty { call.method = "HEAD" }
        case .header: takeHeader(value)
        case .user: username = value
        case .password: password = value
        case .agent: agent = value
        case .referer: referer = value
        case .noCache: call.addDefault("Cache-Control", "no-cache")
        case .output:
            if value != "/dev/null", value != "-" {
                call.notes.append("the answer is not written to \(value)")
            }
        case .timeout, .connectTimeout, .readTimeout, .waitRetry: takeTime(act, value)
        case .tries, .redirectsMax: takeCount(act, value)
        }
    }

    private mutating func takeHeader(_ line: String) {
        guard let colon = line.firstIndex(of: ":") else {
            return reasons.append("--header \"\(line)\" is no header: it has no colon")
        }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        if let reason = call.add(String(line[..<colon]), String(value)) { reasons.append(reason) }
    }

    private mutating func takeTime(_ act: WgetAct, _ value: String) {
        guard let span = ImportedNumber.span(value) else {
            return reasons.append("\(value) is not a number of seconds")
        }
        // 0 is no limit.
        let limit = span == .zero ? nil : span
        switch act {
        case .timeout:
            call.connect = limit
            call.firstByte = limit ?? CurlCommand.patience
        case .connectTimeout: call.connect = limit
        case .readTimeout: call.firstByte = limit ?? CurlCommand.patience
        default: call.backoffMax = limit
        }
    }

    private mutating func takeCount(_ act: WgetAct, _ value: String) {
        let isEndless = act == .tries && (value == "0" || value == "inf")
        guard let count = isEndless ? 21 : ImportedNumber.count(value) else {
            return reasons.append("\(value) is not a number")
        }
        if act == .tries {
            call.retries = max(0, count - 1)
            if isEndless { call.notes.append("--tries: a job is tried 21 times, not for ever") }
        } else {
            call.redirects = min(count, ImportedCall.redirectsMax)
        }
    }

    private mutating func finish(_ operands: [String]) {
        if operands.count == 1 {
            if let reason = call.setURL(operands[0]) { reasons.append(reason) }
        } else {
            reasons.append(
                operands.isEmpty
                    ? "it names no URL"
                    : "it names \(operands.count) URLs (\(operands.joined(separator: " "))): a job calls one"
            )
        }
        if let username {
            call.login = .basic(username: username, password: password ?? "")
            if call.hasHeader("Authorization") {
                reasons.append("a login and the header Authorization are both given")
            }
        }
        if let agent, !agent.isEmpty { call.addDefault("User-Agent", agent) }
        if let referer { call.addDefault("Referer", referer) }
        if !call.body.isEmpty { call.addDefault("Content-Type", "application/x-www-form-urlencoded") }
        // A wait that is shorter than the job's usual one has to begin shorter too.
        if let longest = call.backoffMax { call.backoffMin = min(longest, .seconds(1)) }
        reasons += call.contentReasons + call.templateReasons
    }
}
