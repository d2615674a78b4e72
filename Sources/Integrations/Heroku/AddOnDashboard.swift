internal import Cron
package import Domain

// Heroku's side of the simulator: what a customer clicks, and what the add-on is asked for it.
extension MarketplaceSimulator {
    /// Expects an add-on of somebody else's making, for a check.
    /// - Returns: its `oauth_grant`.
    package func expectAddOn(_ uuid: String, plan: String) -> JSON {
        guard addOns.index(uuid) == nil else { return .null }
        let own = addOns.add(uuid, app: "myapp", plan: plan, now: now)
        if let index = addOns.index(uuid) { addOns.addOns[index].state = .provisioning }
        return SimulatedAddOns.grant(own)
    }

    /// An object of its variables, once the partner has said that it is provisioned.
    package func provisionedConfig(of uuid: String) -> JSON? {
        guard let index = addOns.index(uuid), addOns.addOns[index].state == .provisioned else { return nil }
        return .object(addOns.addOns[index].config)
    }

    /// - Parameter parts: of the path, after `heroku`.
    func addOnAction(_ parts: [String], _ request: Request) async {
        guard let manifest else { return notice = "no add-on was named at the start" }
        let plan = request.field("plan")
        switch (parts.first ?? "", parts.count) {
        case ("provision", 1):
            let app = request.field("app")
            let own = addOns.add(
                nil,
                app: app.isEmpty ? "myapp" : app,
                plan: plan.isEmpty ? "freemium" : plan,
                now: now
            )
            await provision(own.uuid, manifest)
        case ("again", 2): await provision(parts[1], manifest)
        case ("plan", 2): await change(parts[1], to: plan.isEmpty ? "awesome" : plan, manifest)
        case ("deprovision", 2): await deprovision(parts[1], manifest)
        default: notice = "there is no such action"
        }
    }

    private func provision(_ uuid: String, _ manifest: AddOnManifest) async {
        guard let index = addOns.index(uuid) else { return notice = "there is no add-on \(uuid)" }
        let own = addOns.addOns[index]
        let body = AddOnManifest.provision(
            uuid,
            plan: own.plan,
            name: "acme-\(own.app)",
            grant: SimulatedAddOns.grant(own),
            callbackURL: "\(base)/addons/\(uuid)"
        )
        // The partner may finish it before its answer to this is here.
        if own.state == .asked { addOns.addOns[index].state = .provisioning }
        guard let reply = await ask(manifest, "POST", manifest.baseURL, body), let place = addOns.index(uuid)
        else { return stay(uuid, own.state) }
        switch reply.status {
        case 200, 201:
            if case .object(let config)? = reply.json["config"] { addOns.addOns[place].config = config }
            addOns.addOns[place].state = .provisioned
            notice =
                own.id.isEmpty || own.id == reply.json["id"]?.string
                ? "\(own.app) has its add-on" : "the partner answered another id than before"
        case 202: notice = "the partner goes on by itself (202) and has 12 hours to finish"
        case 422:
            addOns.addOns[place].state = .gone("refused")
            notice = "the partner refused"
        default:
            stay(uuid, own.state)
            notice = "the partner answered \(reply.status); a platform asks again with the same uuid"
        }
        addOns.addOns[place].id = reply.json["id"]?.string ?? own.id
        heard(reply, place)
    }

    /// Nothing has come of a request: what was true before is.
    private func stay(_ uuid: String, _ state: SimulatedAddOns.State) {
        guard let place = addOns.index(uuid), addOns.addOns[place].state == .provisioning else { return }
        addOns.addOns[place].state = state
    }

    private func change(_ uuid: String, to plan: String, _ manifest: AddOnManifest) async {
        guard addOns.index(uuid) != nil else { return notice = "there is no add-on \(uuid)" }
        let body = JSON.object([JSON.Member("plan", .string(plan))])
        guard let reply = await ask(manifest, "PUT", "\(manifest.baseURL)/\(uuid)", body),
            let place = addOns.index(uuid)
        else { return }
        heard(reply, place)
        guard reply.isDone else { return notice = "the plan stays: the partner answered \(reply.status)" }
        if case .object(let config)? = reply.json["config"] { addOns.addOns[place].config = config }
        addOns.addOns[place].plan = plan
        notice = "the plan is \(plan)"
    }

    private func deprovision(_ uuid: String, _ manifest: AddOnManifest) async {
        guard addOns.index(uuid) != nil,
            let reply = await ask(manifest, "DELETE", "\(manifest.baseURL)/\(uuid)", nil),
            let place = addOns.index(uuid)
        else { return }
        heard(reply, place)
        switch reply.status {
        case 200, 204, 404, 410: addOns.addOns[place].state = .gone("deprovisioned")
        case 202: addOns.addOns[place].state = .deprovisioning
        default: return notice = "the partner answered \(reply.status); a platform asks again"
        }
        notice = "the partner answered \(reply.status)"
    }

    private func heard(_ reply: PartnerCheck.Reply, _ index: Int) {
        addOns.addOns[index].message = reply.json["message"]?.string ?? ""
    }

    private func ask(_ manifest: AddOnManifest, _ method: String, _ url: String, _ body: JSON?) async
        -> PartnerCheck.Reply?
    {
        let reply = await send(manifest.request(method, url, body, login: manifest.login))
        if reply == nil { notice = "the partner cannot be reached at \(url)" }
        return reply
    }

    /// The form that the dashboard's browser posts to the partner, made at this moment.
    /// - Parameter kind: `user` for the token that says for whom, `resource` for the one that does not.
    func addOnVisit(_ uuid: String, _ kind: String) -> Reply {
        guard let manifest, let index = addOns.index(uuid) else {
            return .html(SimulatorPage.frame("<p>There is nothing to visit.</p>"), status: 404)
        }
        let fields = manifest.form(
            uuid,
            at: now,
            isScoped: kind == "user",
            email: Self.email,
            app: addOns.addOns[index].app
        )
        return .html(SimulatorPage.form(fields, to: manifest.ssoURL))
    }
}
