internal import Cron
internal import Domain

/// The one page of the simulator: two marketplaces, one above the other. Everything from outside is escaped
/// here.
struct SimulatorPage {
    let base: String
    let registry: SimulatedRegistry
    let addOns: SimulatedAddOns
    let manifest: AddOnManifest?
    let now: Timestamp
    let ahead: Span
    let notice: String

    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    static func frame(_ body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>A marketplace</title>
        <style>
        :root { color-scheme: light dark; --line: #8884; --soft: #8881; }
        body { max-width: 56rem; margin: 2.5rem auto; padding: 0 1.25rem;
          font: 16px/1.5 system-ui, sans-serif; }
        h1, h2, h3 { line-height: 1.2; margin: 0; font-weight: 600; }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
        article { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 1rem 0; }
        #notice { background: var(--soft); border-left: .25rem solid #d97706; padding: .5rem .75rem; }
        #notice:empty { display: none; }
        table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .9rem; }
        th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
          border-top: 1px solid var(--line); }
        th { font-weight: 400; opacity: .65; white-space: nowrap; width: 9rem; }
        code { font-size: .8rem; overflow-wrap: anywhere; }
        form { display: inline-flex; gap: .35rem; margin: .35rem .75rem .35rem 0; }
        input, button { font: inherit; font-size: .9rem; padding: .15rem .5rem; }
        input { width: 9rem; } small { opacity: .65; } .gone { opacity: .55; }
        </style>
        \(body)
        </html>

        """
    }

    /// A form that posts itself, or waits for a click where scripts are off.
    static func form(_ fields: [FormText.Parameter], to url: String) -> String {
        let inputs = fields.map {
            "<input type=\"hidden\" name=\"\($0.name)\" value=\"\(escape($0.value))\">"
        }
        return frame(
            """
            <h1>On the way to the add-on</h1>
            <form method="post" action="\(escape(url))">
            \(inputs.joined(separator: "\n"))
            <button>Go on</button></form>
            <script>document.forms[0].submit()</script>
            """
        )
    }

    func text() -> String {
        let driven = ahead == .zero ? "" : ", \(ahead.text) ahead"
        return Self.frame(
            """
            <h1>A marketplace</h1>
            <p><small>It is \(Instant(seconds: now.seconds).rfc3339)\(driven).</small>
            \(Self.form("/advance", "Let time pass", ("by", "31d")))</p>
            <p id="notice">\(Self.escape(notice))</p>
            <h2>Services <small>engineyard-v1</small></h2>
            \(services)
            <h2>Add-ons <small>heroku-v3</small></h2>
            \(resources)
            """
        )
    }

    private static func form(
        _ action: String,
        _ button: String,
        _ inputs: (name: String, hint: String)...
    ) -> String {
        let fields = inputs.map { "<input name=\"\($0.name)\" placeholder=\"\($0.hint)\">" }.joined()
        return "<form method=\"post\" action=\"\(action)\">\(fields)<button>\(button)</button></form>"
    }

    private static func row(_ head: String, _ html: String) -> String {
        "<tr><th>\(head)</th><td>\(html)</td></tr>"
    }

    private static func variables(_ json: JSON) -> String {
        guard case .object(let members) = json, !members.isEmpty else { return "" }
        let lines = members.map { "<code>\(escape("\($0.key)=\($0.value.string ?? $0.value.text)"))</code>" }
        return row("variables", lines.joined(separator: "<br>"))
    }

    // MARK: engineyard-v1

    private var services: String {
        guard let name = registry.service?.attributes["name"]?.string else {
            return "<p>No service is registered. A partner registers at <code>\(base)"
                + "\(MarketplaceSimulator.registrationPath())</code>.</p>"
        }
        let accounts = registry.accounts.reversed().map { text($0) }.joined(separator: "\n")
        return "<p>The service \(Self.escape(name)) is registered.</p>"
            + "\(Self.form("/sign_up", "Sign Up", ("name", "some-account")))\n\(accounts)"
    }

    private func text(_ account: SimulatedRegistry.Account) -> String {
        let (id, isOpen) = (account.id, account.cancelledAt == nil)
        var rows = account.messages.map { Self.row($0.kind.rawValue, Self.text($0)) }
        rows += account.invoices.map { own in
            let state = registry.isLocked(own, account, now: now) ? "locked" : "pending"
            return Self.row(
                "invoice",
                "\(own.invoice.cents) cents, \(state): \(Self.escape(own.invoice.text))"
            )
        }
        if account.pushed["users_url"]?.string != nil {
            rows.append(Self.row("users", Self.form("/users/\(id)", "Ask for them")))
        }
        rows += account.users.enumerated().map { index, user in
            Self.row(
                "user",
                "\(Self.escape(user.email)) "
                    + Self.form("/user_email/\(id)/\(index)", "Change", ("email", "new address"))
                    + Self.form("/user_remove/\(id)/\(index)", "Remove")
            )
        }
        let actions = """
            <p><a href="/visit/\(id)">Visit</a></p>
            \(Self.form("/activate/\(id)", "Activate", ("app", "myapp")))
            \(Self.form("/cancel/\(id)", "Cancel"))
            """
        return """
            <article\(isOpen ? "" : " class=\"gone\"")>
            <h3>\(Self.escape(account.name))\(isOpen ? "" : ", cancelled")</h3>
            \(isOpen ? actions : "")
            <table>\(rows.joined(separator: "\n"))</table>
            \(account.provisioned.map { text($0, of: id, isOpen: isOpen) }.joined(separator: "\n"))
            </article>
            """
    }

    private static func text(_ message: PartnerMessage) -> String {
        escape(message.subject) + (message.body.map { "<br><small>\(escape($0))</small>" } ?? "")
    }

    private func text(_ own: SimulatedRegistry.Provisioned, of account: Int, isOpen: Bool) -> String {
        let rows = own.messages.map { Self.row($0.kind.rawValue, Self.text($0)) }
        let visit = own.configurationURL == nil ? "" : "<a href=\"/visit/\(account)/\(own.id)\">Visit</a>"
        return """
            <h3>\(Self.escape(own.app))</h3>
            \(isOpen ? "\(visit) \(Self.form("/deactivate/\(account)/\(own.id)", "Deactivate"))" : "")
            <table>\(rows.joined(separator: "\n"))\(Self.variables(own.variables))</table>
            """
    }

    // MARK: heroku-v3

    private var resources: String {
        guard let manifest else { return "<p>No add-on was named at the start.</p>" }
        let all = addOns.addOns.reversed().map { text($0) }.joined(separator: "\n")
        let form = Self.form("/heroku/provision", "Provision", ("app", "myapp"), ("plan", "freemium"))
        return """
            <p>The add-on \(Self.escape(manifest.id)) is at <code>\(Self.escape(manifest.baseURL))</code>.
            What it answers with 202 it finishes at <code>\(base)/addons/…</code>, with a token of
            <code>\(base)/oauth/token</code>.</p>
            \(form)
            \(all)
            """
    }

    private func text(_ own: SimulatedAddOns.AddOn) -> String {
        let uuid = own.uuid
        let actions = """
            <p><a href="/heroku/visit/\(uuid)/user">Visit</a> or
            <a href="/heroku/visit/\(uuid)/resource">visit with the token of the resource alone</a></p>
            \(Self.form("/heroku/plan/\(uuid)", "Change plan", ("plan", "awesome")))
            \(Self.form("/heroku/again/\(uuid)", "Ask again"))
            \(Self.form("/heroku/deprovision/\(uuid)", "Deprovision"))
            """
        let rows = [
            Self.row("state", Self.escape(own.state.text)), Self.row("plan", Self.escape(own.plan)),
            own.message.isEmpty ? "" : Self.row("message", Self.escape(own.message)),
            Self.variables(.object(own.config)),
        ]
        return """
            <article\(own.state.isOpen ? "" : " class=\"gone\"")>
            <h3>\(Self.escape(own.app)) <small>\(uuid)</small></h3>
            \(own.state.isOpen ? actions : "")
            <table>\(rows.joined(separator: "\n"))</table>
            </article>
            """
    }
}
