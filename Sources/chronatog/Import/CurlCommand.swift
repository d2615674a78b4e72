import Domain

/// A curl command line as a call.
struct CurlCommand {
    private var call = ImportedCall()
    private var reasons: [String] = []
    private var urls: [String] = []
    private var data: String?
    private var hasJSON = false
    private var asksGET = false
    private var asksHEAD = false
    private var follows = false
    private var redirectsMax: Int64 = 50
    private var retryDelay: Span?
    private var isPatternOff = false
    /// What the command reads as standard input.
    private let input: String?

    /// curl waits for ever; a run of a job is over after an hour.
    static let patience = Span.hours(1)

    /// - Parameters:
    ///   - arguments: the words after `curl`.
    ///   - input: its standard input; nil when there is none.
    static func call(_ arguments: [String], input: String?) throws(Untranslatable) -> ImportedCall {
        let reading = CommandFlags.curl.read(arguments)
        var command = CurlCommand(input: input)
        command.reasons = reading.reasons
        command.call.notes = reading.notes
        command.urls = reading.hasUnknown ? Array(reading.operands.suffix(1)) : reading.operands
        for (act, value) in reading.acts { command.take(act, value) }
        command.finish()
        guard command.reasons.isEmpty else { throw Untranslatable(command.reasons) }
        return command.call
    }

    private init(input: String?) { self.input = input }

    // MARK: Flags

    private mutating func take(_ act: CurlAct, _ value: String) {
        switch act {
        case .method: call.method = value
        case .url: urls.append(value)
        case .header: takeHeader(value)
        case .data, .dataRaw, .dataBinary, .dataEncoded, .json: takeData(act, value)
        case .user, .bearer: takeLogin(act, value)
        case .agent: addIfNone("User-Agent", value)
        case .referer:
            if value.hasSuffix(";auto") {
                reasons.append("-e …;auto: a redirect gets no Referer of its own")
            } else {
                addIfNone("Referer", value)
            }
        case .cookie:
            if value.contains("=") {
                addIfNone("Cookie", value)
            } else {
                reasons.append("-b: cookies in the file \(value) are not part of the line")
            }
        case .range: addIfNone("Range", "bytes=\(value)")
        case .get: asksGET = true
        case .head: asksHEAD = true
        case .location: follows = true
        case .globOff: isPatternOff = true
        case .output:
            if value != "/dev/null", value != "-" {
                call.notes.append("the answer is not written to \(value)")
            }
        case .redirectsMax, .maxTime, .connectTimeout, .retry, .retryDelay: takeNumber(act, value)
        }
    }

    /// Headers that flags stand for give way to those of `-H`, whatever the order; `finish` adds them.
    private var defaults: [ImportedCall.Header] = []

    private mutating func addIfNone(_ name: String, _ value: String) {
        defaults.removeAll { $0.name == name }
        if !value.isEmpty { defaults.append(.init(name: name, value: value)) }
    }

    private mutating func takeHeader(_ line: String) {
        if line.hasPrefix("@") {
            reasons.append("-H: the file \(line.dropFirst()) is not part of the line")
        } else if let colon = line.firstIndex(of: ":") {
            let name = String(line[..<colon])
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            if value.isEmpty { return takeRemoval(name) }
            if let reason = call.add(name, String(value)) { reasons.append(reason) }
        } else if line.hasSuffix(";") {
            if let reason = call.add(String(line.dropLast()), "") { reasons.append(reason) }
        } else {
            reasons.append("-H \"\(line)\" is no header: it has no colon")
        }
    }

    /// `-H 'Name:'` takes away what curl itself would send.
    private mutating func takeRemoval(_ name: String) {
        let curlsOwn = ["accept", "expect", "user-agent", "transfer-encoding"]
        if !curlsOwn.contains(name.lowercased()) {
            reasons.append("-H '\(name):' takes away a header, which a job cannot")
        }
    }

    private mutating func takeLogin(_ act: CurlAct, _ value: String) {
        if act == .bearer {
            call.login = .bearer(value)
        } else if let colon = value.firstIndex(of: ":") {
            let password = value[value.index(after: colon)...]
            call.login = .basic(username: String(value[..<colon]), password: String(password))
        } else {
            reasons.append("-u \(value) asks for the password: write it after a colon")
        }
    }

    private mutating func takeNumber(_ act: CurlAct, _ value: String) {
        let span = ImportedNumber.span(value)
        switch act {
        case .maxTime:
            guard let span else { return reasons.append("-m \(value) is not a number of seconds") }
            (call.firstByte, call.total) = span == .zero ? (nil, nil) : (span, span)
        case .connectTimeout:
            guard let span else { return reasons.append("--connect-timeout \(value) is not a number") }
            call.connect = span == .zero ? nil : span
        case .retryDelay:
            guard let span else { return reasons.append("--retry-delay \(value) is not a number") }
            retryDelay = span == .zero ? nil : span
        case .redirectsMax:
            guard let count = value == "-1" ? Int64.max : ImportedNumber.count(value) else {
                return reasons.append("--max-redirs \(value) is not a number")
            }
            redirectsMax = count
        default:
            guard let count = ImportedNumber.count(value) else {
                return reasons.append("--retry \(value) is not a number")
            }
            call.retries = count
        }
    }

    // MARK: Body

    private mutating func takeData(_ act: CurlAct, _ value: String) {
        var piece = value
        var isNamed = false
        if act == .dataEncoded {
            guard let encoded = encoded(value) else { return }
            (piece, isNamed) = (encoded, true)
        }
        if act != .dataRaw, !isNamed, value.hasPrefix("@") {
            guard let text = contents(String(value.dropFirst()), for: act) else { return }
            piece = text
        }
        if act == .json { hasJSON = true }
        guard let before = data else { return data = piece }
        // Pieces of a form are joined; those of JSON are one text.
        data = before + (act == .json ? "" : "&") + piece
    }

    /// What `@name` stands for: only standard input is known here.
    private mutating func contents(_ name: String, for act: CurlAct) -> String? {
        guard name == "-" else {
            reasons.append("the body is in the file \(name), which is not part of the line")
            return nil
        }
        guard let input else {
            reasons.append("the body is read from standard input, which the line does not give")
            return nil
        }
        // `-d` takes line ends away, the others take the text as it is.
        return act == .data ? input.filter { !$0.isNewline } : input
    }

    /// `--data-urlencode`: `text`, `=text`, `name=text`, `@file`, `name@file`.
    private mutating func encoded(_ value: String) -> String? {
        guard let mark = value.firstIndex(where: { $0 == "=" || $0 == "@" }) else {
            return Query.encoded(value)
        }
        let name = value[..<mark]
        var text = String(value[value.index(after: mark)...])
        if value[mark] == "@" {
            guard let contents = contents(text, for: .dataEncoded) else { return nil }
            text = contents
        }
        return (name.isEmpty ? "" : "\(name)=") + Query.encoded(text)
    }

    // MARK: The whole

    private mutating func finish() {
        takeURL()
        if hasJSON {
            addIfNone("Content-Type", "application/json")
            addIfNone("Accept", "application/json")
        } else if data != nil, !asksGET {
            addIfNone("Content-Type", "application/x-www-form-urlencoded")
        }
        for header in defaults { call.addDefault(header.name, header.value) }
        if call.login != nil, call.hasHeader("Authorization") {
            reasons.append("a login and the header Authorization are both given")
        }
        if asksGET, let data {
            call.addQuery(data)
        } else if let data {
            call.body = data
            // An empty body would make it a GET.
            if data.isEmpty, call.method.isEmpty { call.method = "POST" }
        }
        if asksHEAD, call.method.isEmpty { call.method = "HEAD" }
        if call.firstByte == nil { (call.firstByte, call.total) = (Self.patience, Self.patience) }
        takeRetries()
        if follows {
            call.redirects = min(redirectsMax, ImportedCall.redirectsMax)
            if redirectsMax > 50 {
                call.notes.append(
                    "--max-redirs: a job follows at most \(ImportedCall.redirectsMax) redirects"
                )
            }
        }
        reasons += call.contentReasons + call.templateReasons
    }

    private mutating func takeURL() {
        guard let url = urls.first else { return reasons.append("it names no URL") }
        guard urls.count == 1 else {
            return reasons.append(
                "it names \(urls.count) URLs (\(urls.joined(separator: " "))): a job calls one"
            )
        }
        let host = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let rest = host.hasPrefix("[") ? host.drop { $0 != "]" }.dropFirst() : host
        if !isPatternOff, rest.contains(where: { "{}[]".contains($0) }) {
            return reasons.append("\(url) is a pattern for several URLs: a job calls one")
        }
        if let reason = call.setURL(url) { reasons.append(reason) }
    }

    /// curl tries once unless told otherwise, then waits 1 s, 2 s and so on up to 10 minutes.
    private mutating func takeRetries() {
        guard let retries = call.retries, retries > 0 else { return call.retries = 0 }
        call.backoffMin = retryDelay ?? .seconds(1)
        call.backoffMax = retryDelay ?? .minutes(10)
    }
}
