package import Domain

/// What is wrong with a marketplace's request, told as it wants to be told: `{"error_messages": [...]}`.
package struct PartnerFault: Error, Sendable, Hashable {
    package var messages: [String]

    package init(_ messages: [String]) { self.messages = messages }

    package var json: JSON {
        .object([JSON.Member("error_messages", .array(messages.map { .string($0) }))])
    }
}

/// `POST {service_accounts_url}`: a customer signs up (`engineyard-v1`). The body is not wrapped.
package struct ServiceAccountRequest: Sendable, Hashable {
    package var name: String
    /// What the platform calls the account: opaque, and the one thing that tells accounts apart.
    package var url: String
    package var messagesURL: String
    package var invoicesURL: String

    package init(_ body: JSON) throws(PartnerFault) {
        var reader = PartnerReader(body)
        name = reader.text("name")
        url = reader.address("url")
        messagesURL = reader.address("messages_url")
        invoicesURL = reader.address("invoices_url")
        try reader.check()
    }

    /// `{"service_account": …, "message": …}`
    package static func answer(
        url: String,
        configurationRequired: Bool,
        configurationURL: String,
        provisionedServicesURL: String,
        usersURL: String?,
        message: PartnerMessage
    ) -> JSON {
        .object([
            JSON.Member(
                "service_account",
                .object([
                    JSON.Member("url", .string(url)),
                    JSON.Member("configuration_required", .bool(configurationRequired)),
                    JSON.Member("configuration_url", .string(configurationURL)),
                    JSON.Member("provisioned_services_url", .string(provisionedServicesURL)),
                    JSON.Member("users_url", usersURL.map { .string($0) } ?? .null),
                ])
            ),
            JSON.Member("message", message.json),
        ])
    }
}

/// `POST {provisioned_services_url}`: an app of the customer wants credentials.
package struct ProvisionedServiceRequest: Sendable, Hashable {
    package var url: String
    package var messagesURL: String
    package var app: String
    package var environment: String

    package init(_ body: JSON) throws(PartnerFault) {
        var reader = PartnerReader(body)
        url = reader.address("url")
        messagesURL = reader.address("messages_url")
        app = body["app"]?["name"]?.string ?? ""
        environment = body["environment"]?["name"]?.string ?? ""
        if app.utf8.count > PartnerReader.textBytesMax || environment.utf8.count > PartnerReader.textBytesMax
        {
            reader.fault("App and environment names are limited to \(PartnerReader.textBytesMax) bytes")
        }
        try reader.check()
    }

    /// `{"provisioned_service": …, "message": …}`
    package static func answer(
        url: String,
        configurationRequired: Bool,
        configurationURL: String,
        variables: [JSON.Member],
        message: PartnerMessage
    ) -> JSON {
        .object([
            JSON.Member(
                "provisioned_service",
                .object([
                    JSON.Member("url", .string(url)),
                    JSON.Member("configuration_required", .bool(configurationRequired)),
                    JSON.Member("configuration_url", .string(configurationURL)),
                    JSON.Member("vars", .object(variables)),
                ])
            ),
            JSON.Member("message", message.json),
        ])
    }

    /// `PUT` to the provisioned service's URL there.
    package static func update(variables: [JSON.Member]) -> JSON {
        .object([
            JSON.Member("provisioned_service", .object([JSON.Member("vars", .object(variables))]))
        ])
    }
}

/// A line for the customer's dashboard.
package struct PartnerMessage: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// One current line beside the service.
        case status
        case notification
        case alert
    }

    package var kind: Kind
    package var subject: String
    package var body: String?

    package init(_ kind: Kind, _ subject: String, body: String? = nil) {
        self.kind = kind
        self.subject = subject
        self.body = body
    }

    package var json: JSON {
        .object([
            JSON.Member("message_type", .string(kind.rawValue)),
            JSON.Member("subject", .string(subject)),
            JSON.Member("body", body.map { .string($0) } ?? .null),
        ])
    }

    /// `POST {messages_url}`
    package var post: JSON { .object([JSON.Member("message", json)]) }

    /// The rules by which a platform takes a message, in its order.
    package static func read(_ body: JSON) throws(PartnerFault) -> PartnerMessage {
        let message = body["message"]
        let subject = message?["subject"]?.string ?? ""
        guard !subject.isBlank else { throw PartnerFault(["Subject can't be blank."]) }
        guard let kind = message?["message_type"]?.string.flatMap({ Kind(rawValue: $0) }) else {
            throw PartnerFault(["Message type must be one of: status, notification or alert"])
        }
        return PartnerMessage(kind, subject, body: message?["body"]?.string)
    }
}

/// What a customer has to pay.
package struct PartnerInvoice: Sendable, Hashable {
    package var cents: Int64
    package var text: String
    /// A platform takes one invoice of this name for an account; nil never conflicts.
    package var uniqueID: String?

    package init(cents: Int64, text: String, uniqueID: String?) {
        self.cents = cents
        self.text = text
        self.uniqueID = uniqueID
    }

    /// `POST {invoices_url}`
    package var post: JSON {
        .object([
            JSON.Member(
                "invoice",
                .object([
                    JSON.Member("total_amount_cents", .number(cents)),
                    JSON.Member("line_item_description", .string(text)),
                    JSON.Member("unique_id", uniqueID.map { .string($0) } ?? .null),
                ])
            )
        ])
    }

    /// What a platform says when it has that `unique_id` already: for us as good as taken.
    package static let takenAlready = "Unique ID already exists on another invoice on this account"

    /// The rules by which a platform takes an invoice, in its order.
    package static func read(_ body: JSON) throws(PartnerFault) -> PartnerInvoice {
        let invoice = body["invoice"]
        guard let cents = invoice?["total_amount_cents"]?.number else {
            throw PartnerFault(["Total Amount Cents must be an integer"])
        }
        let text = invoice?["line_item_description"]?.string ?? ""
        guard !text.isBlank else { throw PartnerFault(["Line item description can't be blank"]) }
        guard cents >= 0 else {
            throw PartnerFault(["Total amount cents must be greater than or equal to 0"])
        }
        let id: String? =
            switch invoice?["unique_id"] {
            case .string(let text): text
            case .number(let number): String(number)
            default: nil
            }
        return PartnerInvoice(cents: cents, text: text, uniqueID: id.flatMap { $0.isBlank ? nil : $0 })
    }
}

/// What a partner says of its service when it registers.
package struct PartnerService: Sendable, Hashable {
    package var name: String
    /// The machine's word for it: the key over its variables in an app's configuration.
    package var label: String
    package var description: String
    package var serviceAccountsURL: String
    package var homeURL: String
    package var termsURL: String
    package var variables: [String]

    package init(
        name: String,
        label: String,
        description: String,
        serviceAccountsURL: String,
        homeURL: String,
        termsURL: String,
        variables: [String]
    ) {
        self.name = name
        self.label = label
        self.description = description
        self.serviceAccountsURL = serviceAccountsURL
        self.homeURL = homeURL
        self.termsURL = termsURL
        self.variables = variables
    }

    /// Chronatog's own, under this public URL.
    package static func own(_ base: String) -> PartnerService {
        PartnerService(
            name: "Chronatog",
            label: "chronatog",
            description: "Web cron as a service.",
            serviceAccountsURL: "\(base)/eyintegration/api/1/customers",
            homeURL: "\(base)/",
            termsURL: "\(base)/terms",
            variables: SchedulerVariables.names
        )
    }

    /// `POST` or `PUT` to the platform.
    package var post: JSON {
        .object([
            JSON.Member(
                "service",
                .object([
                    JSON.Member("name", .string(name)),
                    JSON.Member("label", .string(label)),
                    JSON.Member("description", .string(description)),
                    JSON.Member("service_accounts_url", .string(serviceAccountsURL)),
                    JSON.Member("home_url", .string(homeURL)),
                    JSON.Member("terms_and_conditions_url", .string(termsURL)),
                    JSON.Member("vars", .array(variables.map { .string($0) })),
                ])
            )
        ])
    }
}

/// What an app needs to use a scheduler, in the spelling of today and in the first one.
package enum SchedulerVariables {
    package static let names = [
        "service_url", "auth_username", "auth_password",
        "CHRONOS_SERVICE_URL", "CHRONOS_AUTH_USERNAME", "CHRONOS_AUTH_PASSWORD",
    ]

    package static func all(serviceURL: String, username: String, password: String) -> [JSON.Member] {
        zip(names, [serviceURL, username, password, serviceURL, username, password]).map {
            JSON.Member($0, .string($1))
        }
    }
}

/// Reads what a marketplace sends; unknown members are its own business.
private struct PartnerReader {
    static let textBytesMax = 500
    private let body: JSON
    private var messages: [String] = []

    init(_ body: JSON) { self.body = body }

    mutating func fault(_ message: String) { messages.append(message) }

    mutating func text(_ name: String) -> String {
        guard let text = body[name]?.string, !text.isBlank else {
            fault("\(name) can't be blank")
            return ""
        }
        if text.utf8.count > Self.textBytesMax { fault("\(name) is limited to \(Self.textBytesMax) bytes") }
        return text
    }

    mutating func address(_ name: String) -> String {
        guard let text = body[name]?.string, !text.isBlank else {
            fault("\(name) can't be blank")
            return ""
        }
        do {
            _ = try WebAddress(text)
        } catch {
            fault("\(name) \(error.predicate)")
        }
        return text
    }

    func check() throws(PartnerFault) {
        if !messages.isEmpty { throw PartnerFault(messages) }
    }
}

extension String {
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
