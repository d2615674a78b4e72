internal import Cron
package import Domain

/// Plays Heroku's side against somebody's add-on and notes what does not hold (`heroku-v3`,
/// `reference/chronatog-and-partner-api.md` §7.1): the manifest, resources, plans, sign-in, and the way back.
///
/// It provisions two resources and gives both back. Behaviours are numbered `V1`, `V2`, … in the order in
/// which they are looked at.
package struct AddOnCheck {
    let manifest: AddOnManifest
    /// The first is provisioned, the last is changed to.
    let plans: [String]
    /// Where the add-on finishes what it answered with 202; nil when it could not.
    let platform: MarketplaceSimulator?
    let send: PartnerCheck.Send
    let now: @Sendable () async -> Timestamp
    /// Lets a little time pass for an add-on that answered 202.
    let pause: @Sendable () async -> Void
    /// Keeps the resources of two checks apart: twelve hexadecimal digits.
    let run: String
    package private(set) var findings: [PartnerCheck.Finding] = []
    private var formsMade = 0
    /// How long a platform waits for an answer before it gives up.
    private static let answerWithin = Span.seconds(25)
    private static let pausesMax = 100

    /// - Parameters:
    ///   - plans: names of two plans that the add-on has.
    ///   - run: twelve hexadecimal digits that no earlier check has used.
    ///   - platform: answers what an add-on asks that provisions after its answer.
    package init(
        _ manifest: AddOnManifest,
        plans: [String],
        run: String,
        platform: MarketplaceSimulator? = nil,
        now: @escaping @Sendable () async -> Timestamp,
        pause: @escaping @Sendable () async -> Void = {},
        send: @escaping PartnerCheck.Send
    ) {
        self.manifest = manifest
        self.plans = plans
        self.run = run
        self.platform = platform
        self.now = now
        self.pause = pause
        self.send = send
    }

    /// Everything, in order; what builds on something that failed is left out.
    package mutating func runAll() async {
        let faults = manifest.faults
        hold("V1", "the manifest names all a platform needs", faults.isEmpty, faults.joined(separator: "; "))
        guard faults.isEmpty else { return }
        await checkLogin()
        guard let first = await checkProvisioning() else { return }
        let second = await checkSecond(first)
        await checkBodies()
        await checkPlans(first)
        await checkSignIn(first, second)
        await checkDeprovisioning(first)
        _ = await ask("DELETE", url(second))
    }

    private mutating func hold(
        _ number: String,
        _ duty: String,
        _ holds: Bool,
        _ fault: @autoclosure () -> String
    ) {
        findings.append(PartnerCheck.Finding(number: number, duty: duty, fault: holds ? nil : fault()))
    }

    private mutating func hold(
        _ number: String,
        _ duty: String,
        _ reply: PartnerCheck.Reply,
        _ statuses: Int...
    ) {
        let wanted = statuses.map { "\($0)" }.joined(separator: " or ")
        hold(number, duty, statuses.contains(reply.status), "it got \(reply.status), not \(wanted)")
    }

    // MARK: Requests

    private func uuid(_ number: Int) -> String { "01234567-89ab-4cde-8f0\(number)-\(run)" }
    private func url(_ uuid: String) -> String { "\(manifest.baseURL)/\(uuid)" }

    private func ask(_ method: String, _ url: String, _ body: JSON? = nil) async -> PartnerCheck.Reply {
        await send(manifest.request(method, url, body, login: manifest.login))
            ?? PartnerCheck.Reply(status: 0)
    }

    private func ask(_ method: String, _ url: String, _ body: JSON?, as login: String?) async
        -> PartnerCheck.Reply
    {
        await send(manifest.request(method, url, body, login: login)) ?? PartnerCheck.Reply(status: 0)
    }

    private func body(_ uuid: String, plan: String? = nil) async -> JSON {
        let grant: JSON
        if let platform {
            grant = await platform.expectAddOn(uuid, plan: plan ?? plans[0])
        } else {
            grant = .object([
                JSON.Member("code", .string("code-\(uuid)")),
                JSON.Member("type", .string("authorization_code")),
            ])
        }
        return AddOnManifest.provision(
            uuid,
            plan: plan ?? plans.first ?? "",
            name: "acme-inc-\(run)",
            grant: grant,
            callbackURL: "\(platform?.base ?? "http://marketplace.invalid")/addons/\(uuid)"
        )
    }

    private mutating func checkLogin() async {
        let never = await body(uuid(0))
        let strangers = [
            ("V2", "a request without credentials is refused", nil),
            ("V3", "a wrong password is refused", AddOnManifest.basic(manifest.id, manifest.password + "0")),
            ("V4", "another name is refused", AddOnManifest.basic("x" + manifest.id, manifest.password)),
        ]
        for (number, duty, login) in strangers {
            hold(number, duty, await ask("POST", manifest.baseURL, never, as: login), 401)
        }
    }

    // MARK: Resources

    private struct Resource {
        var uuid: String
        var id: JSON?
        var config: [JSON.Member]

        func value(_ suffix: String) -> String? { config.first { $0.key.hasSuffix(suffix) }?.value.string }
    }

    private mutating func checkProvisioning() async -> Resource? {
        let uuid = uuid(1)
        let body = await body(uuid)
        let before = await now()
        let reply = await ask("POST", manifest.baseURL, body)
        hold("V5", "a resource is provisioned", reply, 200, 201, 202)
        guard reply.isDone || reply.status == 202 else { return nil }
        let took = await now() - before
        hold("V6", "provisioning is answered within 25 s", took <= Self.answerWithin, "it took \(took.text)")
        let id = reply.json["id"]?.string ?? ""
        hold("V7", "the answer has an id, a text", !id.isEmpty, "it has \(reply.json["id"]?.text ?? "none")")
        guard let config = await config(of: uuid, reply) else { return nil }
        let first = Resource(uuid: uuid, id: reply.json["id"], config: config)
        let strange = config.filter { $0.value.string == nil }.map(\.key).joined(separator: ", ")
        hold("V9", "all variables are texts", strange.isEmpty, "\(strange) is none")
        let misnamed = config.map(\.key).filter { name in
            !manifest.isName(name) || !(manifest.variables.isEmpty || manifest.variables.contains(name))
        }
        hold(
            "V10",
            "variables are named as the manifest says, in upper case",
            misnamed.isEmpty,
            "\(misnamed.joined(separator: ", ")) is not"
        )
        let urls = config.filter { $0.key.hasSuffix("_URL") }
        let broken = urls.filter { $0.value.string.map { !Self.isURL($0) } ?? true }.map(\.key)
        hold("V11", "every …_URL is a URL", broken.isEmpty, "\(broken.joined(separator: ", ")) is none")
        if let status = await use(first) {
            hold("V12", "the credentials work", status == 200, "the service answered \(status), not 200")
        }
        // At least once is how the platform delivers, and its bodies grow.
        var members: [JSON.Member] = []
        if case .object(let own) = body { members = own }
        let grown = JSON.object(members + [JSON.Member("field_of_tomorrow", .array([.number(1)]))])
        let again = await ask("POST", manifest.baseURL, grown)
        hold(
            "V13",
            "asked again with the same uuid, and a field more, it answers with the same resource",
            again.status == 202
                || (again.isDone && again.json["id"] == first.id && Self.config(again) == config),
            "it got \(again.status) and \(again.json["id"]?.text ?? "no id"), or other variables"
        )
        return first
    }

    /// What the app gets; nil when it gets nothing.
    private mutating func config(of uuid: String, _ reply: PartnerCheck.Reply) async -> [JSON.Member]? {
        guard reply.status == 202 else {
            let config = Self.config(reply)
            hold("V8", "the answer has variables", config != nil, "config is no object")
            return config
        }
        guard let platform else {
            hold(
                "V8",
                "what was answered with 202 is finished",
                false,
                "nobody can tell: let the add-on finish it at --listen instead of api.heroku.com"
            )
            return nil
        }
        for _ in 0..<Self.pausesMax {
            if case .object(let config)? = await platform.provisionedConfig(of: uuid) {
                hold("V8", "what was answered with 202 is finished", true, "")
                return config
            }
            await pause()
        }
        hold("V8", "what was answered with 202 is finished", false, "nothing came")
        return nil
    }

    private mutating func checkSecond(_ first: Resource) async -> String {
        let uuid = uuid(2)
        let reply = await ask("POST", manifest.baseURL, await body(uuid))
        let isOther = reply.json["id"] != first.id
        hold("V14", "another uuid is another resource", isOther, "both are \(first.id?.text ?? "")")
        if let password = first.value("_PASSWORD"), let config = Self.config(reply) {
            let other = config.first { $0.key.hasSuffix("_PASSWORD") }?.value.string
            hold("V15", "another resource has other credentials", other != password, "both have the same")
        }
        return uuid
    }

    private mutating func checkBodies() async {
        let unknown = await ask("POST", manifest.baseURL, await body(uuid(3), plan: "no-such-plan"))
        hold("V16", "a plan that there is none of is refused", unknown, 422)
        hold(
            "V17",
            "a refusal has a message",
            unknown.json["message"]?.string?.isEmpty == false,
            "its body is \(unknown.text.prefix(80))"
        )
        let empty = await ask("POST", manifest.baseURL, .object([]))
        hold(
            "V18",
            "a body without a uuid is the client's fault",
            400..<500 ~= empty.status,
            "it got \(empty.status), not 4xx"
        )
    }

    private mutating func checkPlans(_ first: Resource) async {
        let plan = JSON.object([JSON.Member("plan", .string(plans.last ?? ""))])
        hold("V19", "the plan can be changed", await ask("PUT", url(first.uuid), plan), 200)
        hold(
            "V20",
            "the plan can be changed to what it is already",
            await ask("PUT", url(first.uuid), plan),
            200
        )
        let none = JSON.object([JSON.Member("plan", .string("no-such-plan"))])
        hold(
            "V21",
            "the plan cannot be changed to one that there is none of",
            await ask("PUT", url(first.uuid), none),
            422
        )
        hold(
            "V22",
            "the plan of what is not there cannot be changed",
            await ask("PUT", url(uuid(4)), plan),
            404,
            410,
            422
        )
    }

    // MARK: Sign-in

    private mutating func checkSignIn(_ first: Resource, _ second: String) async {
        let scoped = await form(first.uuid, isScoped: true)
        opens("V23", "a form with the token of the user signs in", await post(scoped))
        opens("V24", "a form with the token of the resource signs in", await post(await form(first.uuid)))
        hold("V25", "the same form signs in once", await post(scoped), 403)
        let wrong = await form(first.uuid) { $0[$0.count - 1].value = "0000" }
        hold("V26", "a form with a wrong token signs nobody in", await post(wrong), 403)
        hold(
            "V27",
            "a form of six minutes ago signs nobody in",
            await post(await form(first.uuid, age: 360)),
            403
        )
        let moved = await form(first.uuid) { $0[0].value = second }
        hold("V28", "a form for another resource than its token's signs nobody in", await post(moved), 403)
        let renamed = await form(first.uuid, isScoped: true) { fields in
            for index in fields.indices where fields[index].name == "email" {
                fields[index].value = "other@example.com"
            }
        }
        hold("V29", "a form for another user than its token's signs nobody in", await post(renamed), 403)
        hold(
            "V30",
            "a form for a resource that is not there signs nobody in",
            await post(await form(uuid(4))),
            403,
            404
        )
    }

    private mutating func opens(_ number: String, _ duty: String, _ reply: PartnerCheck.Reply) {
        let isOpen = reply.status == 200 || 300..<400 ~= reply.status
        hold(number, duty, isOpen, "it got \(reply.status), not 200 or a redirect")
    }

    /// No two are the same: each is of another second. The token is the last field.
    private mutating func form(
        _ uuid: String,
        isScoped: Bool = false,
        age: Int64 = 0,
        change: (inout [FormText.Parameter]) -> Void = { _ in }
    ) async -> [FormText.Parameter] {
        formsMade += 1
        let time = Timestamp(seconds: await now().seconds - age - Int64(formsMade))
        var fields = manifest.form(
            uuid,
            at: time,
            isScoped: isScoped,
            email: "user@example.com",
            app: "myapp"
        )
        if !isScoped, let index = fields.firstIndex(where: { $0.name == "resource_token" }) {
            fields.append(fields.remove(at: index))
        }
        change(&fields)
        return fields
    }

    private func post(_ form: [FormText.Parameter]) async -> PartnerCheck.Reply {
        let request = PartnerCheck.Request(
            method: "POST",
            url: manifest.ssoURL,
            headers: [ChannelRequest.Header("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(FormText.encode(form).utf8),
            keepHeader: "set-cookie"
        )
        return await send(request) ?? PartnerCheck.Reply(status: 0)
    }

    // MARK: The end

    private mutating func checkDeprovisioning(_ first: Resource) async {
        let target = url(first.uuid)
        hold("V31", "nobody else can give a resource back", await ask("DELETE", target, nil, as: nil), 401)
        hold("V32", "a resource can be given back", await ask("DELETE", target), 200, 202, 204)
        hold(
            "V33",
            "giving it back again is no failure of the server",
            await ask("DELETE", target),
            200,
            202,
            204,
            404,
            410
        )
        if let status = await use(first) {
            let isRefused = status == 401 || status == 403
            hold(
                "V34",
                "credentials that were given back refuse at once",
                isRefused,
                "the service answered \(status), not 401"
            )
        }
        hold(
            "V35",
            "nobody signs in to what was given back",
            await post(await form(first.uuid)),
            403,
            404,
            410
        )
    }

    /// The status of a use; nil where the variables do not tell how to.
    private func use(_ resource: Resource) async -> Int? {
        guard let url = resource.value("_URL"), Self.isURL(url), let name = resource.value("_USERNAME"),
            let password = resource.value("_PASSWORD")
        else { return nil }
        return await ask("GET", url, nil, as: AddOnManifest.basic(name, password)).status
    }

    private static func config(_ reply: PartnerCheck.Reply) -> [JSON.Member]? {
        if case .object(let members)? = reply.json["config"] { members } else { nil }
    }

    /// Of any scheme: databases have theirs.
    private static func isURL(_ text: String) -> Bool {
        guard let colon = text.firstRange(of: "://") else { return false }
        return colon.lowerBound > text.startIndex && colon.upperBound < text.endIndex
    }
}
