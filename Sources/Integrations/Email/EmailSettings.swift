internal import Domain
package import Effects

/// Mail to people, handed to a mail server of the user's.
package struct EmailSettings: KindSettings {
    package var server: MailServer
    package var from: Mailbox
    package var to: [Mailbox]

    package static let recipientsMax = 50

    static func read(_ reader: inout SettingsReader) -> EmailSettings? {
        let host = reader.text("server")
        if let host, !HostName.isPlausible(host), !host.contains(":") || host.contains("/") {
            reader.fault("server", "has to be a host name or an address, without a scheme and a port")
        }
        let security: MailServer.Security = reader.word("security", default: .startTLS)
        let standard: Int64 =
            switch security {
            case .startTLS: 587
            case .tls: 465
            case .none: 25
            }
        let port = reader.number("port", in: 1...65_535, default: standard)
        let login = login(&reader, security)
        let from = reader.text("from").flatMap { mailbox($0, "from", &reader) }
        let known = reader.faults.count
        let to = reader.texts("to", countMax: recipientsMax).compactMap { mailbox($0, "to", &reader) }
        if to.isEmpty, reader.faults.count == known { reader.fault("to", "is missing") }
        if Set(to.map(\.address)).count < to.count { reader.fault("to", "names somebody twice") }
        guard let host, let from else { return nil }
        let server = MailServer(
            host: host.lowercased(),
            port: UInt16(port),
            security: security,
            login: login
        )
        return EmailSettings(server: server, from: from, to: to)
    }

    private static func login(
        _ reader: inout SettingsReader,
        _ security: MailServer.Security
    ) -> MailServer.Login? {
        let user = reader.optionalText("user")
        let password = reader.optionalText("password")
        guard let user, let password else {
            if user != nil { reader.fault("password", "is missing, but there is a user") }
            if password != nil { reader.fault("user", "is missing, but there is a password") }
            return nil
        }
        if security == .none {
            reader.fault("security", "is none, and a password is never sent without TLS")
        }
        return MailServer.Login(user: user, password: password)
    }

    private static func mailbox(_ text: String, _ field: String, _ reader: inout SettingsReader) -> Mailbox? {
        do {
            return try Mailbox(text)
        } catch {
            reader.fault(field, error.predicate)
            return nil
        }
    }

    var fields: [SettingsField] {
        [
            SettingsField("server", .plain(.string(server.host))),
            SettingsField("security", .plain(.string(server.security.rawValue))),
            SettingsField("port", .plain(.number(Int64(server.port)))),
            SettingsField("from", .plain(.string(from.text))),
            SettingsField("to", .plain(.array(to.map { .string($0.text) }))),
            SettingsField("user", .plain(server.login.map { .string($0.user) })),
            SettingsField("password", .secret(server.login?.password)),
        ]
    }

    var origin: Origin { server.origin }

    var summary: String {
        "mail to \(to.map(\.address).joined(separator: ", ")) by \(server.host) port \(server.port)"
    }
}
