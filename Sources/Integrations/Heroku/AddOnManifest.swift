package import Domain

/// What an add-on says of itself to Heroku (`heroku-v3`): as much of its manifest as the platform's side
/// needs.
package struct AddOnManifest: Sendable, Hashable {
    /// The slug, and the name that the platform signs in with.
    package var id: String
    package var password: String
    /// What sign-in tokens are salted with.
    package var salt: String
    /// Resources are made here.
    package var baseURL: String
    package var ssoURL: String
    /// Names that variables may have; empty when nothing is said of them.
    package var variables: [String] = []
    /// What their names begin with, without the `_`; empty when nothing is said of it.
    package var prefix = ""

    package init(id: String, password: String, salt: String, baseURL: String, ssoURL: String) {
        self.id = id
        self.password = password
        self.salt = salt
        self.baseURL = baseURL
        self.ssoURL = ssoURL
    }

    /// - Parameter json: an `addon-manifest.json`. What it lacks is empty, and among the `faults`.
    package init(_ json: JSON) {
        let (api, site) = (json["api"], json["api"]?["production"])
        self.init(
            id: json["id"]?.string ?? "",
            password: api?["password"]?.string ?? "",
            salt: api?["sso_salt"]?.string ?? "",
            baseURL: site?["base_url"]?.string ?? "",
            ssoURL: site?["sso_url"]?.string ?? ""
        )
        variables = api?["config_vars"]?.array?.compactMap(\.string) ?? []
        prefix = api?["config_vars_prefix"]?.string ?? ""
    }

    /// What no platform could work with.
    package var faults: [String] {
        var faults: [String] = []
        let texts = [("id", id), ("api.password", password), ("api.sso_salt", salt)]
        for (name, text) in texts where text.isEmpty { faults.append("\(name) is missing") }
        for (name, url) in [("base_url", baseURL), ("sso_url", ssoURL)] where (try? WebAddress(url)) == nil {
            faults.append("api.production.\(name) is no URL")
        }
        return faults + variables.filter { !isName($0) }.map { "\($0) in api.config_vars is no name" }
    }

    /// Upper case, and behind the prefix if there is one.
    func isName(_ name: String) -> Bool {
        guard !name.isEmpty, prefix.isEmpty || name.hasPrefix("\(prefix)_") else { return false }
        return name.utf8.allSatisfy { byte in
            UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || byte == UInt8(ascii: "_")
        }
    }

    /// The platform's `Authorization`.
    var login: String { Self.basic(id, password) }

    static func basic(_ name: String, _ password: String) -> String {
        "Basic " + Base64.encode(Array("\(name):\(password)".utf8))
    }

    /// What the dashboard's browser posts to `sso_url`.
    /// - Parameter isScoped: also with the token that says for whom; else only with the resource's.
    func form(_ resource: String, at time: Timestamp, isScoped: Bool, email: String, app: String)
        -> [FormText.Parameter]
    {
        let (timestamp, user) = ("\(time.seconds)", "u-1")
        var fields: [FormText.Parameter] = [
            .init("resource_id", resource), .init("timestamp", timestamp),
            .init(
                "resource_token",
                HerokuLogin.token(resource: resource, salt: salt, timestamp: timestamp)
            ),
            .init("email", email), .init("user_id", user), .init("app", app), .init("context_app", app),
            .init("nav-data", ""),
        ]
        if isScoped {
            let token = HerokuLogin.userToken(
                resource: resource,
                salt: salt,
                timestamp: timestamp,
                userID: user,
                email: email
            )
            fields.append(.init("user_scoped_resource_token", token))
        }
        return fields
    }

    /// The body of a request for a resource.
    static func provision(_ uuid: String, plan: String, name: String, grant: JSON, callbackURL: String)
        -> JSON
    {
        JSON.compact([
            ("uuid", .string(uuid)), ("name", .string(name)), ("plan", .string(plan)),
            ("region", .string("amazon-web-services::us-east-1")), ("options", .object([])),
            ("callback_url", .string(callbackURL)), ("oauth_grant", grant),
        ])
    }

    /// A request of the platform.
    func request(_ method: String, _ url: String, _ body: JSON?, login: String?) -> PartnerCheck.Request {
        var headers = [ChannelRequest.Header("Accept", "application/vnd.heroku-addons+json; version=3")]
        if let login { headers.append(ChannelRequest.Header("Authorization", login)) }
        if body != nil { headers.append(ChannelRequest.Header("Content-Type", "application/json")) }
        return PartnerCheck.Request(
            method: method,
            url: url,
            headers: headers,
            body: body.map { Array($0.text.utf8) } ?? [],
            keepHeader: "location"
        )
    }
}
