internal import Domain
internal import FoundationEssentials

/// Where a client's credentials come from: the environment, else the file that a marketplace writes when it
/// deploys an app, else one for work at home.
extension ChronatogClient {
    /// Files that are looked for, in order. The first that is there counts, as a whole.
    public static let files = [
        "config/ey_services_config_deploy.yml", "config/ey_services_config_deploy.json",
        "config/ey_services_config_local.yml", "config/ey_services_config_local.json",
    ]

    /// - Parameters:
    ///   - environment: asked for `CHRONOS_SERVICE_URL`, `CHRONOS_AUTH_USERNAME` and `CHRONOS_AUTH_PASSWORD`
    ///     first; the process's own when nil.
    ///   - folder: where `config/` is; the working directory when nil.
    ///   - label: the key over our variables in the file.
    /// - Throws: `ChronatogError.unconfigured` with what to do.
    public static func fromConfiguration(
        environment: [String: String]? = nil,
        folder: String? = nil,
        label: String = "chronatog",
        transport: (any ClientTransport)? = nil
    ) throws(ChronatogError) -> ChronatogClient {
        let variables = environment ?? ProcessInfo.processInfo.environment
        if let url = variables["CHRONOS_SERVICE_URL"], !url.isEmpty {
            return try ChronatogClient(
                serviceURL: url,
                username: variables["CHRONOS_AUTH_USERNAME"] ?? "",
                password: variables["CHRONOS_AUTH_PASSWORD"] ?? "",
                transport: transport
            )
        }
        let base = folder.map { $0.hasSuffix("/") ? $0 : $0 + "/" } ?? ""
        for file in files {
            guard let data = FileManager.default.contents(atPath: base + file) else { continue }
            let text = String(decoding: data, as: UTF8.self)
            let all = file.hasSuffix(".json") ? ServiceFile.json(text) : ServiceFile.yaml(text)
            guard let own = all?[label], let url = own["service_url"] else {
                throw .unconfigured(
                    "\(base)\(file) holds no service_url for \(label): activate the service, or take it out"
                )
            }
            return try ChronatogClient(
                serviceURL: url,
                username: own["auth_username"] ?? "",
                password: own["auth_password"] ?? "",
                transport: transport
            )
        }
        throw .unconfigured(
            "set CHRONOS_SERVICE_URL, or write \(files[2]) with service_url: in-memory under \(label):"
        )
    }
}

/// The files' one shape: a map of services, each a map of texts.
enum ServiceFile {
    static func json(_ text: String) -> [String: [String: String]]? {
        guard let value = try? JSONReader.value(of: text), case .object(let services) = value else {
            return nil
        }
        return services.reduce(into: [:]) { all, service in
            guard case .object(let members) = service.value else { return }
            all[service.key] = members.reduce(into: [:]) { own, member in
                own[member.key] = member.value.string
            }
        }
    }

    /// As much of YAML as the deploy writes: two levels, one scalar a line.
    static func yaml(_ text: String) -> [String: [String: String]]? {
        var all: [String: [String: String]] = [:]
        var service: String?
        for line in text.split(whereSeparator: \.isNewline) where line != "---" {
            let body = line.drop { $0 == " " }
            guard !body.isEmpty, !body.hasPrefix("#") else { continue }
            guard let colon = body.firstIndex(of: ":") else { return nil }
            // Old deploys write their keys as symbols, `:service_url: …`.
            let isSymbol = colon == body.startIndex
            let rest = isSymbol ? body.dropFirst() : body
            guard let end = rest.firstIndex(of: ":") else { return nil }
            let key = scalar(rest[..<end])
            let value = scalar(rest[rest.index(after: end)...])
            if line.first == " " {
                guard let service else { return nil }
                all[service, default: [:]][key] = value
            } else {
                service = key
                all[key] = [:]
            }
        }
        return all
    }

    private static func scalar(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        while text.last?.isWhitespace ?? false { text.removeLast() }
        // What is quoted ends at its quote, whatever follows.
        if let quote = text.first, quote == "\"" || quote == "'",
            let end = text.dropFirst().firstIndex(of: quote)
        {
            return String(text[text.index(after: text.startIndex)..<end])
        }
        if let comment = text.firstRange(of: " #") { text = text[..<comment.lowerBound] }
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }
}
