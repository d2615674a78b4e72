import Domain
import Effects
import Integrations
import Wire

/// A stream to watch, and as whom.
struct StreamSource: Equatable {
    var origin: Origin
    /// Path and query.
    var target: String
    var login: TutumLogin?

    static let path = "/v1/events"

    /// - Parameter address: `ws://`, `wss://`, `http://` or `https://`; nil: the server of other commands.
    static func find(
        _ address: String?,
        server: ServerChoice,
        environment: [String: String],
        readFile: @escaping ServerAddress.Search.FileReader = ServerAddress.Search.readFromDisk
    ) throws(CommandFailure) -> StreamSource {
        if let address {
            let login = server.token.map { TutumLogin.bearer($0) } ?? TutumLogin(environment: environment)
            return try StreamSource(address, login: login)
        }
        let found = try ServerAddress.find(server, environment: environment, readFile: readFile)
        let login: TutumLogin? =
            switch found.login {
            case .none: TutumLogin(environment: environment)
            case .bearer(let token): .bearer(token)
            case .basic(let username, let password): .key(username: username, token: password)
            }
        return try StreamSource(found.origin + path, login: login)
    }

    init(_ address: String, login: TutumLogin?) throws(CommandFailure) {
        let fault = CommandFailure.asked(
            "\"\(address)\" is not the address of a stream",
            hint: "write ws://HOST:PORT\(Self.path), or wss://…"
        )
        let schemes = [
            "ws://": "http://", "wss://": "https://", "http://": "http://", "https://": "https://",
        ]
        guard let (scheme, plain) = schemes.first(where: { address.lowercased().hasPrefix($0.key) }) else {
            throw fault
        }
        let rest = address.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard let (origin, _) = ServerConnection.split(plain + authority) else { throw fault }
        self.origin = origin
        let tail = rest.dropFirst(authority.count)
        target =
            tail.isEmpty || tail == "/" ? Self.path : tail.hasPrefix("?") ? Self.path + tail : String(tail)
        self.login = login
    }
}
