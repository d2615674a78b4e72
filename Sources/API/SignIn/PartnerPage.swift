internal import Domain
internal import Engine
internal import Streaming

/// The pages that customers of a marketplace see.
enum PartnerPage {
    /// - Parameter body: HTML; everything from outside in it is escaped already.
    static func html(_ title: String, _ body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(FrontPage.escape(title))</title>
        <style>
        body { max-width: 36rem; margin: 4rem auto; padding: 0 1.5rem;
          font: 18px/1.55 Charter, Georgia, serif; }
        th { text-align: left; padding-right: 2rem; font-weight: normal; color: #6b6b70; }
        </style>
        <h1>\(FrontPage.escape(title))</h1>
        \(body)
        </html>

        """
    }

    static func reply(
        _ title: String,
        _ body: String,
        status: Int = 200,
        headers: [(name: String, value: String)] = []
    ) -> Reply {
        reply(html: html(title, body), status: status, headers: headers)
    }

    /// Nothing from elsewhere is loaded, nothing is kept, and no other page may frame it.
    /// - Parameter url: where a form's answer may lead, beside this server; empty for nowhere.
    static func reply(
        html: String,
        status: Int = 200,
        headers: [(name: String, value: String)] = [],
        leadingTo url: String = ""
    ) -> Reply {
        var reply = Reply.text(html, type: "text/html", status: status)
        let origin = url.split(separator: "/", maxSplits: 2).prefix(2).joined(separator: "//")
        let targets = origin.allSatisfy { $0.isLetter || $0.isNumber || ".-:/[]".contains($0) } ? origin : ""
        // The one style allowed is unsafe-inline, because it stands in the page itself.
        let own: [(name: String, value: String)] = [
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' \(targets); "
                    + "frame-ancestors 'none'"
            ),
            ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"),
        ]
        reply.headers += own + headers
        return reply
    }

    /// The account's plan, and the form to change it.
    static func plan(
        _ account: Account,
        jobs: Int,
        session: PartnerSession,
        formToken: String
    ) -> String {
        let number = account.opened.account
        let current = account.charges.plan
        let limit = account.plan.jobsMax.map { " of \($0)" } ?? ""
        let request = account.waitsForPlan ? "<p>Choose a plan to begin.</p>\n" : ""
        var body = """
            <p><a href="\(SignInRoutes.path)/logout">Go Back to EngineYard Cloud</a></p>
            \(request)<p>\(FrontPage.escape("\(session.user), this is \(account.opened.name)."))</p>
            <table>
            <tr><th>Plan</th><td id="current_plan">\(FrontPage.escape(account.plan.label))</td></tr>
            <tr><th>Jobs</th><td id="job_count">\(jobs)\(limit)</td></tr>
            </table>
            """
        guard session.mayChange else {
            return html("Chronatog", body + "\n<p>Only an owner of the account can change its plan.</p>")
        }
        let options = PlanName.allCases.map { name in
            let plan = PricePlan.of(name)
            let mark = name == current ? " selected" : ""
            return "<option value=\"\(name.word)\"\(mark)>\(FrontPage.escape(plan.label)): "
                + "\(price(plan))</option>"
        }
        body += """

            <form id="plan_selection" method="post" action="\(SignInRoutes.path)/\(number)/change_plan">
            <input type="hidden" name="token" value="\(formToken)">
            <select name="plan_type">
            \(options.joined(separator: "\n"))
            </select>
            <button type="submit">Change Plan</button>
            </form>
            """
        return html("Chronatog", body)
    }

    /// What an app's scheduler holds. Its password is in the app's own configuration, and nowhere else.
    static func scheduler(
        _ own: AccountScheduler,
        username: String,
        _ serviceURL: String,
        _ jobs: [JobView]
    ) -> String {
        func row(_ name: String, _ id: String, _ value: String) -> String {
            "<tr><th>\(name)</th><td id=\"\(id)\">\(FrontPage.escape(value))</td></tr>"
        }
        let rows = jobs.map { job in
            let next = job.entry.state == .active ? job.entry.next.rfc3339Text ?? "never" : "paused"
            return row(
                FrontPage.escape(job.definition.name.isEmpty ? "job \(job.id)" : job.definition.name),
                "job_\(job.id)",
                "\(job.definition.schedule.joined(separator: "; ")), next \(next)"
            )
        }
        return html(
            "Chronatog",
            """
            <p><a href="\(SignInRoutes.path)/logout">Go Back to EngineYard Cloud</a></p>
            <table>
            \(row("App", "app", own.provisioned.app))
            \(row("Environment", "environment", own.provisioned.environment))
            \(row("Service URL", "service_url", serviceURL))
            \(row("User name", "auth_username", username))
            \(row("Jobs", "job_count", "\(own.jobs)"))
            \(rows.joined(separator: "\n"))
            </table>
            """
        )
    }

    /// What an add-on's owner sees: its plan is Heroku's to change.
    static func addOn(_ account: Account, jobs: Int) -> String {
        let limit = account.plan.jobsMax.map { " of \($0)" } ?? ""
        return html(
            "Chronatog",
            """
            <table>
            <tr><th>Add-on</th><td>\(FrontPage.escape(account.opened.name))</td></tr>
            <tr><th>Plan</th><td id="current_plan">\(FrontPage.escape(account.plan.label))</td></tr>
            <tr><th>Jobs</th><td id="job_count">\(jobs)\(limit)</td></tr>
            </table>
            """
        )
    }

    private static func price(_ plan: PricePlan) -> String {
        let limit = plan.jobsMax.map { "\($0) jobs" } ?? "any number of jobs"
        if plan.centsPerDay == 0, plan.centsPerCall == 0 { return "\(limit), free" }
        return "\(limit), \(plan.centsPerDay) cents a day and \(plan.centsPerCall) cents a call"
    }
}
