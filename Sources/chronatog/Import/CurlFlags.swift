/// What curl's flags mean for a call.
enum CurlAct {
    case method, url, header, data, dataRaw, dataBinary, dataEncoded, json, user, bearer, agent, referer
    case get, head, location, redirectsMax, maxTime, connectTimeout, retry, retryDelay, cookie, range, output
    case globOff
}

extension CommandFlags where Act == CurlAct {
    static let curl = CommandFlags(flags: acts + harmless + missed + refused, joinsWithEquals: false)

    private static let acts: [Flag] = {
        let rows: [([String], CurlAct, Bool)] = [
            (["-X", "--request"], .method, true), (["--url"], .url, true),
            (["-H", "--header"], .header, true), (["-d", "--data", "--data-ascii"], .data, true),
            (["--data-raw"], .dataRaw, true), (["--data-binary"], .dataBinary, true),
            (["--data-urlencode"], .dataEncoded, true), (["--json"], .json, true),
            (["-u", "--user"], .user, true), (["--oauth2-bearer"], .bearer, true),
            (["-A", "--user-agent"], .agent, true), (["-e", "--referer"], .referer, true),
            (["-G", "--get"], .get, false), (["-I", "--head"], .head, false),
            (["-L", "--location"], .location, false), (["--max-redirs"], .redirectsMax, true),
            (["-m", "--max-time"], .maxTime, true), (["--connect-timeout"], .connectTimeout, true),
            (["--retry"], .retry, true), (["--retry-delay"], .retryDelay, true),
            (["-b", "--cookie"], .cookie, true), (["-r", "--range"], .range, true),
            (["-o", "--output"], .output, true), (["-g", "--globoff"], .globOff, false),
        ]
        return rows.map { Flag(names: $0.0, takesValue: $0.2, effect: .act($0.1)) }
    }()

    /// About curl's own output and connection, or what a job does anyway. `-f`: a job's call is good only
    /// when it is answered 2xx.
    private static let harmless: [Flag] =
        [
            ["-s", "--silent"], ["-S", "--show-error"], ["-f", "--fail"], ["--fail-with-body"],
            ["--fail-early"], ["-v", "--verbose"], ["-#", "--progress-bar"], ["--no-progress-meter"],
            ["-N", "--no-buffer"], ["-i", "--include"], ["-q", "--disable"], ["--compressed"],
            ["--no-keepalive"], ["--basic"], ["--retry-connrefused"], ["--retry-all-errors"], ["--http1.1"],
            ["--tcp-nodelay"], ["--path-as-is"], ["--create-dirs"], ["-R", "--remote-time"],
            ["--raw"], ["-Z", "--parallel"],
        ].map { Flag(names: $0, takesValue: false, effect: .nothing) }
        + [["-w", "--write-out"], ["--stderr"], ["--keepalive-time"]].map {
            Flag(names: $0, takesValue: true, effect: .nothing)
        }

    private static let missed: [Flag] = [
        missed(["-O", "--remote-name"], "the answer is not written to a file", false),
        missed(["-J", "--remote-header-name"], "the answer is not written to a file", false),
        missed(["-D", "--dump-header"], "the answer's headers are not written to a file", true),
        missed(["-c", "--cookie-jar"], "cookies that are set are not kept", true),
        missed(["-4", "--ipv4"], "IPv6 is used where the target has it", false),
        missed(["-6", "--ipv6"], "IPv4 is used where the target has it", false),
        missed(["-0", "--http1.0"], "calls are HTTP/1.1", false),
        missed(["--http2"], "calls are HTTP/1.1", false),
        missed(["--http3"], "calls are HTTP/1.1", false),
        missed(["-1", "--tlsv1"], "the versions of TLS are those of Chronatog, 1.2 and 1.3", false),
        missed(["--tlsv1.2"], "the versions of TLS are those of Chronatog, 1.2 and 1.3", false),
        missed(["--tlsv1.3"], "the versions of TLS are those of Chronatog, 1.2 and 1.3", false),
        missed(["--limit-rate"], "the speed is not limited", true),
        missed(["-y", "--speed-time"], "a slow answer ends with the job's own timeouts", true),
        missed(["-Y", "--speed-limit"], "a slow answer ends with the job's own timeouts", true),
        missed(["--retry-max-time"], "retries end with the next slot (retry_until)", true),
    ]

    private static func missed(_ names: [String], _ what: String, _ takesValue: Bool) -> Flag {
        Flag(names: names, takesValue: takesValue, effect: .missed(what))
    }

    private static let refused: [Flag] = [
        refused(
            ["-k", "--insecure"],
            "a server's certificate is always checked; serve --ca-file names an authority of your own",
            false
        ),
        refused(["-F", "--form"], "multipart forms are not made; --data-binary with the whole body is"),
        refused(["--form-string"], "multipart forms are not made; --data-binary with the whole body is"),
        refused(["-T", "--upload-file"], "the file is not part of the line"),
        refused(["-K", "--config"], "the file is not part of the line"),
        refused(["-n", "--netrc"], "the login is in another file; write it with -u", false),
        refused(["--netrc-file"], "the login is in another file; write it with -u"),
        refused(["-x", "--proxy"], "a proxy is the server's own setting: serve --proxy"),
        refused(["-E", "--cert"], "calls bring no certificate of their own"),
        refused(["--key"], "calls bring no certificate of their own"),
        refused(["--cacert"], "authorities are the server's own setting: serve --ca-file"),
        refused(["--capath"], "authorities are the server's own setting: serve --ca-file"),
        refused(["--resolve"], "a name leads where name lookup says"),
        refused(["--connect-to"], "a name leads where name lookup says"),
        refused(["--interface"], "the way out is the system's choice"),
        refused(["--unix-socket"], "calls go over TCP"),
        refused(["--digest"], "a job's login is Basic or a bearer token", false),
        refused(["--ntlm"], "a job's login is Basic or a bearer token", false),
        refused(["--negotiate"], "a job's login is Basic or a bearer token", false),
        refused(["--anyauth"], "a job's login is Basic or a bearer token", false),
        refused(["--aws-sigv4"], "a job's login is Basic or a bearer token"),
        refused(["--location-trusted"], "a login is never handed on to another server", false),
        refused(["--post301"], "a redirect is followed as RFC 9110 says", false),
        refused(["--post302"], "a redirect is followed as RFC 9110 says", false),
        refused(["--post303"], "a redirect is followed as RFC 9110 says", false),
        refused(["-z", "--time-cond"], "the condition depends on a file"),
        refused(["-C", "--continue-at"], "the position depends on a file"),
        refused(["-:", "--next"], "a job makes one call", false),
    ]

    private static func refused(_ names: [String], _ why: String, _ takesValue: Bool = true) -> Flag {
        Flag(names: names, takesValue: takesValue, effect: .refused(why))
    }
}
