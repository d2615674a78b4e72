import Crypto
import Domain
import Effects
import Integrations
import Testing

/// An add-on of somebody else's, written from the reference alone, with one fault in it.
actor StubAddOn {
    enum Fault: String, CaseIterable, CustomTestStringConvertible {
        case takesStrangers, takesWrongPasswords, takesOtherNames, refusesAll, isSlow, numbersAsIDs, noConfig
        case numbersAsVariables, lowerCaseNames, brokenURL, deadKeys, newIDForOldUUID, oneIDForAll
        case onePasswordForAll, takesAnyPlan, refusesSilently, crashesOnEmptyBody, cannotChangePlans
        case refusesSamePlan, changesToAnyPlan, changesPlansOfNothing, ignoresUserTokens
        case ignoresResourceTokens, takesFormsTwice, takesWrongTokens, takesOldForms, takesMovedForms
        case takesOtherUsers, signsInToNothing, anybodyDeprovisions, cannotDeprovision, failsOnSecondEnd
        case keepsKeys, signsInAfterTheEnd
        var testDescription: String { rawValue }

        /// The behaviour of `AddOnCheck` that does not hold then.
        var number: String { "V\(Self.allCases.firstIndex(of: self).map { $0 + 2 } ?? 0)" }
    }

    struct Resource {
        var id: String
        var plan: String
        var password: String
        var isGone = false
    }

    static let manifest = AddOnManifest(
        id: "stub",
        password: "secret",
        salt: "salt",
        baseURL: "http://stub.test/heroku/resources",
        ssoURL: "http://stub.test/sso"
    )
    private let fault: Fault?
    /// Set for an add-on that answers 202 and finishes at the platform.
    private let isAsync: Bool
    private let clock: StubClock
    private var resources: [String: Resource] = [:]
    private var usedForms: Set<String> = []
    /// What to do after an answer of 202.
    private(set) var waiting: [(uuid: String, code: String)] = []
    private(set) var bodies: [JSON] = []

    init(_ fault: Fault? = nil, isAsync: Bool = false, clock: StubClock = StubClock()) {
        self.fault = fault
        self.isAsync = isAsync
        self.clock = clock
    }

    func send(_ request: PartnerCheck.Request) -> PartnerCheck.Reply? {
        let text = String(decoding: request.body, as: UTF8.self)
        if request.url == Self.manifest.ssoURL { return reply(signIn(FormText.decode(text) ?? [])) }
        let login = request.headers.first { $0.name == "Authorization" }?.value
        if request.url.hasPrefix("http://stub.test/api/") {
            let uuid = request.url.split(separator: "/").last.map { String($0) } ?? ""
            guard let own = resources[uuid], !own.isGone || fault == .keepsKeys, fault != .deadKeys else {
                return reply(401)
            }
            return reply(login == basic("user", own.password) ? 200 : 401)
        }
        let body = (try? JSONReader.value(of: text)) ?? .null
        guard isPlatform(login) || (request.method == "DELETE" && fault == .anybodyDeprovisions) else {
            return reply(401)
        }
        let uuid = String(request.url.dropFirst(Self.manifest.baseURL.count + 1))
        switch request.method {
        case "POST": return provision(body)
        case "PUT": return change(uuid, body["plan"]?.string ?? "")
        default: return reply(deprovision(uuid))
        }
    }

    private func basic(_ name: String, _ password: String) -> String {
        "Basic " + Base64.encode(Array("\(name):\(password)".utf8))
    }

    private func isPlatform(_ login: String?) -> Bool {
        switch fault {
        case .takesStrangers where login == nil: return true
        case .takesWrongPasswords where login == basic("stub", "secret0"): return true
        case .takesOtherNames where login == basic("xstub", "secret"): return true
        default: return login == basic("stub", "secret")
        }
    }

    private func reply(_ status: Int, _ body: JSON = .object([])) -> PartnerCheck.Reply {
        PartnerCheck.Reply(status: status, body: Array(body.text.utf8))
    }

    private func message(_ status: Int, _ text: String) -> PartnerCheck.Reply {
        reply(status, .object([JSON.Member("message", .string(text))]))
    }

    // MARK: Resources

    private func provision(_ body: JSON) -> PartnerCheck.Reply {
        bodies.append(body)
        guard let uuid = body["uuid"]?.string, let plan = body["plan"]?.string else {
            return message(fault == .crashesOnEmptyBody ? 500 : 422, "uuid is missing")
        }
        if fault == .refusesAll { return reply(500) }
        if fault == .isSlow { clock.pass(.seconds(30)) }
        guard ["small", "big"].contains(plan) || fault == .takesAnyPlan else {
            return fault == .refusesSilently ? reply(422) : message(422, "no such plan")
        }
        let isNew = resources[uuid] == nil
        var own =
            resources[uuid]
            ?? Resource(
                id: fault == .oneIDForAll ? "own" : "own-\(resources.count)",
                plan: plan,
                password: fault == .onePasswordForAll ? "p" : "p-\(resources.count)"
            )
        if !isNew, fault == .newIDForOldUUID { own.id += "+" }
        resources[uuid] = own
        if isAsync, isNew {
            waiting.append((uuid, body["oauth_grant"]?["code"]?.string ?? ""))
        }
        if isAsync {
            let answer = [JSON.Member("id", .string(own.id)), JSON.Member("message", .string("in a while"))]
            return reply(202, .object(answer))
        }
        var members = [
            JSON.Member("id", fault == .numbersAsIDs ? .number(7) : .string(own.id)),
            JSON.Member("message", .string("here you are")),
        ]
        if fault != .noConfig { members.append(JSON.Member("config", .object(config(uuid)))) }
        return reply(isNew ? 201 : 200, .object(members))
    }

    func config(_ uuid: String) -> [JSON.Member] {
        let password = resources[uuid]?.password ?? ""
        return [
            JSON.Member(
                "STUB_URL",
                .string(fault == .brokenURL ? "stub.test" : "http://stub.test/api/\(uuid)")
            ),
            JSON.Member(fault == .lowerCaseNames ? "stub_username" : "STUB_USERNAME", .string("user")),
            JSON.Member("STUB_PASSWORD", .string(password)),
            JSON.Member("STUB_SIZE", fault == .numbersAsVariables ? .number(3) : .string("3")),
        ]
    }

    private func change(_ uuid: String, _ plan: String) -> PartnerCheck.Reply {
        guard let own = resources[uuid], !own.isGone else {
            return reply(fault == .changesPlansOfNothing ? 200 : 404)
        }
        if fault == .cannotChangePlans { return reply(503) }
        if fault == .refusesSamePlan, own.plan == plan { return reply(409) }
        guard ["small", "big"].contains(plan) || fault == .changesToAnyPlan else {
            return message(422, "no such plan")
        }
        resources[uuid]?.plan = plan
        return message(200, "changed")
    }

    private func deprovision(_ uuid: String) -> Int {
        if fault == .cannotDeprovision { return 501 }
        guard let own = resources[uuid] else { return 404 }
        if own.isGone { return fault == .failsOnSecondEnd ? 500 : 410 }
        // An outsider's request is the one that is found out; the platform's still has to work.
        if fault != .anybodyDeprovisions { resources[uuid]?.isGone = true }
        return 204
    }

    // MARK: Sign-in

    private func signIn(_ fields: [FormText.Parameter]) -> Int {
        func value(_ name: String) -> String { fields.first { $0.name == name }?.value ?? "" }
        let (uuid, time) = (value("resource_id"), value("timestamp"))
        let isHere = resources[uuid].map { !$0.isGone } ?? false
        if !isHere {
            let isKnown = resources[uuid] != nil
            return fault == (isKnown ? .signsInAfterTheEnd : .signsInToNothing) ? 302 : 403
        }
        let age = clock.now.seconds - (Int64(time) ?? 0)
        guard age <= 300 || fault == .takesOldForms else { return 403 }
        let scoped = value("user_scoped_resource_token")
        let given = scoped.isEmpty ? value("resource_token") : scoped
        if fault == .ignoresUserTokens, !scoped.isEmpty { return 403 }
        if fault == .ignoresResourceTokens, scoped.isEmpty { return 403 }
        let right =
            scoped.isEmpty
            ? hexadecimal(Array(Insecure.SHA1.hash(data: Array("\(uuid):salt:\(time)".utf8))))
            : hexadecimal(
                Array(
                    SHA256.hash(
                        data: Array("\(uuid):salt:\(time):\(value("user_id")):\(value("email"))".utf8)
                    )
                )
            )
        let isLenient =
            (fault == .takesWrongTokens && given == "0000")
            || (fault == .takesOtherUsers && !scoped.isEmpty)
            || (fault == .takesMovedForms && given.count == 40)
        guard given == right || isLenient else { return 403 }
        guard usedForms.insert(given).inserted || fault == .takesFormsTwice else { return 403 }
        return 302
    }
}
