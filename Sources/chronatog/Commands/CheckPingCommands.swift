import ArgumentParser
import Cron
import Domain

extension CheckCommand {
    /// `chronatog check ping CHECK`
    struct PingNow: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "ping",
            abstract: "Ping a check by hand, as its script would."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "A check's id, name or slug.") var check: String
        @Argument(help: "success, start, fail, log, or an exit code.") var signal = "success"
        @Option(help: "A UUID that matches an end with its own start.") var rid: String?

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let words = ["success", "start", "fail", "log"]
            guard words.contains(signal) || UInt8(signal) != nil else {
                let hint = NearestWord.hint(for: signal, in: words)
                throw .asked(
                    "\"\(signal)\" is no signal\(hint)",
                    hint: "success, start, fail, log or 0 to 255"
                )
            }
            let found = try await server.check(check)
            guard let url = found["ping_url"]?.string, let start = url.range(ofPath: "/ping/") else {
                throw .failed("the server did not say the check's ping URL")
            }
            let path = String(url[start...]) + (signal == "success" ? "" : "/\(signal)")
            let query = Query.text(rid.map { [("rid", $0)] } ?? [])
            _ = try await server.bytes("GET", "\(path)\(query)")
            StandardStream.output.line("check \(found.plain("id")) heard \(signal)")
        }
    }

    /// `chronatog check pings CHECK`
    struct Pings: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "pings",
            abstract: "List what a check heard, newest first; with --ping, one ping and its body."
        )
        static let flags: [String: String]? = [:]
        @OptionGroup var server: ServerOptions
        @Argument(help: "A check's id, name or slug.") var check: String
        @Option(help: "At most so many.") var limit: Int = 20
        @Option(help: "This ping alone, with its body.") var ping: String?
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let id = try await server.check(check).plain("id")
            let path = "\(ServerConnection.api)/checks/\(id)/pings"
            if let ping {
                let one = try await server.request("GET", "\(path)/\(Query.encoded(ping))")
                return StandardStream.output.write(json ? one.pretty + "\n" : Fields.text(one))
            }
            let pings = try await server.request("GET", path + Query.text([("limit", String(limit))]))
            if json { return StandardStream.output.line(pings.pretty) }
            var table = TextTable(["PING", "AT", "KIND", "CODE", "DURATION", "FROM", "BODY BYTES"])
            for ping in pings.array ?? [] {
                table.add(
                    ["id", "at", "kind", "exit_code", "duration", "source", "body_bytes"].map {
                        ping.plain($0)
                    }
                )
            }
            if table.isEmpty { return StandardStream.error.line("check \(id) has heard nothing yet") }
            StandardStream.output.write(table.text())
        }
    }

    /// `chronatog check key`
    struct Key: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "key",
            abstract: "Show the key in slug URLs, or make a new one."
        )
        @OptionGroup var server: ServerOptions
        @Option(help: "Of this scheduler.") var scheduler: String?
        @Flag(help: "Make a new key; URLs with the old one stop working.") var renew = false
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let query = Query.text(scheduler.map { [("scheduler", $0)] } ?? [])
            let path = "\(ServerConnection.api)/ping-key"
            let answer =
                renew
                ? try await server.request("POST", "\(path)/renew\(query)")
                : try await server.request("GET", "\(path)\(query)")
            if json { return StandardStream.output.line(answer.pretty) }
            guard let url = answer["url"]?.string else {
                return StandardStream.error.line("there is no key yet; --renew makes one")
            }
            StandardStream.output.line("\(url)SLUG")
        }
    }
}

extension String {
    /// Where a URL's path begins.
    fileprivate func range(ofPath path: String) -> Index? {
        var index = startIndex
        while index != endIndex {
            if self[index...].hasPrefix(path) { return index }
            index = self.index(after: index)
        }
        return nil
    }
}

extension ServerConnection {
    /// The check that a person named by id, name or slug.
    func check(_ word: String) async throws(CommandFailure) -> JSON {
        if !word.isEmpty, word.allSatisfy(\.isASCIIDigit) {
            return try await request("GET", "\(Self.api)/checks/\(word)")
        }
        var found: [JSON] = []
        var names: [String] = []
        try await pages("/checks") { check in
            names.append(check.plain("name"))
            if check["name"]?.string == word || check["slug"]?.string == word { found.append(check) }
        }
        switch found.count {
        case 1: return found[0]
        case 0:
            let hint = NearestWord.hint(for: word, in: names)
            throw .failed(
                "there is no check named \"\(word)\"\(hint)",
                hint: "`chronatog check list` lists them"
            )
        default:
            let ids = found.map { $0.plain("id") }.joined(separator: ", ")
            throw .asked("\(found.count) checks are named \"\(word)\": \(ids)", hint: "give the id")
        }
    }
}
