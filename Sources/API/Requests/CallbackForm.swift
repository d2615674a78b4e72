internal import Domain
internal import Effects
internal import Engine
internal import FoundationEssentials

/// The call half of a job: where, how, and with what.
struct CallbackForm {
    let surroundings: JobForm.Surroundings
    /// What the job calls now; nil for a new job.
    let current: Callback?
    /// A stream may start the job: its event may be named.
    var hasEvent = false

    /// What answers show in place of a secret.
    static let mask = "***"

    mutating func read(_ fields: inout Fields, into draft: inout JobDraft, isWhole: Bool) {
        readTarget(&fields, into: &draft, isWhole: isWhole)
        readMethod(&fields, into: &draft.definition.callback.method)
        readHeaders(&fields, into: &draft)
        readBody(&fields, into: &draft, isWhole: isWhole)
        fields.read(
            "redirects",
            into: &draft.definition.callback.redirectsMax,
            default: 0,
            within: 0...JobLimits.redirectsMax
        )
        fields.read(
            "keep_body",
            into: &draft.definition.callback.keepBodyBytesMax,
            default: 4096,
            within: 0...JobLimits.keepBodyBytesMax
        )
        fields.read("keep_success_body", into: &draft.definition.callback.keepsSuccessBody)
    }

    // MARK: Target

    private func readTarget(_ fields: inout Fields, into draft: inout JobDraft, isWhole: Bool) {
        let steps = fields.value(Reaction.stepsName)?.array ?? []
        if !steps.isEmpty || draft.definition.reaction?.steps.isEmpty == false {
            if fields.value("callback_url").map({ $0.string != "" }) == true {
                fields.fault("callback_url", "and steps are both given", hint: "make the call an http step")
            }
            if fields.value("body") != nil { fields.fault("body", "belongs into an http step") }
            draft.definition.callback.target = .steps
            return
        }
        guard fields.has("callback_url") else {
            if isWhole || draft.definition.callback.target == .steps {
                fields.fault("callback_url", "is missing", hint: "the http or https URL to call")
            }
            return
        }
        guard let text = fields.value("callback_url")?.string else {
            return fields.fault("callback_url", "is not a string")
        }
        if case .url(let url) = current?.target, url.masked == text {
            draft.definition.callback.target = .url(url)
            return
        }
        if case .billing = current?.target, text == CallTarget.billingPath { return }
        if let fault = TemplateNames.fault(in: text, hasEvent: hasEvent) {
            return fields.fault("callback_url", fault.message, hint: fault.hint)
        }
        if text.hasPrefix("/") { return readSink(text, &fields, into: &draft) }
        do {
            let parts = try CallbackURL(text)
            try use(parts, into: &draft)
        } catch {
            fields.fault("callback_url", error.message, hint: error.hint)
        }
    }

    private func readSink(_ text: String, _ fields: inout Fields, into draft: inout JobDraft) {
        guard text.hasPrefix(SinkTarget.prefix) else {
            return fields.fault(
                "callback_url",
                "is not absolute",
                hint: "http://host/path or https://host/path"
            )
        }
        guard surroundings.hasSink else {
            return fields.fault(
                "callback_url",
                "names the built-in sink, which exists only with --ephemeral",
                hint: "start the server with --ephemeral, or give an absolute URL"
            )
        }
        if let fault = CallbackURL.characterFault(in: text) { return fields.fault("callback_url", fault) }
        do {
            _ = try SinkTarget(text)
            draft.definition.callback.target = .sink(text)
        } catch {
            fields.fault("callback_url", "\(error)")
        }
    }

    /// The secrets of a URL are sealed as wholes, so they come back whole, and only for the server they were
    /// meant for.
    private func use(_ parts: CallbackURL, into draft: inout JobDraft) throws(CallbackURL.Fault) {
        var target = URLTarget(isTLS: parts.isTLS, host: parts.host, port: parts.port, path: parts.path)
        if let refusal = parts.isLiteral ? surroundings.judgeLiteral(parts.host, parts.port) : nil {
            throw CallbackURL.Fault(message: refusal, hint: nil)
        }
        var old: URLTarget?
        if case .url(let url) = current?.target, url.host == parts.host, url.port == parts.port,
            url.isTLS == parts.isTLS
        {
            old = url
        }
        if let query = parts.query {
            target.queryMask = CallbackURL.mask(query)
            if query == target.queryMask, query.contains(Self.mask) {
                guard let kept = old?.query, old?.queryMask == query else { throw .masked("the query") }
                target.query = kept
            } else {
                draft.query = query
            }
        }
        if let userInfo = parts.userInfo {
            target.user = String(userInfo.prefix { $0 != ":" })
            if userInfo == "\(target.user):\(Self.mask)" {
                guard let kept = old?.userInfo, old?.user == target.user else {
                    throw .masked("the password")
                }
                target.userInfo = kept
            } else {
                draft.userInfo = userInfo
            }
        }
        draft.definition.callback.target = .url(target)
    }

    // MARK: Method and headers

    private func readMethod(_ fields: inout Fields, into method: inout String) {
        guard fields.has("method") else { return }
        guard let value = fields.value("method") else { return method = "" }
        guard let text = value.string, !text.isEmpty, text.utf8.count <= 32, HeaderRules.isToken(text) else {
            return fields.fault(
                "method",
                "is not an HTTP method",
                hint: "GET, POST, PUT, PATCH, DELETE or HEAD"
            )
        }
        guard text.uppercased() != "CONNECT" else {
            return fields.fault("method", "CONNECT opens a tunnel, not a call")
        }
        method = text.uppercased()
    }

    private func readHeaders(_ fields: inout Fields, into draft: inout JobDraft) {
        let authorization = readAuth(&fields)
        if fields.has("headers") {
            draft.headers = readHeaderFields(&fields)
        } else if authorization != nil, draft.headers == nil {
            draft.headers = (current?.headers ?? []).map { ($0.name, nil) }
        }
        guard let authorization else { return }
        let given = draft.headers ?? []
        if fields.has("headers"),
            given.contains(where: { $0.name.lowercased() == "authorization" && $0.value != nil })
        {
            return fields.fault("auth", "and headers both give Authorization; give one")
        }
        var kept = given.filter { $0.name.lowercased() != "authorization" }
        if !authorization.isEmpty { kept.append((name: "Authorization", value: authorization)) }
        draft.headers = kept
    }

    private func readHeaderFields(_ fields: inout Fields) -> [(name: String, value: String?)] {
        guard var inner = fields.object("headers") else { return [] }
        var headers: [(name: String, value: String?)] = []
        for name in inner.allNames {
            guard let value = inner.value(name)?.string else {
                inner.fault(name, "is not a string")
                continue
            }
            if let refusal = HeaderRules.refusal(name: name, value: value) {
                inner.fault(name, refusal)
            } else if let fault = TemplateNames.fault(in: value, hasEvent: hasEvent) {
                inner.fault(name, fault.message, hint: fault.hint)
            } else if headers.contains(where: { $0.name.lowercased() == name.lowercased() }) {
                inner.fault(name, "is given twice")
            } else if value == Self.mask {
                let isKnown = current?.headers.contains { $0.name.lowercased() == name.lowercased() } ?? false
                if isKnown {
                    headers.append((name, nil))
                } else {
                    inner.fault(name, "is the mask of a value, not a value", hint: "give the value itself")
                }
            } else {
                headers.append((name, value))
            }
        }
        if headers.count > JobLimits.headersMax {
            fields.fault("headers", "has \(headers.count) fields; the limit is \(JobLimits.headersMax)")
        }
        fields.take(faultsOf: inner)
        return headers
    }

    /// The `Authorization` value that `auth` stands for; empty to remove it, nil when not given.
    private func readAuth(_ fields: inout Fields) -> String? {
        guard var inner = fields.object("auth") else { return nil }
        defer { fields.take(faultsOf: inner) }
        if fields.value("auth") == nil { return "" }
        inner.refuseUnknown(["basic", "bearer"])
        switch (inner.value("basic"), inner.value("bearer")) {
        case (nil, let bearer?):
            guard let token = bearer.string, HeaderRules.isValue(token), !token.isEmpty else {
                inner.fault("bearer", "is not a string without control characters")
                return nil
            }
            return "Bearer \(token)"
        case (.some, nil):
            guard var basic = inner.object("basic") else { return nil }
            basic.refuseUnknown(["username", "password"])
            var (username, password) = ("", "")
            basic.read("username", into: &username, bytesMax: JobLimits.nameBytesMax)
            basic.read("password", into: &password, bytesMax: JobLimits.headerBytesMax)
            if username.contains(":") { basic.fault("username", "holds a colon, which Basic cannot carry") }
            inner.take(faultsOf: basic)
            return "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
        default:
            inner.fault("basic", "or bearer: exactly one has to be given")
            return nil
        }
    }

    // MARK: Body

    private func readBody(_ fields: inout Fields, into draft: inout JobDraft, isWhole: Bool) {
        let old = current?.body ?? .none
        var wasSecret = false
        if case .sealed = old { wasSecret = true }
        var isSecret = isWhole ? false : wasSecret
        fields.read("body_secret", into: &isSecret)
        var text = ""
        fields.read("body", into: &text, bytesMax: JobLimits.bodyBytesMax)
        if let fault = TemplateNames.fault(in: text, hasEvent: hasEvent) {
            fields.fault("body", fault.message, hint: fault.hint)
        }
        let isKept = fields.has("body") ? wasSecret && text == Self.mask : !isWhole
        if isKept {
            switch (old, isSecret) {
            case (.plain(let plain), true): draft.secretBody = plain
            case (.sealed, false) where fields.value("body_secret")?.bool == false:
                fields.fault("body_secret", "cannot be taken back without giving the body anew")
            default: draft.definition.callback.body = old
            }
        } else if text.isEmpty {
            draft.definition.callback.body = .none
        } else if isSecret, text == Self.mask {
            fields.fault("body", "is the mask of a secret, not a secret", hint: "give the body itself")
        } else if isSecret {
            draft.definition.callback.body = .none
            draft.secretBody = text
        } else {
            draft.definition.callback.body = .plain(text)
        }
    }
}
