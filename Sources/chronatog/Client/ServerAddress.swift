import ArgumentParser
import Domain

/// The options by which every client command finds its server.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's address (CHRONATOG_URL; otherwise the file `endpoint` in the data folder).")
    var url: String?

    @Option(help: "The bearer token (CHRONATOG_TOKEN; otherwise the file `token` in the data folder).")
    var token: String?

    @Option(help: "The data folder of a server on this machine (CHRONATOG_DATA_DIR; otherwise ./data).")
    var dataDir: String?

    var choice: ServerChoice { ServerChoice(url: url, token: token, dataFolder: dataDir) }
}

/// What a person said about the server on the command line.
struct ServerChoice: Equatable {
    var url: String?
    var token: String?
    var dataFolder: String?
}

/// Which server, and as whom.
struct ServerAddress: Equatable {
    var origin: String
    var login: Login

    enum Login: Equatable {
        case none
        case bearer(String)
        case basic(username: String, password: String)
    }

    static func find(
        _ choice: ServerChoice,
        environment: [String: String],
        readFile: @escaping Search.FileReader = Search.readFromDisk
    ) throws(CommandFailure) -> ServerAddress {
        try Search(choice: choice, environment: environment, readFile: readFile).address()
    }

    /// Looks in the options, then in the environment, then in the data folder.
    struct Search {
        typealias FileReader = @Sendable (String) throws(FileFault) -> String

        let choice: ServerChoice
        let environment: [String: String]
        let readFile: FileReader

        static let readFromDisk: FileReader = { (path) throws(FileFault) in try SmallFile.text(of: path) }

        private var folder: String {
            choice.dataFolder ?? environment[ClientVariables.dataFolder] ?? "./data"
        }

        func address() throws(CommandFailure) -> ServerAddress {
            var named = choice.url
            if named == nil { named = try variable(ClientVariables.url) }
            var url = named
            if url == nil { url = try file(DataFile.endpoint) ?? listening() }
            guard let url else {
                throw .failed(
                    "no server was found: there is no file \(folder)/\(DataFile.endpoint)",
                    hint: "start one with `chronatog serve`, or say which with --url and --token"
                )
            }
            // A token on this disk is not for whatever server somebody names.
            let isLocal = named == nil || choice.dataFolder != nil
            return ServerAddress(
                origin: url.hasSuffix("/") ? String(url.dropLast()) : url,
                login: try login(withTokenFile: isLocal)
            )
        }

        /// In a container the server's own variable says where it is, even if it keeps nothing on the disk.
        private func listening() -> String? {
            guard let text = environment[ClientVariables.listen],
                let address = try? ListenAddress(settingText: text), address.port != 0
            else { return nil }
            return address.url(port: address.port)
        }

        private func login(withTokenFile: Bool) throws(CommandFailure) -> Login {
            if let token = choice.token { return .bearer(token) }
            if let token = try variable(ClientVariables.token) { return .bearer(token) }
            if let username = try variable(ClientVariables.username),
                let password = try variable(ClientVariables.password)
            {
                return .basic(username: username, password: password)
            }
            if withTokenFile, let token = try file(DataFile.token) { return .bearer(token) }
            return .none
        }

        private func variable(_ name: String) throws(CommandFailure) -> String? {
            if let value = environment[name], !value.isEmpty { return value }
            guard let path = environment[name + Setting.fileSuffix] else { return nil }
            do { return firstLine(try readFile(path)) } catch { throw .asked(error.sentence) }
        }

        private func file(_ name: String) throws(CommandFailure) -> String? {
            do {
                return firstLine(try readFile("\(folder)/\(name)"))
            } catch {
                if error.isMissing { return nil }
                throw .failed(
                    error.sentence,
                    hint: "run this as the server's user, or give --url and --token"
                )
            }
        }

        private func firstLine(_ text: String) -> String {
            String(text.prefix { !$0.isNewline })
        }
    }
}

/// Names of the small files in the data folder.
enum DataFile {
    /// The URL by which this machine reaches the running server.
    static let endpoint = "endpoint"
    /// The operator's token, 0600.
    static let token = "token"
    /// The key ring, 0600.
    static let secretKey = "secret.key"
}
