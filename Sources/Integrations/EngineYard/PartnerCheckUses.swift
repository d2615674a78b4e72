internal import Domain

// What only some partners offer: a list of the account's users, and jobs as Chronatog has them.
extension PartnerCheck {
    // MARK: Users

    /// An account that offers a list of its users is told of who they are, and hears of changes.
    mutating func checkUsers(_ url: String, _ account: SignedUp) async {
        if let page = account.configurationURL, let link = await link(page, email: "first-\(run)@example.com")
        {
            _ = await browse(link)
        }
        let list = await signed("GET", url)
        let (email, changed) = ("first-\(run)@example.com", "second-\(run)@example.com")
        let own = Self.user(email, list)
        hold(
            "54",
            "whoever has signed in is among the users",
            own != nil,
            "the answer is \(list.text.prefix(200))"
        )
        guard let target = own else { return }
        let body = JSON.object([
            JSON.Member("user", .object([JSON.Member("ey_user_email", .string(changed))]))
        ])
        hold("55", "the address of a user can change", await signed("PUT", target, body), 200)
        let isChanged = Self.user(changed, await signed("GET", url)) != nil
        hold("55b", "the list of users has the new address", isChanged, "\(changed) is not in it")
        hold("56", "users can be removed", await signed("DELETE", target), 200, 204)
        let isGone = Self.user(changed, await signed("GET", url)) == nil
        hold("56b", "removed users are not in the list", isGone, "\(changed) still is")
    }

    /// Where the user of this address is changed.
    private static func user(_ email: String, _ list: Reply) -> String? {
        list.json.array?.first { $0["user"]?["ey_user_email"]?.string == email }?["url"]?.string
    }

    // MARK: Jobs

    /// Only where the credentials open a list of jobs: other partners sell other things.
    mutating func checkJobs(_ login: Login) async {
        guard let url = login.serviceURL, url.hasSuffix("/jobs"),
            await ask("GET", url, login).json.array != nil
        else { return }
        let wanted = JSON.object([
            JSON.Member("callback_url", .string("http://callback.invalid/\(run)")),
            JSON.Member("schedule", .string("0 0 29 2 *")),
        ])
        let made = await ask("POST", url, login, wanted)
        hold("69b", "a job can be made", made, 201)
        let own = made.json["url"]?.string ?? ""
        let isSame = ["callback_url", "schedule"].allSatisfy { made.json[$0] == wanted[$0] }
        hold(
            "69c",
            "the answer has its callback_url, schedule and url",
            isSame && !own.isEmpty,
            "it is \(made.text.prefix(200))"
        )
        guard !own.isEmpty else { return }
        let isListed = await ask("GET", url, login).json.array?.contains { $0["url"]?.string == own } ?? false
        hold("69d", "a job that was made is in the list", isListed, "\(own) is not in the list")
        hold("69e", "a job can be read", await ask("GET", own, login), 200)
        hold("69f", "a job can be deleted", await ask("DELETE", own, login), 200)
        hold("69g", "a deleted job is gone", await ask("GET", own, login), 404, 410)
    }
}
